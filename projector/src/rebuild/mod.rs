//! Rebuilds the read model in shadow tables, from the first event on, compares it with the served
//! one and swaps the two.
//!
//! The old read model is served and projected all the time. The swap is a transaction that locks
//! the row of the served checkpoint, so that nothing is projected during the swap, folds the
//! remaining events and renames the schemas. The projector then finds another generation and clears
//! its cache.

mod compare;
pub mod kept;
mod tables;

use compare::Snapshot;
pub use compare::{Comparison, Difference};

use std::time::Duration;

use event_log::read_ahead;
use event_log::reader::{EventFilter, LogReader};
use sqlx::postgres::PgConnection;
use sqlx::types::time::OffsetDateTime;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgPool};
use tokio::time::Instant;

use crate::config::ProjectorConfig;
use crate::error::ProjectError;
use crate::projector::Projector;
use crate::session::REBUILD;

/// The advisory lock that one rebuild of a database holds: "tidings" in ASCII.
const LOCK: i64 = 0x0074_6964_696e_6773;

/// How long to wait for the served read model to catch up with the rebuilt one.
const SERVED_WITHIN: Duration = Duration::from_secs(10);

/// How often to check whether it has caught up.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How often to try to drop the old tables. Each attempt waits `lock_timeout` for their readers.
/// After the last one, the tables stay until the next rebuild.
const DROPS: usize = 6;

/// The progress of a rebuild.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The position of the last folded event.
    pub position: i64,
    /// The end of the log when it was last read.
    pub head: i64,
}

/// The result of a rebuild.
#[derive(Debug, Clone)]
pub struct Rebuilt {
    /// The position of the new read model.
    pub position: i64,
    /// The position at which the rebuild started: 0, or more if it resumed an interrupted one.
    pub from: i64,
    /// The comparison with the read model that was served; `None` if that did not catch up.
    pub comparison: Option<Comparison>,
    /// How long the swap blocked projecting.
    pub swap: Duration,
}

/// What to do with the previous version, which is no longer served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced {
    /// Drop it, along with any version that an earlier rebuild has kept.
    Dropped,
    /// Keep it for a rollback, until it is discarded or until the next rebuild.
    Kept,
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
    replaced: Replaced,
    mut on_progress: impl FnMut(Progress) + Send,
) -> Result<Rebuilt, ProjectError> {
    let mut build = Building::begin(pool, config, batch).await?;
    let from = build.projector.position().await?;
    build.fill(&mut on_progress).await?;
    let comparison = build.compare().await?;
    let (position, swap) = build.swap().await?;
    build.end(replaced).await?;
    Ok(Rebuilt {
        position,
        from,
        comparison,
        swap,
    })
}

/// Builds the read model in shadow tables, compares it with the served one and drops it.
pub async fn verify(
    pool: PgPool,
    config: ProjectorConfig,
    batch: usize,
    mut on_progress: impl FnMut(Progress) + Send,
) -> Result<Comparison, ProjectError> {
    let mut build = Building::begin(pool, config, batch).await?;
    build.fill(&mut on_progress).await?;
    let comparison = build.compare().await?;
    let position = build.projector.position().await?;
    build
        .keeper
        .execute("DROP SCHEMA IF EXISTS read_rebuild CASCADE")
        .await?;
    build.end(Replaced::Kept).await?;
    comparison.ok_or(ProjectError::Behind { position })
}

/// Acquires the rebuild lock on a dedicated connection. Postgres releases the lock when the
/// connection ends, even if this process is killed.
async fn alone(pool: &PgPool) -> Result<PgConnection, ProjectError> {
    let mut connection = pool.connect_options().connect().await?;
    let is_acquired: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
        .bind(LOCK)
        .fetch_one(&mut connection)
        .await?;
    if !is_acquired {
        return Err(ProjectError::Rebuilding);
    }
    connection.execute("SET lock_timeout TO '5s'").await?;
    Ok(connection)
}

