//! A process with commands and the worker of desks, on fake time. It has a runtime of its own, so
//! that a crash ends everything in it at whatever it waits for.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use access::SharedAccess;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use command_svc::desks::DeskWorker;
use command_svc::{Clock, CommandState};
use domain::limits::Limits;
use domain::time::Timestamp;
use event_log::{EventLog, LogConfig, LogError};
use http_edge::{Auth, EdgeConfig, RateLimiter, apply_middleware};
use moderation::LiveRulebook;
use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tests::token;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::call::Call;
use super::roster::ADMINISTRATOR;

/// How long the end of a process may take. Nothing in it blocks for long.
const KILL_TIMEOUT: Duration = Duration::from_secs(10);

/// The time, and who is online: what every process finds when it starts.
#[derive(Clone, Default)]
pub struct Surroundings {
    now: Arc<AtomicI64>,
    online: Arc<RwLock<BTreeSet<String>>>,
}

impl Surroundings {
    pub fn now(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }

    pub fn set_now(&self, now: i64) {
        let before = self.now.swap(now, Ordering::SeqCst);
        assert!(before <= now, "time runs backwards");
    }

    pub fn set_online(&self, user: &str, is_online: bool) {
        let mut online = self.online.write().expect("no panic");
        if is_online {
            online.insert(user.to_owned());
        } else {
            online.remove(user);
        }
    }

    pub fn is_online(&self, user: &str) -> bool {
        self.online.read().expect("no panic").contains(user)
    }
}

/// An answer to a call.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub is_replay: bool,
    pub position: i64,
    pub body: Value,
}

pub struct DeskProcess {
    /// The name of its sessions at Postgres.
    pub name: String,
    runtime: Option<Runtime>,
    router: Router,
    worker: Arc<Mutex<DeskWorker>>,
}

impl DeskProcess {
    pub async fn start(
        database: &PgConnectOptions,
        surroundings: &Surroundings,
        number: usize,
    ) -> Self {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(2).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let name = format!("desk day {number}");
        let options = database.clone().application_name(&name);
        let started = runtime.spawn(open(options, surroundings.clone()));
        let (router, worker) = started.await.expect("a process starts");
        Self {
            name,
            runtime: Some(runtime),
            router,
            worker: Arc::new(Mutex::new(worker)),
        }
    }

    fn spawn<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.runtime.as_ref().expect("a runtime").spawn(future)
    }

    /// Makes a call. The task fails if the process ends before the answer.
    pub fn call(&self, call: &Call) -> JoinHandle<Reply> {
        self.spawn(answer(self.router.clone(), call.clone()))
    }

    /// Lets the worker do what is to be done.
    pub fn step(&self) -> JoinHandle<Result<bool, LogError>> {
        let worker = self.worker.clone();
        self.spawn(async move { worker.lock().await.step().await })
    }
}

impl DeskProcess {
    /// Ends the process at whatever it waits for, as `kill -9` does, and waits for its end.
    pub async fn kill(mut self) {
        let runtime = self.runtime.take().expect("a runtime");
        let ended = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(KILL_TIMEOUT));
        ended.await.expect("no panic");
    }
}

/// After a failure of the test, nobody waits.
impl Drop for DeskProcess {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn open(options: PgConnectOptions, surroundings: Surroundings) -> (Router, DeskWorker) {
    let pool = PgPoolOptions::new()
        .max_connections(8)
        .connect_with(options);
    let pool = pool.await.expect("Postgres answers");
    let config = LogConfig {
        allow_fsync_off: true,
        ..LogConfig::default()
    };
    let log = EventLog::open(pool, config).await.expect("a log");
    let now = surroundings.clone();
    let state = CommandState::new(
        log,
        Arc::new(Limits::default()),
        Clock::new(move || Timestamp::from_millis(now.now())),
        LiveRulebook::default(),
        SharedAccess::default(),
    );
    let (router, _) = command_svc::router(state.clone()).split_for_parts();
    let auth = Auth::hs256(token::SECRET.as_bytes()).expect("a key");
    let unlimited = RateLimiter::unlimited();
    let router = apply_middleware(router, auth, &EdgeConfig::default(), unlimited);
    let is_online = move |user: &str| surroundings.is_online(user);
    (router, DeskWorker::new(state, Box::new(is_online)))
}

async fn answer(router: Router, call: Call) -> Reply {
    use tower::ServiceExt as _;

    let token = if call.user == ADMINISTRATOR {
        token::for_admin(&call.user)
    } else {
        token::for_user(&call.user)
    };
    let body = call.body.to_string();
    let mut request = Request::builder()
        .method(call.method)
        .uri(&call.path)
        .header("host", "tidings.test")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .header("content-length", body.len());
    // A message has its key in the body.
    if !call.path.ends_with("/messages") {
        request = request.header("idempotency-key", &call.key);
    }
    let request = request.body(Body::from(body)).expect("a request");
    let answered = router.oneshot(request).await;
    let (head, body) = answered.expect("an answer").into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX)
        .await
        .expect("a body");
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let replay = head.headers.get("idempotent-replay");
    Reply {
        status: head.status.as_u16(),
        is_replay: replay.is_some_and(|value| value == "true"),
        position: body["position"].as_i64().unwrap_or_default(),
        body,
    }
}
