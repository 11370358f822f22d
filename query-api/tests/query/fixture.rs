//! The test fixture: a database of its own, filled from a fixture log, and the router on top of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use domain::profile::settings::Consent;
use event_log::reader::LogReader;
use event_stream::mirror::MirrorConfig;
use file_store::{FileStore, Previews, Renderer, StoreConfig};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use http_edge::auth::sign_hs256;
use http_edge::{Auth, EdgeConfig, RateLimiter, apply_middleware};
use moderation::LiveRulebook;
use query_api::live::{MAX_LIVE_CONNECTIONS, MAX_LIVE_PER_USER, NoAcks};
use query_api::{
    DEFAULT_ANSWER_BYTES, Directory, IdleFeedMode, QuerySetup, QueryState, router, session_options,
};
use search::index::IndexDir;
use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};
use tokio::sync::broadcast;
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::ServiceExt;

use crate::fixture_log::FixtureLog;
use crate::insert::insert_fixture;

const SECRET: &[u8] = b"a secret for tests, of 32 bytes or more";

/// How long `min_position` waits in tests: long enough for a busy machine, short enough for tests
/// of the timeout.
pub const WAIT_TIMEOUT: Duration = Duration::from_millis(1_500);

static NEXT_DATABASE: AtomicU32 = AtomicU32::new(0);

pub struct QueryFixture {
    /// A pool that may write, to set up test data.
    pub admin_pool: PgPool,
    pub router: Router,
    /// The same without statements for plain cases.
    pub general_router: Router,
    pub shutdown: CancellationToken,
    server: PgConnectOptions,
    database: String,
    _stop: DropGuard,
}

/// The response to a request.
#[derive(Debug)]
pub struct QueryReply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl QueryReply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The `Tidings-Position` header.
    pub fn position(&self) -> i64 {
        self.headers["tidings-position"]
            .to_str()
            .unwrap()
            .parse()
            .unwrap()
    }

    #[track_caller]
    pub fn expect_ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        self.position();
        self.json()
    }

    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Value {
        let json = self.json();
        assert_eq!(
            (self.status.as_u16(), json["code"].as_str()),
            (status, Some(code)),
            "{json}"
        );
        assert_eq!(self.headers["content-type"], "application/problem+json");
        json
    }
}

/// The Postgres server for the tests. The tests fail without one.
pub fn postgres_server() -> PgConnectOptions {
    let url =
        std::env::var("TIDINGS_TEST_DATABASE_URL").or_else(|_| std::env::var("DEV_DATABASE_URL"));
    url.expect("TIDINGS_TEST_DATABASE_URL or DEV_DATABASE_URL must name a Postgres server")
        .parse()
        .unwrap()
}

pub fn token(user: &str, scope: &str) -> String {
    sign_hs256(SECRET, user, scope, Duration::from_secs(600)).unwrap()
}

/// No test here reads the bytes of a file.
fn open_store() -> Previews {
    let directory = std::env::temp_dir().join("tidings-query-tests");
    let store = FileStore::open(&StoreConfig::directory(&directory)).unwrap();
    Previews::new(
        store,
        Renderer::new("/nonexistent/tidings".into(), WAIT_TIMEOUT),
    )
}

/// Starts the query service without NATS, a projector or a search index.
pub async fn start_queries(
    pool: PgPool,
    min_position_timeout: Duration,
    shutdown: CancellationToken,
) -> QueryState {
    start_queries_with(pool, min_position_timeout, true, shutdown).await
}

