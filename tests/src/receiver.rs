//! A server that receives webhooks and replies as a test requires. The reference library of
//! Standard Webhooks checks the signature of every delivery.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Router, http};
use eventually::eventually;
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A delivery that was received.
#[derive(Debug, Clone)]
pub struct ReceivedDelivery {
    /// `webhook-id`.
    pub id: String,
    /// The path of the request.
    pub path: String,
    /// The body, byte for byte.
    pub body: Bytes,
    /// Whether the reply was a 2xx.
    pub accepted: bool,
}

impl ReceivedDelivery {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The position of the event, or 0 if the body is not an event.
    pub fn position(&self) -> i64 {
        self.json()["position"].as_i64().unwrap_or_default()
    }

    /// The source of the event, or an empty text.
    pub fn source(&self) -> String {
        self.json()["source"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

/// How the receiver replies to a delivery.
#[derive(Debug, Clone)]
pub enum ReceiverReply {
    /// With this status.
    Status(u16),
    /// With this status, after a delay.
    Delayed(Duration, u16),
    /// With a redirect to this location.
    Redirect(u16, String),
}

type DeliveryReplyRule = dyn Fn(&ReceivedDelivery) -> ReceiverReply + Send + Sync;

struct ReceiverState {
    webhook: Webhook,
    rule: Mutex<Box<DeliveryReplyRule>>,
    received: Mutex<Vec<ReceivedDelivery>>,
    violations: Mutex<Vec<String>>,
}

/// A running receiver. Dropping it stops it.
pub struct WebhookReceiver {
    /// The address at which it listens.
    pub address: SocketAddr,
    shared: Arc<ReceiverState>,
    task: Option<JoinHandle<()>>,
}

/// The secret with which deliveries to receivers are signed.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

impl WebhookReceiver {
    /// Starts a receiver that accepts everything.
    pub async fn start() -> Self {
        let listener = bind("127.0.0.1:0").await;
        let address = listener
            .local_addr()
            .unwrap_or_else(|error| panic!("{error}"));
        let mut receiver = Self::stopped(address);
        receiver.spawn_server(listener);
        receiver
    }

    fn stopped(address: SocketAddr) -> Self {
        let webhook = Webhook::new(SECRET).unwrap_or_else(|error| panic!("{error}"));
        Self {
            address,
            shared: Arc::new(ReceiverState {
                webhook,
                rule: Mutex::new(Box::new(|_| ReceiverReply::Status(204))),
                received: Mutex::default(),
                violations: Mutex::default(),
            }),
            task: None,
        }
    }

    fn spawn_server(&mut self, listener: TcpListener) {
        let router = Router::new()
            .fallback(handle_delivery)
            .with_state(self.shared.clone());
        self.task = Some(tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                panic!("{error}");
            }
        }));
    }

    /// Stops listening and closes all connections.
    pub async fn stop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            let _ = task.await;
        }
    }

    /// Listens again at the same address.
    pub async fn restart(&mut self) {
        let address = self.address.to_string();
        let listener = bind(&address).await;
        self.spawn_server(listener);
    }

    /// Replaces the rule that chooses the replies.
    pub fn reply_with(
        &self,
        rule: impl Fn(&ReceivedDelivery) -> ReceiverReply + Send + Sync + 'static,
    ) {
        *lock(&self.shared.rule) = Box::new(rule);
    }

    /// The URL to register for webhooks.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// All deliveries so far. Panics if one of them was not a correctly signed POST.
    pub fn received(&self) -> Vec<ReceivedDelivery> {
        let forged = lock(&self.shared.violations);
        assert!(forged.is_empty(), "{forged:?}");
        lock(&self.shared.received).clone()
    }

    /// The accepted deliveries so far.
    pub fn accepted(&self) -> Vec<ReceivedDelivery> {
        let all = self.received().into_iter();
        all.filter(|it| it.accepted).collect()
    }

    /// Waits for an accepted delivery that `matches` accepts and returns it.
    pub async fn wait_for(
        &self,
        what: &str,
        mut matches: impl FnMut(&ReceivedDelivery) -> bool,
    ) -> ReceivedDelivery {
        eventually(format!("the receiver gets {what}"), async || {
            self.accepted()
                .into_iter()
                .find(|delivery| matches(delivery))
        })
        .await
    }

    /// Waits until the event at this position was accepted.
    pub async fn wait_for_position(&self, position: i64) {
        self.wait_for(&format!("position {position}"), |it| {
            it.position() == position
        })
        .await;
    }

    /// Waits until all these events of the log were accepted, with the ids that they have there.
    pub async fn wait_for_events(&self, events: &[Bytes]) {
        let id = |event: &Bytes| {
            let event: Value = serde_json::from_slice(event).expect("an event is JSON");
            format!("evt_{}", event["id"].as_str().expect("an event has an id"))
        };
        let logged: BTreeSet<String> = events.iter().map(id).collect();
        eventually("every event is delivered", async || {
            let accepted = self.accepted().into_iter();
            let received: BTreeSet<String> = accepted.map(|delivery| delivery.id).collect();
            logged.is_subset(&received).then_some(())
        })
        .await;
    }

    /// The accepted positions by source, each at its first occurrence.
    pub fn positions_by_source(&self) -> BTreeMap<String, Vec<i64>> {
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

impl Drop for WebhookReceiver {
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

async fn handle_delivery(
    State(shared): State<Arc<ReceiverState>>,
    method: http::Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if method != http::Method::POST {
        lock(&shared.violations).push(format!("{method} {uri}"));
    }
    if let Err(error) = shared.webhook.verify(&body, &headers) {
        lock(&shared.violations).push(format!("{error}: {headers:?}"));
    }
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok());
    let mut received = ReceivedDelivery {
        id: id.unwrap_or_default().to_owned(),
        path: uri.path().to_owned(),
        body,
        accepted: false,
    };
    let reply = lock(&shared.rule)(&received);
    let (status, location) = match reply {
        ReceiverReply::Status(status) => (status, None),
        ReceiverReply::Delayed(while_, status) => {
            eventually::pause(while_).await;
            (status, None)
        }
        ReceiverReply::Redirect(status, location) => (status, Some(location)),
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
