//! A small service for the tests of the edge.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::WebSocketUpgrade;
use axum::extract::ws::WebSocket;
use axum::response::Response;
use axum::routing::{any, delete, get, post};
use http_edge::{Admin, Auth, Caller, EdgeConfig, Json, Limiter, Ndjson, Path, Problem, Query};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub const SECRET: &[u8] = b"a secret of the tests, long enough";

#[derive(Deserialize, Serialize)]
pub struct Note {
    pub text: String,
    #[serde(default)]
    pub tags: Vec<String>,
}

#[derive(Deserialize)]
struct Page {
    limit: Option<String>,
    number: Option<u32>,
    text: Option<String>,
}

/// Synchronises a test with a handler that waits for it.
#[derive(Clone, Default)]
pub struct Hold {
    pub entered: Arc<Notify>,
    pub release: Arc<Notify>,
}

pub fn routes(hold: &Hold) -> Router {
    let hold = hold.clone();
    Router::new()
        .route("/hello", get(|| async { "hello" }))
        .route(
            "/me",
            get(|caller: Caller| async move { caller.user })
                .post(|caller: Caller| async move { caller.user }),
        )
        .route(
            "/admin",
            get(|admin: Admin| async move { admin.user.clone() }),
        )
        .route(
            "/notes",
            post(|Json(note): Json<Note>| async move { Json(note) }),
        )
        .route(
            "/lines",
            post(|Ndjson(bytes): Ndjson| async move { bytes.len().to_string() }),
        )
        .route("/batch", post(batch))
        .route(
            "/notes/{id}",
            get(|Path(id): Path<String>| async move { id }).delete(|| async { "" }),
        )
        .route(
            "/notes/{id}/{n}",
            get(|Path((id, n)): Path<(String, u32)>| async move { format!("{id} {n}") }),
        )
        .route(
            "/counted/{id}",
            get(|Path(id): Path<String>| async move { id }),
        )
        .route("/page", get(page))
        .route("/only/delete", delete(|| async { "" }))
        .route("/panic", get(panics))
        .route(
            "/plain/{n}",
            get(|axum::extract::Path(n): axum::extract::Path<u32>| async move { n.to_string() }),
        )
        .route("/never", get(std::future::pending::<String>))
        .route("/endless", get(endless))
        .route("/socket", any(socket))
        .route(
            "/hold",
            get(move || async move {
                hold.entered.notify_one();
                hold.release.notified().await;
                "held"
            }),
        )
}

async fn panics() -> &'static str {
    panic!("as requested by the test")
}

async fn page(Query(page): Query<Page>) -> Result<String, Problem> {
    let limit = http_edge::extract::parse::limit(page.limit.as_deref(), 50, 200)?;
    Ok(format!(
        "{limit} {} {}",
        page.number.unwrap_or(0),
        page.text.unwrap_or_default()
    ))
}

async fn batch(caller: Caller, limiter: Limiter, Ndjson(bytes): Ndjson) -> Result<String, Problem> {
    let lines = bytes.split(|byte| *byte == b'\n').count();
    limiter.check_lines(&caller, lines)?;
    Ok(lines.to_string())
}

async fn endless() -> Body {
    let piece = bytes::Bytes::from(vec![b'x'; 64 * 1024]);
    Body::from_stream(futures::stream::repeat_with(move || {
        Ok::<_, std::io::Error>(piece.clone())
    }))
}

async fn socket(upgrade: WebSocketUpgrade, _caller: Caller) -> Response {
    upgrade.on_upgrade(|mut socket: WebSocket| async move {
        while let Some(Ok(message)) = socket.recv().await {
            if socket.send(message).await.is_err() {
                return;
            }
        }
    })
}

pub fn hardened(config: &EdgeConfig, rate: u32) -> Router {
    let auth = Auth::hs256(SECRET).unwrap();
    http_edge::harden(
        routes(&Hold::default()),
        auth,
        config,
        Limiter::per_second(rate),
    )
}

/// The service on a real listener.
pub struct Running {
    pub address: SocketAddr,
    pub hold: Hold,
    pub shutdown: CancellationToken,
    pub served: JoinHandle<std::io::Result<()>>,
}

impl Running {
    pub async fn start(config: EdgeConfig) -> Self {
        let hold = Hold::default();
        let auth = Auth::hs256(SECRET).unwrap();
        let router = http_edge::harden(routes(&hold), auth, &config, Limiter::off());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let served = tokio::spawn(http_edge::serve(listener, router, config, shutdown.clone()));
        Self {
            address,
            hold,
            shutdown,
            served,
        }
    }

    /// Waits until the server has stopped.
    pub async fn stopped(self) {
        tokio::time::timeout(super::client::PATIENCE, self.served)
            .await
            .expect("the server does not stop")
            .unwrap()
            .unwrap();
    }
}

pub fn token(user: &str, scope: &str) -> String {
    http_edge::auth::sign_hs256(SECRET, user, scope, Duration::from_secs(600)).unwrap()
}
