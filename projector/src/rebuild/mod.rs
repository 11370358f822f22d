//! Rebuilds the read model in shadow tables, from the first event on, compares it with the served
//! one and swaps the two.
//!
//! The old read model is served and projected all the time. The swap is a transaction that locks
//! the row of the served checkpoint, so that nothing is projected during the swap, folds the
//! remaining events and renames the schemas. The projector then finds another generation and clears
//! its cache.

mod compare;
pub mod rollback;
mod tables;

use compare::SnapshotPair;
pub use compare::{ReadModelComparison, RowDifference};

use std::time::Duration;

use event_log::read_ahead;
use event_log::reader::{EventFilter, LogReader};
use sqlx::postgres::PgConnection;
use sqlx::types::time::OffsetDateTime;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgPool};
use tokio::time::Instant;

use crate::config::ProjectorConfig;
use crate::error::ProjectionError;
use crate::projector::Projector;
use crate::session::REBUILD;

/// The advisory lock that one rebuild of a database holds: "tidings" in ASCII.
const ADVISORY_LOCK: i64 = 0x0074_6964_696e_6773;

/// How long to wait for the served read model to catch up with the rebuilt one.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(10);

/// How often to check whether it has caught up.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// How often to try to drop the old tables. Each attempt waits `lock_timeout` for their readers.
/// After the last one, the tables stay until the next rebuild.
const MAX_DROP_ATTEMPTS: usize = 6;

/// The progress of a rebuild.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RebuildProgress {
    /// The position of the last folded event.
    pub position: i64,
    /// The end of the log when it was last read.
    pub head: i64,
}

/// The result of a rebuild.
#[derive(Debug, Clone)]
pub struct RebuildSummary {
    /// The position of the new read model.
    pub position: i64,
    /// The position at which the rebuild started: 0, or more if it resumed an interrupted one.
    pub start_position: i64,
    /// The comparison with the read model that was served; `None` if that did not catch up.
    pub comparison: Option<ReadModelComparison>,
    /// How long the swap blocked projecting.
    pub swap_duration: Duration,
}

/// What to do with the previous version, which is no longer served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PreviousVersion {
    /// Drop it, along with any version that an earlier rebuild has kept.
    Drop,
    /// Keep it for a rollback, until it is discarded or until the next rebuild.
    Keep,
}

/// Rebuilds schema `read` from the log, compares the result with the served tables and swaps them.
///
/// `batch` is the number of events per transaction; `on_progress` is called after each one. An
/// interrupted rebuild is resumed. The previous version is dropped, or kept as schema `read_old`
/// for [`rollback::prepare`] and [`rollback::discard`].
pub async fn rebuild(
    pool: PgPool,
    config: ProjectorConfig,
    batch: usize,
    replaced: PreviousVersion,
    mut on_progress: impl FnMut(RebuildProgress) + Send,
) -> Result<RebuildSummary, ProjectionError> {
    let mut build = ShadowBuild::start(pool, config, batch).await?;
    let start_position = build.projector.position().await?;
    build.fill(&mut on_progress).await?;
    let comparison = build.compare().await?;
    let (position, swap) = build.swap().await?;
    build.finish(replaced).await?;
    Ok(RebuildSummary {
        position,
        start_position,
        comparison,
        swap_duration: swap,
    })
}

/// Builds the read model in shadow tables, compares it with the served one and drops it.
pub async fn verify(
    pool: PgPool,
    config: ProjectorConfig,
    batch: usize,
    mut on_progress: impl FnMut(RebuildProgress) + Send,
) -> Result<ReadModelComparison, ProjectionError> {
    let mut build = ShadowBuild::start(pool, config, batch).await?;
    build.fill(&mut on_progress).await?;
    let comparison = build.compare().await?;
    let position = build.projector.position().await?;
    build
        .lock_connection
        .execute("DROP SCHEMA IF EXISTS read_rebuild CASCADE")
        .await?;
    build.finish(PreviousVersion::Keep).await?;
    comparison.ok_or(ProjectionError::ServedStalled { position })
}

