//! The build of a read model in shadow tables.

use std::time::Duration;

use domain::history::LogCursor;
use event_log::reader::LogReader;
use sqlx::{Connection as _, PgPool};
use tokio::time::Instant;

use super::catch_up::{RebuildProgress, catch_up};
use super::compare::{ReadModelComparison, SnapshotPair};
use super::lock::RebuildLock;
use super::start::RebuildStart;
use super::swap::{belongs_to_log, swap};
use super::{rollback, schemas, tables, views};
use crate::config::ProjectorConfig;
use crate::error::ProjectionError;
use crate::projector::Projector;
use crate::session::REBUILD;

/// How long to wait for the served read model to catch up with the rebuilt one.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(10);

/// How often to check whether it has caught up.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// A read model that is built in shadow tables, next to the served one.
pub(super) struct ShadowBuild {
    pool: PgPool,
    lock: RebuildLock,
    projector: Projector,
    reader: LogReader,
    batch: usize,
}

impl ShadowBuild {
    /// Acquires the rebuild lock, and resumes an interrupted build or creates empty tables.
    pub async fn start(
        pool: PgPool,
        config: ProjectorConfig,
        batch: usize,
        start: RebuildStart,
    ) -> Result<Self, ProjectionError> {
        let mut lock = RebuildLock::acquire(&pool).await?;
        views::release_tables(&mut lock.connection).await?;
        let mut fingerprint = tables::build_fingerprint(&config);
        if start == RebuildStart::KeptVersion {
            fingerprint = rollback::fingerprint(&fingerprint);
            rollback::begin(&mut lock.connection, &fingerprint).await?;
        } else {
            rollback::undo(&mut lock.connection).await?;
        }
        let resumes = start != RebuildStart::Scratch;
        if resumes && tables::can_resume(&mut lock.connection, &fingerprint).await? {
            tracing::info!("resuming an interrupted rebuild");
        } else {
            tables::create(&mut lock.connection, &fingerprint).await?;
        }
        let reader = LogReader::new(pool.clone());
        let config = ProjectorConfig { batch, ..config };
        let mut projector = Projector::open_schema(pool.clone(), config, REBUILD).await?;
        let LogCursor { position, tag } = projector.cursor().await?;
        if !belongs_to_log(&reader, position, tag.to_sql()).await? {
            tracing::warn!("the interrupted rebuild belongs to another history; starting over");
            tables::create(&mut lock.connection, &fingerprint).await?;
            projector.invalidate(&ProjectionError::Fenced);
        }
        Ok(Self {
            pool,
            lock,
            projector,
            reader,
            batch,
        })
    }

    /// Returns the position of the last folded event.
    pub async fn position(&mut self) -> Result<i64, ProjectionError> {
        self.projector.position().await
    }

    /// Folds the whole log and creates the indexes.
    pub async fn fill(
        &mut self,
        on_progress: &mut (impl FnMut(RebuildProgress) + Send),
    ) -> Result<(), ProjectionError> {
        self.catch_up(None, on_progress).await?;
        tables::finish(&mut self.lock.connection).await?;
        self.catch_up(None, on_progress).await
    }

    /// Compares with the served read model at the same position. Projecting pauses only until that
    /// position is reached; it continues while the rows are compared.
    pub async fn compare(&mut self) -> Result<Option<ReadModelComparison>, ProjectionError> {
        let rebuilt = self.projector.position().await?;
        let deadline = Instant::now() + CATCH_UP_TIMEOUT;
        loop {
            let mut transaction = self.lock.connection.begin().await?;
            let served: Option<(i64, i32, i64)> =
                sqlx::query_as("SELECT position, tag, floor FROM read.checkpoint FOR UPDATE")
                    .fetch_optional(&mut *transaction)
                    .await?;
            if let Some((position, tag, _)) = served
                && !belongs_to_log(&self.reader, position, tag).await?
            {
                // The events that it has and the log does not have cannot be compared.
                transaction.rollback().await?;
                return Ok(None);
            }
            // Without a checkpoint, no read model was served.
            let (position, _, floor) = served.unwrap_or((rebuilt, 0, 0));
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

    /// Drops the previous version that an earlier rebuild has kept, if there is one.
    pub async fn drop_previous(&mut self) -> Result<(), ProjectionError> {
        Ok(schemas::drop_previous(&mut self.lock.connection).await?)
    }

    /// Makes these tables the served ones. Returns their position and how long projecting was
    /// blocked.
    pub async fn swap(&mut self) -> Result<(i64, Duration), ProjectionError> {
        // A kept version that still has readers occupies the schema name that the old tables get.
        self.drop_previous().await?;
        // The second pass folds the events that were appended during the first, so that few are
        // left for the swap itself.
        for _ in 0..2 {
            self.catch_up(None, &mut |_| ()).await?;
        }
        let connection = &mut self.lock.connection;
        swap(connection, &mut self.projector, &self.reader, self.batch).await
    }

    /// Makes the views that the swap has left show the new tables, once no session reads them.
    pub async fn move_views(&mut self) -> Result<(), ProjectionError> {
        views::move_after_swap(&mut self.lock.connection).await?;
        Ok(())
    }

    /// Drops the shadow tables and ends the build.
    pub async fn discard(mut self) -> Result<(), ProjectionError> {
        schemas::drop_schema(&mut self.lock.connection, REBUILD).await?;
        self.finish().await
    }

    /// Ends the build and releases the lock.
    pub async fn finish(self) -> Result<(), ProjectionError> {
        self.projector.session.close().await;
        self.lock.release().await
    }
}
