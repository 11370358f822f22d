//! Shared by the projector's tests: a database per test, and valid random histories.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

pub mod history;
pub mod log;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::envelope::Envelope;
use projector::{LIVE, Projector, ProjectorConfig, TableDigest};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgPool};

/// A migrated database for one test.
pub struct ProjectorDatabase {
    pub pool: PgPool,
    server: PgConnectOptions,
    name: String,
}

impl ProjectorDatabase {
    /// Creates a database on the server that the environment configures.
    pub async fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let url = std::env::var("TIDINGS_TEST_DATABASE_URL")
            .or_else(|_| std::env::var("DEV_DATABASE_URL"))
            .expect("set TIDINGS_TEST_DATABASE_URL to a Postgres server for tests");
        let server: PgConnectOptions = url.parse().unwrap();
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_micros();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("projector_{}_{since}_{number}", std::process::id());
        let mut connection = server.connect().await.unwrap();
        connection
            .execute(format!("CREATE DATABASE {name}").as_str())
            .await
            .unwrap();
        connection.close().await.unwrap();
        let pool = PgPoolOptions::new()
            .max_connections(8)
            .connect_with(server.clone().database(&name))
            .await
            .unwrap();
        migrations::apply(&pool).await.unwrap();
        Self { pool, server, name }
    }

    /// Drops the database. A failed test leaves it behind for inspection.
    pub async fn close(self) {
        self.pool.close().await;
        let mut connection = self.server.connect().await.unwrap();
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        connection.execute(drop.as_str()).await.unwrap();
        connection.close().await.unwrap();
    }

    /// The fingerprints of the served tables.
    pub async fn digest(&self) -> Vec<TableDigest> {
        projector::digest(&self.pool, LIVE).await.unwrap()
    }

    /// Runs a query that returns one number.
    pub async fn number(&self, sql: &str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }
}

/// A configuration with small thresholds, so that small histories exceed them, and an offline
/// window that covers the time of those histories.
pub fn config() -> ProjectorConfig {
    let a_century = Duration::from_secs(100 * 366 * 24 * 3_600);
    ProjectorConfig {
        fanout_threshold: 5,
        max_receipt_members: 3,
        offline_window: a_century,
        ..ProjectorConfig::default()
    }
}

/// Folds events in steps of `size` events.
pub async fn fold(
    pool: &PgPool,
    config: ProjectorConfig,
    events: &[Envelope],
    size: usize,
) -> Projector {
    let mut projector = Projector::open(pool.clone(), config).await.unwrap();
    for batch in events.chunks(size) {
        projector.step(batch).await.unwrap();
    }
    projector
}