/// Releases the lock. The server would also do so a moment after the connection closes, but that
/// would be too late for a rebuild that starts immediately.
async fn release(mut connection: PgConnection) -> Result<(), ProjectError> {
    sqlx::query("SELECT pg_advisory_unlock($1)")
        .bind(LOCK)
        .execute(&mut connection)
        .await?;
    Ok(connection.close().await?)
}

/// Identifies how tables were built: only a rebuild with the same fingerprint can resume them.
fn made(config: &ProjectorConfig) -> String {
    format!(
        "made by {}, fan-out up to {}",
        env!("CARGO_PKG_VERSION"),
        config.fanout_threshold
    )
}

/// A read model that is built in shadow tables, next to the served one.
struct Building {
    pool: PgPool,
    /// The connection that holds the rebuild lock.
    keeper: PgConnection,
    projector: Projector,
    reader: LogReader,
    batch: usize,
}

impl Building {
    async fn begin(
        pool: PgPool,
        config: ProjectorConfig,
        batch: usize,
    ) -> Result<Self, ProjectError> {
        let mut connection = alone(&pool).await?;
        let fingerprint = made(&config);
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
            keeper: connection,
            projector,
            reader,
            batch,
        })
    }

    /// Folds the whole log and creates the indexes.
    async fn fill(
        &mut self,
        on_progress: &mut (impl FnMut(Progress) + Send),
    ) -> Result<(), ProjectError> {
        self.catch_up(None, on_progress).await?;
        tables::finish(&mut self.keeper).await?;
        self.catch_up(None, on_progress).await
    }

    /// Compares with the served read model at the same position. Projecting pauses only until that
    /// position is reached; it continues while the rows are compared.
    async fn compare(&mut self) -> Result<Option<Comparison>, ProjectError> {
        let rebuilt = self.projector.position().await?;
        let deadline = Instant::now() + SERVED_WITHIN;
        loop {
            let mut transaction = self.keeper.begin().await?;
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
                let snapshot = Snapshot::take(&self.pool).await?;
                transaction.rollback().await?;
                return Ok(Some(snapshot.compare(position).await?));
            }
            transaction.rollback().await?;
            if Instant::now() >= deadline {
                return Ok(None);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn catch_up(
        &mut self,
        up_to: Option<i64>,
        on_progress: &mut (impl FnMut(Progress) + Send),
    ) -> Result<(), ProjectError> {
        let (projector, reader) = (&mut self.projector, &self.reader);
        catch_up(projector, reader, self.batch, up_to, on_progress).await
    }

    async fn swap(&mut self) -> Result<(i64, Duration), ProjectError> {
        // A version kept by an earlier rebuild occupies the schema name that the old tables get.
        drop_replaced(&mut self.keeper).await?;
        // The second pass folds the events that were appended during the first, so that few are
        // left for the swap itself.
        for _ in 0..2 {
            self.catch_up(None, &mut |_| ()).await?;
        }
        swap(
            &mut self.keeper,
            &mut self.projector,
            &self.reader,
            self.batch,
        )
        .await
    }

    async fn end(mut self, replaced: Replaced) -> Result<(), ProjectError> {
        self.projector.session.close().await;
        if replaced == Replaced::Dropped {
            drop_replaced(&mut self.keeper).await?;
        }
        release(self.keeper).await
    }
}

/// Folds events up to a position or the current end of the log, reading pages ahead.
async fn catch_up(
    projector: &mut Projector,
    reader: &LogReader,
    batch: usize,
    up_to: Option<i64>,
    on_progress: &mut impl FnMut(Progress),
) -> Result<(), ProjectError> {
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
        on_progress(Progress { position, head });
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
) -> Result<(i64, Duration), ProjectError> {
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
        return Err(ProjectError::Ahead {
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
async fn drop_replaced(connection: &mut PgConnection) -> Result<(), ProjectError> {
    connection.execute("SET lock_timeout TO '5s'").await?;
    for _ in 0..DROPS {
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
