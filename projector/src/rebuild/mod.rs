//! Rebuilds the read model beside the served one, from the first event on, compares and swaps them.
//!
//! The served one is served and projected all the while. The swap is a transaction that holds the
//! served checkpoint's row, so that nothing is projected meanwhile, folds what is left, and renames
//! the schemas. The projector then finds another generation and starts to remember anew.

mod compare;
pub mod kept;
mod tables;

use compare::Snapshot;
pub use compare::{Comparison, Difference};

use std::time::Duration;

use event_log::pages;
use event_log::reader::{Filter, Reader};
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

/// How long the served read model is given to come to where the rebuilt one is.
const SERVED_WITHIN: Duration = Duration::from_secs(10);

/// Between two looks at it.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How often the replaced tables' readers are waited for, as long as `lock_timeout` each. After
/// that the tables stay until the next rebuild.
const DROPS: usize = 6;

/// How far a rebuild is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The last event folded.
    pub position: i64,
    /// The end of the log, when that was last looked at.
    pub head: i64,
}

/// What a rebuild has done.
#[derive(Debug, Clone)]
pub struct Rebuilt {
    /// Where the new read model is.
    pub position: i64,
    /// Where it was begun, or gone on with after a break.
    pub from: i64,
    /// How it compares with the one that was served; nothing if that was behind and did not come closer.
    pub comparison: Option<Comparison>,
    /// How long nothing could be projected.
    pub swap: Duration,
}

/// What becomes of what was served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced {
    /// It goes, and what an earlier rebuild has kept too.
    Dropped,
    /// It stays until it is gone back to, or dropped, or until the next rebuild.
    Kept,
}

/// Rebuilds `read` from the log, compares and swaps. `batch` is the number of events in a transaction. Calls
/// `on_progress` after each. One that was broken off is gone on with. What is replaced is dropped, or kept as schema
/// `read_old` for [`kept::resume`] and [`kept::drop_kept`].
pub async fn rebuild(
    pool: PgPool,
    config: ProjectorConfig,
    batch: usize,
    replaced: Replaced,
    mut on_progress: impl FnMut(Progress) + Send,
) -> Result<Rebuilt, ProjectError> {
    let mut building = Building::begin(pool, config, batch).await?;
    let from = building.projector.position().await?;
    building.fill(&mut on_progress).await?;
    let comparison = building.compare().await?;
    let (position, swap) = building.swap().await?;
    building.end(replaced).await?;
    Ok(Rebuilt {
        position,
        from,
        comparison,
        swap,
    })
}

/// Builds the read model beside the served one, compares the two and throws it away.
pub async fn verify(
    pool: PgPool,
    config: ProjectorConfig,
    batch: usize,
    mut on_progress: impl FnMut(Progress) + Send,
) -> Result<Comparison, ProjectError> {
    let mut building = Building::begin(pool, config, batch).await?;
    building.fill(&mut on_progress).await?;
    let comparison = building.compare().await?;
    let position = building.projector.position().await?;
    building
        .keeper
        .execute("DROP SCHEMA IF EXISTS read_rebuild CASCADE")
        .await?;
    building.end(Replaced::Kept).await?;
    comparison.ok_or(ProjectError::Behind { position })
}

/// A connection of its own: its lock is held as long as it is open, also if this process dies.
async fn alone(pool: &PgPool) -> Result<PgConnection, ProjectError> {
    let mut keeper = pool.connect_options().connect().await?;
    let alone: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
        .bind(LOCK)
        .fetch_one(&mut keeper)
        .await?;
    if !alone {
        return Err(ProjectError::Rebuilding);
    }
    keeper.execute("SET lock_timeout TO '5s'").await?;
    Ok(keeper)
}

/// Gives the lock back. The server would do so too, a moment after the connection is closed: too late for
/// whoever begins at once.
async fn release(mut keeper: PgConnection) -> Result<(), ProjectError> {
    sqlx::query("SELECT pg_advisory_unlock($1)")
        .bind(LOCK)
        .execute(&mut keeper)
        .await?;
    Ok(keeper.close().await?)
}

/// What tables are made by: only the same program goes on with them in the same way.
fn made(config: &ProjectorConfig) -> String {
    format!(
        "made by {}, fan-out up to {}",
        env!("CARGO_PKG_VERSION"),
        config.fanout_threshold
    )
}

