//! A service that checks messages before they are sent, and answers as a test requires.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use eventually::eventually;
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// How the service answers.
#[derive(Debug, Clone)]
pub enum CheckReply {
    /// With this verdict, and this reason if it is not empty.
    Verdict(&'static str, &'static str),
    /// The same, after a delay.
    Late(Duration, &'static str),
    /// With this status and body.
    Raw(u16, String),
    /// With a redirect to this location.
    Redirect(String),
}

type CheckRule = dyn Fn(&Value) -> CheckReply + Send + Sync;

struct ServiceState {
    rule: Mutex<Box<CheckRule>>,
    questions: Mutex<Vec<(HeaderMap, Bytes)>>,
}

/// A running service. Dropping it stops it.
pub struct CheckService {
    address: SocketAddr,
    shared: Arc<ServiceState>,
    task: Option<JoinHandle<()>>,
}

impl CheckService {
    /// Starts a service that allows everything.
    pub async fn start() -> Self {
        let listener = bind("127.0.0.1:0").await;
        let address = listener.local_addr().expect("an address");
        let shared = ServiceState {
            rule: Mutex::new(Box::new(|_| CheckReply::Verdict("allow", ""))),
            questions: Mutex::default(),
        };
        let mut service = Self {
            address,
            shared: Arc::new(shared),
            task: None,
        };
        service.spawn(listener);
        service
    }

    fn spawn(&mut self, listener: TcpListener) {
        let router = Router::new().fallback(answer);
        let router = router.with_state(self.shared.clone());
        self.task = Some(tokio::spawn(async move {
            axum::serve(listener, router).await.expect("a server");
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
        let listener = bind(&self.address.to_string()).await;
        self.spawn(listener);
    }

    /// Replaces the rule that chooses the answer to a question.
    pub fn answer_with(&self, rule: impl Fn(&Value) -> CheckReply + Send + Sync + 'static) {
        *lock(&self.shared.rule) = Box::new(rule);
    }

    /// The address to configure.
    pub fn url(&self) -> String {
        format!("http://{}/check", self.address)
    }

    /// The questions so far.
    pub fn questions(&self) -> Vec<Value> {
        let questions = lock(&self.shared.questions);
        let bodies = questions.iter().map(|(_, body)| body);
        bodies
            .map(|body| serde_json::from_slice(body).expect("a question is JSON"))
            .collect()
    }

    /// The texts that it was asked about, in order.
    pub fn texts(&self) -> Vec<String> {
        let questions = self.questions();
        let text = |question: &Value| question["data"]["body"]["text"].as_str().map(str::to_owned);
        questions.iter().filter_map(text).collect()
    }

    /// Checks with the reference library that all questions are signed with this secret.
    pub fn assert_signed(&self, secret: &str) {
        let webhook = Webhook::new(secret).expect("a secret");
        for (headers, body) in lock(&self.shared.questions).iter() {
            let verified = webhook.verify(body, headers);
            assert!(verified.is_ok(), "{verified:?}: {headers:?}");
        }
    }
}

impl Drop for CheckService {
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

async fn answer(
    State(shared): State<Arc<ServiceState>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let question: Value = serde_json::from_slice(&body).unwrap_or_default();
    lock(&shared.questions).push((headers, body));
    let reply = lock(&shared.rule)(&question["data"]);
    match reply {
        CheckReply::Verdict(verdict, reason) => verdict_response(verdict, reason),
        CheckReply::Late(delay, verdict) => {
            eventually::pause(delay).await;
            verdict_response(verdict, "")
        }
        CheckReply::Raw(status, body) => {
            let status = StatusCode::from_u16(status).expect("a status");
            (status, body).into_response()
        }
        CheckReply::Redirect(location) => {
            (StatusCode::TEMPORARY_REDIRECT, [("location", location)]).into_response()
        }
    }
}

fn verdict_response(verdict: &str, reason: &str) -> Response {
    let answer = if reason.is_empty() {
        json!({ "verdict": verdict })
    } else {
        json!({ "verdict": verdict, "reason": reason })
    };
    axum::Json(answer).into_response()
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
