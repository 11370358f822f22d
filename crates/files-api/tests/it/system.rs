//! Commands, a projector and a file store in this process.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use access::SharedAccess;
use axum::Router;
use axum::body::Body;
use command_svc::{Clock, CommandState};
use domain::limits::Limits;
use domain::time::Timestamp;
use event_log::{EventLog, LogConfig};
use event_stream::commit_feed::CommitFeed;
use event_stream::mirror::MirrorConfig;
use eventually::eventually;
use file_store::{FileStore, StoreConfig};
use files_api::verify::{self, FilesReport};
use files_api::{Collector, FileLimits, FilesSetup, FilesState};
use http::{Method, Request};
use http_body_util::BodyExt as _;
use http_edge::{Auth, EdgeConfig, RateLimiter, apply_middleware};
use moderation::LiveRulebook;
use projector::{InProcessChannels, ProjectorConfig};
use read_model::projection_signal::ProjectionSignalChannel;
use serde_json::Value;
use test_database::TestDatabase;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// The first time of the tests' clock, in milliseconds since 1970. It is later than the times that
/// Postgres gives to events, so that the time without a use begins when a step finds none.
pub const YEAR_2100: i64 = 4_102_444_800_000;

/// A PNG, as far as its first bytes say.
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x03\0\0\0\x02\x08\x06\0\0\0\0\0\0\0";

const SECRET: &[u8] = b"a secret that only these tests use";

/// The system of one test.
pub struct TestSystem {
    pub store: FileStore,
    pub collector: Collector,
    pub state: FilesState,
    pub directory: PathBuf,
    pub database: TestDatabase,
    router: Router,
    now: Arc<AtomicI64>,
    shutdown: CancellationToken,
}

impl TestSystem {
    pub async fn start(name: &str) -> Self {
        Self::start_with_quota(name, None).await
    }

    pub async fn start_with_quota(name: &str, user_bytes: Option<u64>) -> Self {
        let database = TestDatabase::migrated("files").await;
        let config = LogConfig {
            allow_fsync_off: true,
            ..LogConfig::default()
        };
        let log = EventLog::open(database.pool.clone(), config).await.unwrap();
        let now = Arc::new(AtomicI64::new(YEAR_2100));
        let shared = now.clone();
        let clock = Clock::new(move || Timestamp::from_millis(shared.load(Ordering::Relaxed)));
        let (limits, rules) = (Arc::new(Limits::default()), LiveRulebook::default());
        let access = SharedAccess::default();
        let commands = CommandState::new(log.clone(), limits, clock.clone(), rules, access);
        let pool = database.pool.clone();
        commands.set_erased_files(Box::new(move |files| {
            let pool = pool.clone();
            Box::pin(async move { files_api::note_erased(&pool, files).await })
        }));
        let directory = std::env::temp_dir().join(format!("tidings-{name}-{}", std::process::id()));
        let store = FileStore::open(&StoreConfig::directory(&directory)).unwrap();
        let state = FilesState::new(FilesSetup {
            commands: commands.clone(),
            log: log.clone(),
            pool: database.pool.clone(),
            store: store.clone(),
            limits: FileLimits {
                file_bytes: 1_000_000,
                user_bytes,
            },
            clock,
        });
        let shutdown = CancellationToken::new();
        let (projected, _) = watch::channel(0);
        let running = projector::run(
            database.pool.clone(),
            None,
            MirrorConfig::default(),
            ProjectorConfig::default(),
            InProcessChannels {
                feed: Some(CommitFeed::subscribe(&log)),
                projected,
                signal: ProjectionSignalChannel::default(),
            },
            shutdown.clone(),
        );
        tokio::spawn(running);
        let api = command_svc::router(commands).merge(files_api::router(state.clone()));
        let router = apply_middleware(
            api.split_for_parts().0,
            Auth::hs256(SECRET).unwrap(),
            &EdgeConfig::default(),
            RateLimiter::unlimited(),
        );
        Self {
            store,
            collector: Collector::new(state.clone()),
            state,
            database,
            router,
            now,
            directory,
            shutdown,
        }
    }

    pub fn advance(&self, time: Duration) {
        self.now
            .fetch_add(time.as_millis() as i64, Ordering::Relaxed);
    }

    /// Lets the collector look at all files, once the read model has all events.
    pub async fn step(&self) -> usize {
        self.wait_until_projected().await;
        let now = Timestamp::from_millis(self.now.load(Ordering::Relaxed));
        self.collector.step(now).await.unwrap()
    }

    pub async fn wait_until_projected(&self) {
        eventually("the read model has all events", async || {
            let is_current: bool = sqlx::query_scalar(
                "SELECT k.position = h.position FROM read.checkpoint k CROSS JOIN log.head h",
            )
            .fetch_one(&self.database.pool)
            .await
            .unwrap();
            is_current.then_some(())
        })
        .await;
    }

    /// Compares the store with the log, once the read model has all events.
    pub async fn verify(&self) -> FilesReport {
        self.wait_until_projected().await;
        verify::compare(&self.store, &self.database.pool)
            .await
            .unwrap()
    }

    /// Calls a route; returns the status and the body.
    pub async fn call(
        &self,
        (user, scope): (&str, &str),
        method: Method,
        path: &str,
        (content_type, body): (&str, Vec<u8>),
    ) -> (u16, Value) {
        let hour = Duration::from_secs(3_600);
        let token = http_edge::auth::sign_hs256(SECRET, user, scope, hour).unwrap();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", content_type)
            .header("content-length", body.len())
            .body(Body::from(body))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        (status, body)
    }

    pub async fn close(self) {
        self.shutdown.cancel();
        std::fs::remove_dir_all(&self.directory).unwrap();
        self.database.close().await;
    }
}