/// Acquires the rebuild lock on a dedicated connection. Postgres releases the lock when the
/// connection ends, even if this process is killed.
async fn acquire_lock(pool: &PgPool) -> Result<PgConnection, ProjectionError> {
    let mut connection = pool.connect_options().connect().await?;
    let is_acquired: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
        .bind(ADVISORY_LOCK)
        .fetch_one(&mut connection)
        .await?;
    if !is_acquired {
        return Err(ProjectionError::RebuildInProgress);
    }
    connection.execute("SET lock_timeout TO '5s'").await?;
    Ok(connection)
}

/// Releases the lock. The server would also do so a moment after the connection closes, but that
/// would be too late for a rebuild that starts immediately.
async fn release_lock(mut connection: PgConnection) -> Result<(), ProjectionError> {
    sqlx::query("SELECT pg_advisory_unlock($1)")
        .bind(ADVISORY_LOCK)
        .execute(&mut connection)
        .await?;
    Ok(connection.close().await?)
}

/// Identifies how tables were built: only a rebuild with the same fingerprint can resume them.
fn build_fingerprint(config: &ProjectorConfig) -> String {
    format!(
        "made by {}, fan-out up to {}",
        env!("CARGO_PKG_VERSION"),
        config.fanout_threshold
    )
}

/// A read model that is built in shadow tables, next to the served one.
struct ShadowBuild {
    pool: PgPool,
    /// The connection that holds the rebuild lock.
    lock_connection: PgConnection,
    projector: Projector,
    reader: LogReader,
    batch: usize,
}

impl ShadowBuild {
    async fn start(
        pool: PgPool,
        config: ProjectorConfig,
        batch: usize,
    ) -> Result<Self, ProjectionError> {
        let mut connection = acquire_lock(&pool).await?;
        let fingerprint = build_fingerprint(&config);
        if tables::can_resume(&mut connection, &fingerprint).await? {
            tracing::info!("resuming an interrupted rebuild");
        } else {
            tables::create(&mut connection, &fingerprint).await?;
        }
        let reader = LogReader::new(pool.clone());
        let config = ProjectorConfig { batch, ..config };
        let projector = Projector::open_schema(pool.clone(), config, REBUILD).await?;
        Ok(Self {
            pool,
            lock_connection: connection,
            projector,
            reader,
            batch,
        })
    }

    /// Folds the whole log and creates the indexes.
    async fn fill(
        &mut self,
        on_progress: &mut (impl FnMut(RebuildProgress) + Send),
    ) -> Result<(), ProjectionError> {
        self.catch_up(None, on_progress).await?;
        tables::finish(&mut self.lock_connection).await?;
        self.catch_up(None, on_progress).await
    }

