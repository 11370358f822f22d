//! A receiver of webhooks, which does what a test tells it to. Every delivery's signature is checked by
//! the reference library of Standard Webhooks.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Router, http};
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::eventually::eventually;

/// What came.
#[derive(Debug, Clone)]
pub struct Received {
    /// `webhook-id`.
    pub id: String,
    /// Where it was posted to.
    pub path: String,
    /// As sent.
    pub body: Bytes,
    /// Whether it was answered with a 2xx.
    pub accepted: bool,
}

impl Received {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The position of an event.
    pub fn position(&self) -> i64 {
        self.json()["position"].as_i64().unwrap_or_default()
    }

    /// The source of an event.
    pub fn source(&self) -> String {
        self.json()["source"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

/// How a delivery is answered.
#[derive(Debug, Clone)]
pub enum Reply {
    /// With this status.
    Status(u16),
    /// With this status, after a while.
    After(Duration, u16),
    /// With a redirect.
    To(u16, String),
}

type Rule = dyn Fn(&Received) -> Reply + Send + Sync;

struct Shared {
    webhook: Webhook,
    rule: Mutex<Box<Rule>>,
    received: Mutex<Vec<Received>>,
    forged: Mutex<Vec<String>>,
}

/// A running receiver. Dropping it stops it.
pub struct Receiver {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    task: Option<JoinHandle<()>>,
}

/// The secret that deliveries to receivers are signed with.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

impl Receiver {
    /// One that accepts everything.
    pub async fn start() -> Self {
        let listener = bind("127.0.0.1:0").await;
        let address = listener
            .local_addr()
            .unwrap_or_else(|error| panic!("{error}"));
        let mut receiver = Self::down(address);
        receiver.serve(listener);
        receiver
    }

    fn down(address: SocketAddr) -> Self {
        let webhook = Webhook::new(SECRET).unwrap_or_else(|error| panic!("{error}"));
        Self {
            address,
            shared: Arc::new(Shared {
                webhook,
                rule: Mutex::new(Box::new(|_| Reply::Status(204))),
                received: Mutex::default(),
                forged: Mutex::default(),
            }),
            task: None,
        }
    }

    fn serve(&mut self, listener: TcpListener) {
        let router = Router::new()
            .fallback(receive)
            .with_state(self.shared.clone());
        self.task = Some(tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                panic!("{error}");
            }
        }));
    }

    /// Stops listening, and ends the connections.
    pub async fn stop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            let _ = task.await;
        }
    }

    /// Listens again where it did.
    pub async fn resume(&mut self) {
        let address = self.address.to_string();
        let listener = bind(&address).await;
        self.serve(listener);
    }

    /// Answers by another rule from now on.
    pub fn reply(&self, rule: impl Fn(&Received) -> Reply + Send + Sync + 'static) {
        *lock(&self.shared.rule) = Box::new(rule);
    }

    /// Where webhooks deliver to.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Everything that came so far. Panics if something was not signed as it should be.
    pub fn received(&self) -> Vec<Received> {
        let forged = lock(&self.shared.forged);
        assert!(forged.is_empty(), "{forged:?}");
        lock(&self.shared.received).clone()
    }

    /// What was accepted so far.
    pub fn accepted(&self) -> Vec<Received> {
        let all = self.received().into_iter();
        all.filter(|it| it.accepted).collect()
    }

    /// Waits until something accepted is as asked, and gives it.
    pub async fn gets(&self, what: &str, mut is_it: impl FnMut(&Received) -> bool) -> Received {
        eventually(format!("a receiver gets {what}"), async || {
            self.accepted().into_iter().find(|it| is_it(it))
        })
        .await
    }

    /// Waits until an event's position was accepted.
    pub async fn reaches(&self, position: i64) {
        self.gets(&format!("position {position}"), |it| {
            it.position() == position
        })
        .await;
    }

    /// The positions that were accepted, by source, each as it first came.
    pub fn first_seen(&self) -> BTreeMap<String, Vec<i64>> {
        let mut seen: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for it in self.accepted() {
            let of_source = seen.entry(it.source()).or_default();
            if !of_source.contains(&it.position()) {
                of_source.push(it.position());
            }
        }
        seen
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn bind(address: &str) -> TcpListener {
    eventually(format!("{address} is free"), async || {
        TcpListener::bind(address).await.ok()
    })
    .await
}

async fn receive(
    State(shared): State<Arc<Shared>>,
    method: http::Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if method != http::Method::POST {
        lock(&shared.forged).push(format!("{method} {uri}"));
    }
    if let Err(error) = shared.webhook.verify(&body, &headers) {
        lock(&shared.forged).push(format!("{error}: {headers:?}"));
    }
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok());
    let mut received = Received {
        id: id.unwrap_or_default().to_owned(),
        path: uri.path().to_owned(),
        body,
        accepted: false,
    };
    let reply = lock(&shared.rule)(&received);
    let (status, location) = match reply {
        Reply::Status(status) => (status, None),
        Reply::After(while_, status) => {
            tokio::time::sleep(while_).await;
            (status, None)
        }
        Reply::To(status, location) => (status, Some(location)),
    };
    received.accepted = (200..300).contains(&status);
    lock(&shared.received).push(received);
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match location {
        Some(location) => (status, [("location", location)]).into_response(),
        None => status.into_response(),
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
