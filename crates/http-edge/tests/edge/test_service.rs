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
use http_edge::tls::ServerCertificate;
use http_edge::{
    Admin, Auth, Caller, EdgeConfig, Json, Ndjson, OptionalJson, Path, Problem, Query, RateLimiter,
};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub const SECRET: &[u8] = b"a secret of the tests, long enough";

#[derive(Default, Deserialize, Serialize)]
pub struct Note {
    pub text: String,
    #[serde(default)]
    pub tags: Vec<String>,
}

#[derive(Deserialize)]
struct PageParams {
    limit: Option<String>,
    number: Option<u32>,
    text: Option<String>,
}

/// Synchronises a test with a handler that waits for it.
#[derive(Clone, Default)]
pub struct HandlerGate {
    pub entered: Arc<Notify>,
    pub release: Arc<Notify>,
}

pub fn routes(hold: &HandlerGate) -> Router {
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
            "/note",
            post(|OptionalJson(note): OptionalJson<Note>| async move { note.text }),
        )
        .route(
            "/lines",
            post(|Ndjson { bytes, .. }: Ndjson| async move { bytes.len().to_string() }),
        )
        .route("/batch", post(post_batch))
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
        .route("/page", get(get_page))
        .route("/only/delete", delete(|| async { "" }))
        .route("/panic", get(panic_handler))
        .route(
            "/plain/{n}",
            get(|axum::extract::Path(n): axum::extract::Path<u32>| async move { n.to_string() }),
        )
        .route("/never", get(std::future::pending::<String>))
        .route("/endless", get(stream_endlessly))
        .route("/socket", any(open_socket))
        .route(
            "/hold",
            get(move || async move {
                hold.entered.notify_one();
                hold.release.notified().await;
                "held"
            }),
        )
}

async fn panic_handler() -> &'static str {
    panic!("as requested by the test")
}

async fn get_page(Query(page): Query<PageParams>) -> Result<String, Problem> {
    let limit = http_edge::extract::params::parse_limit(page.limit.as_deref(), 50, 200)?;
    Ok(format!(
        "{limit} {} {}",
        page.number.unwrap_or(0),
        page.text.unwrap_or_default()
    ))
}

async fn post_batch(
    caller: Caller,
    limiter: RateLimiter,
    Ndjson { bytes, .. }: Ndjson,
) -> Result<String, Problem> {
    let lines = bytes.split(|byte| *byte == b'\n').count();
    limiter.check_lines(&caller, lines)?;
    Ok(lines.to_string())
}

async fn stream_endlessly() -> Body {
    let piece = bytes::Bytes::from(vec![b'x'; 64 * 1024]);
    Body::from_stream(futures::stream::repeat_with(move || {
        Ok::<_, std::io::Error>(piece.clone())
    }))
}

async fn open_socket(upgrade: WebSocketUpgrade, _caller: Caller) -> Response {
    upgrade.on_upgrade(|mut socket: WebSocket| async move {
        while let Some(Ok(message)) = socket.recv().await {
            if socket.send(message).await.is_err() {
                return;
            }
        }
    })
}

pub fn edge_router(config: &EdgeConfig, rate: u32) -> Router {
    let auth = Auth::hs256(SECRET).unwrap();
    http_edge::apply_middleware(
        routes(&HandlerGate::default()),
        auth,
        config,
        RateLimiter::per_second(rate),
    )
}

/// The service on a real listener.
pub struct TestServer {
    pub address: SocketAddr,
    pub gate: HandlerGate,
    pub shutdown: CancellationToken,
    pub task: JoinHandle<std::io::Result<()>>,
}

impl TestServer {
    pub async fn start(config: EdgeConfig) -> Self {
        Self::start_with(config, None).await
    }

    pub async fn start_tls(config: EdgeConfig, certificate: ServerCertificate) -> Self {
        Self::start_with(config, Some(certificate)).await
    }

    async fn start_with(config: EdgeConfig, certificate: Option<ServerCertificate>) -> Self {
        let hold = HandlerGate::default();
        let auth = Auth::hs256(SECRET).unwrap();
        let router =
            http_edge::apply_middleware(routes(&hold), auth, &config, RateLimiter::unlimited());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let served = tokio::spawn(async move {
            match certificate {
                None => http_edge::serve(listener, router, config, stop).await,
                Some(certificate) => {
                    http_edge::serve_tls(listener, &certificate, router, config, stop).await
                }
            }
        });
        Self {
            address,
            gate: hold,
            shutdown,
            task: served,
        }
    }

    /// Waits until the server has stopped.
    pub async fn wait_until_stopped(self) {
        tokio::time::timeout(super::raw_client::TEST_TIMEOUT, self.task)
            .await
            .expect("the server does not stop")
            .unwrap()
            .unwrap();
    }
}

pub fn token(user: &str, scope: &str) -> String {
    http_edge::auth::sign_hs256(SECRET, user, scope, Duration::from_secs(600)).unwrap()
}