/// A read model beside the served one.
struct Building {
    pool: PgPool,
    /// Holds the lock.
    keeper: PgConnection,
    projector: Projector,
    reader: Reader,
    batch: usize,
}

impl Building {
    async fn begin(
        pool: PgPool,
        config: ProjectorConfig,
        batch: usize,
    ) -> Result<Self, ProjectError> {
        let mut keeper = alone(&pool).await?;
        let made = made(&config);
        if tables::can_resume(&mut keeper, &made).await? {
            tracing::info!("going on with the rebuild that was broken off");
        } else {
            tables::create(&mut keeper, &made).await?;
        }
        let reader = Reader::new(pool.clone());
        let config = ProjectorConfig { batch, ..config };
        let projector = Projector::open_schema(pool.clone(), config, REBUILD).await?;
        Ok(Self {
            pool,
            keeper,
            projector,
            reader,
            batch,
        })
    }

    /// Folds all there is, and makes the indexes.
    async fn fill(
        &mut self,
        on_progress: &mut (impl FnMut(Progress) + Send),
    ) -> Result<(), ProjectError> {
        self.catch_up(None, on_progress).await?;
        tables::finish(&mut self.keeper).await?;
        self.catch_up(None, on_progress).await
    }

    /// Compares with the served read model at one position. Projecting stops for the moment in which that
    /// is reached, and goes on while the rows are compared.
    async fn compare(&mut self) -> Result<Option<Comparison>, ProjectError> {
        let rebuilt = self.projector.position().await?;
        let deadline = Instant::now() + SERVED_WITHIN;
        loop {
            let mut transaction = self.keeper.begin().await?;
            let served: Option<(i64, i64)> =
                sqlx::query_as("SELECT position, floor FROM read.checkpoint FOR UPDATE")
                    .fetch_optional(&mut *transaction)
                    .await?;
            // Without a checkpoint nothing was served.
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
        // What an earlier one has kept has the name that the replaced tables get.
        drop_replaced(&mut self.keeper).await?;
        // What has come meanwhile, and then what has come while that was folded: little is left for the moment of
        // the swap.
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

/// Folds up to a position, or the log's present end, pages being read ahead.
async fn catch_up(
    projector: &mut Projector,
    reader: &Reader,
    batch: usize,
    up_to: Option<i64>,
    on_progress: &mut impl FnMut(Progress),
) -> Result<(), ProjectError> {
    let mut position = projector.position().await?;
    let head = match up_to {
        Some(up_to) => up_to,
        None => reader.head().await?.position,
    };
    let mut pages = pages::read_ahead(reader.clone(), Filter::default(), position, head, batch);
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

/// Answers where the new read model is, and how long nothing was projected.
async fn swap(
    keeper: &mut PgConnection,
    projector: &mut Projector,
    reader: &Reader,
    batch: usize,
) -> Result<(i64, Duration), ProjectError> {
    // A batch of the live projector may be under way: that is waited for.
    keeper.execute("SET lock_timeout TO '60s'").await?;
    let mut transaction = keeper.begin().await?;
    let served: Option<(i64, i64, i64)> =
        sqlx::query_as("SELECT position, generation, numbering FROM read.checkpoint FOR UPDATE")
            .fetch_optional(&mut *transaction)
            .await?;
    let began = Instant::now();
    // What was parked had no numbers.
    let had_parked: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM read.parked)")
        .fetch_one(&mut *transaction)
        .await?;
    // Without a checkpoint nothing was served: a rebuild repairs that too.
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
    // The replaced row changes too, so that a batch that waits for it fails instead of being
    // written to tables that nobody reads.
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

/// Drops the replaced tables, once nobody reads them any more.
async fn drop_replaced(keeper: &mut PgConnection) -> Result<(), ProjectError> {
    keeper.execute("SET lock_timeout TO '5s'").await?;
    for _ in 0..DROPS {
        match keeper
            .execute("DROP SCHEMA IF EXISTS read_old CASCADE")
            .await
        {
            Ok(_) => return Ok(()),
            Err(sqlx::Error::Database(error)) => {
                tracing::info!(%error, "the replaced read model is still being read");
            }
            Err(error) => return Err(error.into()),
        }
    }
    tracing::warn!("the replaced read model stays as schema read_old until the next rebuild");
    Ok(())
}