    /// Compares with the served read model at the same position. Projecting pauses only until that
    /// position is reached; it continues while the rows are compared.
    async fn compare(&mut self) -> Result<Option<ReadModelComparison>, ProjectionError> {
        let rebuilt = self.projector.position().await?;
        let deadline = Instant::now() + CATCH_UP_TIMEOUT;
        loop {
            let mut transaction = self.lock_connection.begin().await?;
            let served: Option<(i64, i64)> =
                sqlx::query_as("SELECT position, floor FROM read.checkpoint FOR UPDATE")
                    .fetch_optional(&mut *transaction)
                    .await?;
            // Without a checkpoint, no read model was served.
            let (position, floor) = served.unwrap_or((rebuilt, 0));
            if position >= rebuilt {
                let (projector, reader) = (&mut self.projector, &self.reader);
                catch_up(projector, reader, self.batch, Some(position), &mut |_| ()).await?;
                projector.raise_floor_to(floor).await?;
                let snapshot = SnapshotPair::open(&self.pool).await?;
                transaction.rollback().await?;
                return Ok(Some(snapshot.compare(position).await?));
            }
            transaction.rollback().await?;
            if Instant::now() >= deadline {
                return Ok(None);
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    async fn catch_up(
        &mut self,
        up_to: Option<i64>,
        on_progress: &mut (impl FnMut(RebuildProgress) + Send),
    ) -> Result<(), ProjectionError> {
        let (projector, reader) = (&mut self.projector, &self.reader);
        catch_up(projector, reader, self.batch, up_to, on_progress).await
    }

    async fn swap(&mut self) -> Result<(i64, Duration), ProjectionError> {
        // A version kept by an earlier rebuild occupies the schema name that the old tables get.
        drop_old_tables(&mut self.lock_connection).await?;
        // The second pass folds the events that were appended during the first, so that few are
        // left for the swap itself.
        for _ in 0..2 {
            self.catch_up(None, &mut |_| ()).await?;
        }
        swap(
            &mut self.lock_connection,
            &mut self.projector,
            &self.reader,
            self.batch,
        )
        .await
    }

    async fn finish(mut self, replaced: PreviousVersion) -> Result<(), ProjectionError> {
        self.projector.session.close().await;
        if replaced == PreviousVersion::Drop {
            drop_old_tables(&mut self.lock_connection).await?;
        }
        release_lock(self.lock_connection).await
    }
}

/// Folds events up to a position or the current end of the log, reading pages ahead.
async fn catch_up(
    projector: &mut Projector,
    reader: &LogReader,
    batch: usize,
    up_to: Option<i64>,
    on_progress: &mut impl FnMut(RebuildProgress),
) -> Result<(), ProjectionError> {
    let mut position = projector.position().await?;
    let head = match up_to {
        Some(up_to) => up_to,
        None => reader.head().await?.position,
    };
    let mut pages = read_ahead::read_pages(
        reader.clone(),
        EventFilter::default(),
        position,
        head,
        batch,
    );
    while position < head {
        let Some(page) = pages.recv().await else {
            break;
        };
        projector.step(&page?.events).await?;
        position = projector.position().await?;
        on_progress(RebuildProgress { position, head });
    }
    Ok(())
}

/// Swaps the schemas. Returns the position of the new read model and how long projecting was
/// blocked.
async fn swap(
    connection: &mut PgConnection,
    projector: &mut Projector,
    reader: &LogReader,
    batch: usize,
) -> Result<(i64, Duration), ProjectionError> {
    // Waits for a running batch of the live projector.
    connection.execute("SET lock_timeout TO '60s'").await?;
    let mut transaction = connection.begin().await?;
    let served: Option<(i64, i64, i64)> =
        sqlx::query_as("SELECT position, generation, numbering FROM read.checkpoint FOR UPDATE")
            .fetch_optional(&mut *transaction)
            .await?;
    let began = Instant::now();
    // Parked events have assigned no ids, so folding them now may change the numbering.
    let had_parked: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM read.parked)")
        .fetch_one(&mut *transaction)
        .await?;
    // Without a checkpoint, no read model was served: a rebuild repairs that too.
    let (live, generation, numbering) =
        served.unwrap_or_else(|| (0, 0, OffsetDateTime::now_utc().unix_timestamp()));
    catch_up(projector, reader, batch, None, &mut |_| ()).await?;
    let position = projector.position().await?;
    if position < live {
        return Err(ProjectionError::AheadOfLog {
            position: live,
            head: position,
        });
    }
    // The old checkpoint row changes too, so that a batch that waits for its lock fails instead of
    // writing to tables that are no longer read.
    for checkpoint in ["read", REBUILD] {
        sqlx::query(&format!(
            "UPDATE {checkpoint}.checkpoint SET generation = $1, numbering = $2"
        ))
        .bind(generation + 1)
        .bind(numbering + i64::from(had_parked))
        .execute(&mut *transaction)
        .await?;
    }
    transaction
        .execute("ALTER SCHEMA read RENAME TO read_old")
        .await?;
    transaction
        .execute("ALTER SCHEMA read_rebuild RENAME TO read")
        .await?;
    transaction.commit().await?;
    Ok((position, began.elapsed()))
}

/// Drops the old tables once they have no readers.
async fn drop_old_tables(connection: &mut PgConnection) -> Result<(), ProjectionError> {
    connection.execute("SET lock_timeout TO '5s'").await?;
    for _ in 0..MAX_DROP_ATTEMPTS {
        match connection
            .execute("DROP SCHEMA IF EXISTS read_old CASCADE")
            .await
        {
            Ok(_) => return Ok(()),
            Err(sqlx::Error::Database(error)) => {
                tracing::info!(%error, "the old read model is still being read");
            }
            Err(error) => return Err(error.into()),
        }
    }
    tracing::warn!(
        "could not drop the old read model; it stays as schema read_old until the next rebuild"
    );
    Ok(())
}
