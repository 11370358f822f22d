//! Shared by the projector's tests: a database per test, and valid random histories.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

mod cases;
mod desk_acts;
mod files;
mod group_acts;
pub mod held;
pub mod history;
pub mod log;
mod mailbox_acts;
mod message_acts;
pub mod scheduled;
pub mod threads;

use std::time::Duration;

use domain::envelope::Envelope;
use projector::{LIVE, Projector, ProjectorConfig, TableDigest};
use sqlx::PgPool;
use test_database::TestDatabase;

/// A migrated database for one test.
pub struct ProjectorDatabase {
    pub pool: PgPool,
    database: TestDatabase,
}

impl ProjectorDatabase {
    /// Creates a database on the server that the environment configures.
    pub async fn new() -> Self {
        let database = TestDatabase::migrated("projector").await;
        Self {
            pool: database.pool.clone(),
            database,
        }
    }

    /// Drops the database. A failed test leaves it behind for inspection.
    pub async fn close(self) {
        self.database.close().await;
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

/// Folds events in steps of `size` events. Appends them to the log first if that is empty and they
/// can be stored: the content of restored messages comes from there.
pub async fn fold(
    pool: &PgPool,
    config: ProjectorConfig,
    events: &[Envelope],
    size: usize,
) -> Projector {
    let head: i64 = sqlx::query_scalar("SELECT position FROM log.head")
        .fetch_one(pool)
        .await
        .unwrap();
    let is_storable = |event: &Envelope| !event.aggregate_id.contains('\0');
    if head == 0 && events.iter().all(is_storable) {
        log::append(pool, events).await;
    }
    let mut projector = Projector::open(pool.clone(), config).await.unwrap();
    for batch in events.chunks(size) {
        projector.step(batch).await.unwrap();
    }
    projector
}