/// The same, with or without statements for plain cases.
async fn start_queries_with(
    pool: PgPool,
    min_position_timeout: Duration,
    plain_reads: bool,
    shutdown: CancellationToken,
) -> QueryState {
    QueryState::start(QuerySetup {
        reader: LogReader::new(pool.clone()),
        primary: None,
        presence_pool: pool.clone(),
        pool,
        nats: None,
        mirror: &MirrorConfig::default(),
        local_signal: None,
        index: IndexDir::new("/nonexistent/search"),
        acks: Arc::new(NoAcks),
        directory: Directory::default(),
        groups_from: Consent::default(),
        plain_reads,
        idle_feeds: IdleFeedMode::default(),
        max_live_connections: MAX_LIVE_CONNECTIONS,
        max_live_per_user: MAX_LIVE_PER_USER,
        answer_bytes: DEFAULT_ANSWER_BYTES,
        min_position_timeout,
        previews: open_store(),
        webpush_key: "BCVxsr7N_eNgVRqvHtD0zTZsEc6".to_owned(),
        rulebook: LiveRulebook::default(),
        removed_devices: broadcast::channel(1).1,
        shutdown,
    })
    .await
}

pub fn edge_router(state: QueryState) -> Router {
    let (router, _) = router(state).split_for_parts();
    apply_middleware(
        router,
        Auth::hs256(SECRET).unwrap(),
        &EdgeConfig::default(),
        RateLimiter::unlimited(),
    )
}

/// Sends one request to a router.
pub async fn send_request(router: &Router, authorization: Option<&str>, path: &str) -> QueryReply {
    let mut request = Request::get(path).header("host", "tidings.test");
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let response = router
        .clone()
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    QueryReply {
        status: parts.status,
        headers: parts.headers,
        body,
    }
}

impl QueryFixture {
    pub async fn new(log: &FixtureLog) -> Self {
        let server = postgres_server();
        let number = NEXT_DATABASE.fetch_add(1, Ordering::Relaxed);
        let database = format!("query_test_{}_{number}", std::process::id());
        let mut connection = PgConnection::connect_with(&server).await.unwrap();
        sqlx::raw_sql(&format!("CREATE DATABASE {database}"))
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();

        let options = server.clone().database(&database);
        let admin = PgPoolOptions::new()
            .max_connections(3)
            .connect_with(options.clone())
            .await
            .unwrap();
        migrations::apply(&admin).await.unwrap();
        insert_fixture(log, &admin).await;
        sqlx::raw_sql("ANALYZE").execute(&admin).await.unwrap();

        let pool = PgPoolOptions::new()
            .max_connections(4)
            .acquire_timeout(Duration::from_secs(5))
            .connect_lazy_with(session_options(options, Duration::from_secs(5)));
        let shutdown = CancellationToken::new();
        let state = start_queries(pool.clone(), WAIT_TIMEOUT, shutdown.clone()).await;
        let router = edge_router(state);
        let general = start_queries_with(pool, WAIT_TIMEOUT, false, shutdown.clone()).await;
        let general_router = edge_router(general);
        Self {
            admin_pool: admin,
            router,
            general_router,
            shutdown: shutdown.clone(),
            server,
            database,
            _stop: shutdown.drop_guard(),
        }
    }

    pub async fn get(&self, user: &str, path: &str) -> QueryReply {
        send_request(
            &self.router,
            Some(&format!("Bearer {}", token(user, ""))),
            path,
        )
        .await
    }

    pub async fn get_as_admin(&self, path: &str) -> QueryReply {
        send_request(
            &self.router,
            Some(&format!("Bearer {}", token("root", "admin"))),
            path,
        )
        .await
    }
}

impl Drop for QueryFixture {
    fn drop(&mut self) {
        let (server, database) = (self.server.clone(), self.database.clone());
        // `drop` cannot wait in the runtime of the test, so it uses a thread with its own runtime.
        let drop_database = move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let mut connection = PgConnection::connect_with(&server).await.unwrap();
                let statement = format!("DROP DATABASE {database} WITH (FORCE)");
                sqlx::raw_sql(&statement)
                    .execute(&mut connection)
                    .await
                    .unwrap();
            });
        };
        let dropped = std::thread::spawn(drop_database).join();
        assert!(
            std::thread::panicking() || dropped.is_ok(),
            "the database of the test was not dropped"
        );
    }
}
