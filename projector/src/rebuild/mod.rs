//! Rebuilds the read model beside the served one, from the first event on, and swaps them.
//!
//! The served one is served and projected all the while. The swap is a transaction that holds the
//! served checkpoint's row, so that nothing is projected meanwhile, folds what is left, and renames
//! the schemas. The projector then finds another generation and starts to remember anew.

mod tables;

use sqlx::postgres::PgConnection;
use sqlx::types::time::OffsetDateTime;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgPool};

use event_log::pages;
use event_log::reader::{Filter, Reader};

use crate::config::ProjectorConfig;
use crate::error::ProjectError;
use crate::projector::Projector;
use crate::session::REBUILD;

/// The advisory lock that one rebuild of a database holds: "tidings" in ASCII.
const LOCK: i64 = 0x0074_6964_696e_6773;

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

/// Rebuilds `read` from the log. `batch` is the number of events in a transaction. Calls
/// `on_progress` after each. Answers where the new read model is.
pub async fn rebuild(
    pool: PgPool,
    config: ProjectorConfig,
    batch: usize,
    mut on_progress: impl FnMut(Progress) + Send,
) -> Result<Progress, ProjectError> {
    // Its own connection: the lock is held as long as that is open, also if this process dies.
    let mut keeper = pool.connect_options().connect().await?;
    let alone: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
        .bind(LOCK)
        .fetch_one(&mut keeper)
        .await?;
    if !alone {
        return Err(ProjectError::Rebuilding);
    }
    keeper.execute("SET lock_timeout TO '5s'").await?;
    let later = tables::create(&mut keeper).await?;
    let reader = Reader::new(pool.clone());
    let config = ProjectorConfig { batch, ..config };
    let mut projector = Projector::open_schema(pool, config, REBUILD).await?;
    catch_up(&mut projector, &reader, batch, &mut on_progress).await?;
    tables::finish(&mut keeper, &later).await?;
    catch_up(&mut projector, &reader, batch, &mut on_progress).await?;
    let position = swap(&mut keeper, &mut projector, &reader, batch).await?;
    projector.session.close().await;
    drop_replaced(&mut keeper).await?;
    keeper.close().await?;
    Ok(Progress {
        position,
        head: reader.head().await?.position,
    })
}

/// Folds up to the log's present end, pages being read ahead.
async fn catch_up(
    projector: &mut Projector,
    reader: &Reader,
    batch: usize,
    on_progress: &mut impl FnMut(Progress),
) -> Result<(), ProjectError> {
    let mut position = projector.position().await?;
    let head = reader.head().await?.position;
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

async fn swap(
    keeper: &mut PgConnection,
    projector: &mut Projector,
    reader: &Reader,
    batch: usize,
) -> Result<i64, ProjectError> {
    // A batch of the live projector may be under way: that is waited for.
    keeper.execute("SET lock_timeout TO '60s'").await?;
    let mut transaction = keeper.begin().await?;
    let served: Option<(i64, i64, i64)> =
        sqlx::query_as("SELECT position, generation, numbering FROM read.checkpoint FOR UPDATE")
            .fetch_optional(&mut *transaction)
            .await?;
    // What was parked had no numbers.
    let had_parked: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM read.parked)")
        .fetch_one(&mut *transaction)
        .await?;
    // Without a checkpoint nothing was served: a rebuild repairs that too.
    let (live, generation, numbering) =
        served.unwrap_or_else(|| (0, 0, OffsetDateTime::now_utc().unix_timestamp()));
    catch_up(projector, reader, batch, &mut |_| ()).await?;
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
    Ok(position)
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
