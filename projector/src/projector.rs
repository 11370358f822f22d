//! The projector: applies events, in order, to the tables of one schema.

use domain::envelope::Envelope;
use domain::history::LogCursor;
use read_model::projection_signal::{AffectedAudience, ProjectionSignal};
use sqlx::PgPool;

use crate::affected::collect_affected;
use crate::checkpoint::Checkpoint;
use crate::config::{MAX_BATCH_INBOX_ROWS, ProjectorConfig};
use crate::decode::DecodedEvent;
use crate::error::ProjectionError;
use crate::fold::Fold;
use crate::live_entries;
use crate::load;
use crate::row_cache::RowCache;
use crate::session::{LIVE, ProjectorSession};
use crate::write::{self, WriteBatch};

/// Folds the log into the tables of one schema.
///
/// Several projectors may run on the same tables: one commits a batch, the others find that the
/// checkpoint has moved, reload it and continue from there.
pub struct Projector {
    pub(crate) config: ProjectorConfig,
    pub(crate) session: ProjectorSession,
    pub(crate) pool: PgPool,
    cache: RowCache,
    /// The last known checkpoint; `None` after anything that may have changed it.
    cached: Option<CachedCheckpoint>,
    /// The audience of all batches since the last [`Projector::take_signal`], if it is known.
    affected: Option<AffectedAudience>,
    /// Whether the audience includes the entries themselves.
    includes_entries: bool,
}

/// The state of the tables, valid as long as no other process writes them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CachedCheckpoint {
    pub checkpoint: Checkpoint,
    /// The number of parked events.
    pub parked: i64,
}

impl Projector {
    /// Opens a projector for the served read model of a migrated database.
    pub async fn open(pool: PgPool, config: ProjectorConfig) -> Result<Self, ProjectionError> {
        let mut projector = Self::open_schema(pool, config, LIVE).await?;
        write::add_missing_name_keys(projector.session.get().await?).await?;
        Ok(projector)
    }

    pub(crate) async fn open_schema(
        pool: PgPool,
        config: ProjectorConfig,
        schema: &'static str,
    ) -> Result<Self, ProjectionError> {
        let session = ProjectorSession::new(&pool, schema);
        let mut projector = Self {
            config,
            session,
            pool,
            cache: RowCache::new(),
            cached: None,
            affected: None,
            includes_entries: false,
        };
        projector.load_checkpoint().await?;
        Ok(projector)
    }

    /// The position of the last folded event, as far as this projector knows.
    pub async fn position(&mut self) -> Result<i64, ProjectionError> {
        Ok(self.load_checkpoint().await?.checkpoint.position)
    }

    /// The cursor of the last folded event, as far as this projector knows.
    pub async fn cursor(&mut self) -> Result<LogCursor, ProjectionError> {
        Ok(self.load_checkpoint().await?.checkpoint.cursor())
    }

    /// The checkpoint of the read model, as far as this projector knows.
    pub async fn checkpoint(&mut self) -> Result<Checkpoint, ProjectionError> {
        Ok(self.load_checkpoint().await?.checkpoint)
    }

    /// Takes the signal for waiting readers: the position of the read model, and the users for whom
    /// the batches since the last call have entries.
    pub async fn take_signal(&mut self) -> Result<ProjectionSignal, ProjectionError> {
        let cursor = self.cursor().await?;
        let affected = self.affected.take();
        Ok(ProjectionSignal {
            cursor: cursor.into(),
            audience: affected.filter(|affected| affected.to == cursor.position),
        })
    }

    /// Sets whether the signal includes the entries themselves, where they are few and simple.
    pub fn include_entries(&mut self, included: bool) {
        self.includes_entries = included;
    }

    /// The number of parked events, as far as this projector knows.
    pub async fn parked(&mut self) -> Result<i64, ProjectionError> {
        Ok(self.load_checkpoint().await?.parked)
    }

    /// Folds these events in one or more transactions. They must be in position order and without
    /// a gap; events that were folded before are skipped.
    ///
    /// After an error nothing is lost: the next step reloads the checkpoint and returns
    /// [`ProjectionError::Gap`] if it needs other events.
    pub async fn step(&mut self, events: &[Envelope]) -> Result<(), ProjectionError> {
        let outcome = self.fold_all(events).await;
        if let Err(error) = &outcome {
            self.invalidate(error);
        }
        outcome
    }

    /// Discards the cached state after an error: the tables may have changed, or the connection may
    /// be lost.
    pub(crate) fn invalidate(&mut self, error: &ProjectionError) {
        self.cached = None;
        self.cache.clear();
        if !matches!(error, ProjectionError::Gap { .. } | ProjectionError::Fenced) {
            self.session.drop_connection();
        }
    }

    pub(crate) async fn load_checkpoint(&mut self) -> Result<CachedCheckpoint, ProjectionError> {
        if let Some(known) = self.cached {
            return Ok(known);
        }
        self.cache.clear();
        let connection = self.session.get().await?;
        let checkpoint = Checkpoint::load(connection).await?;
        let parked = sqlx::query_scalar("SELECT count(*) FROM parked")
            .fetch_one(connection)
            .await?;
        Ok(*self.cached.insert(CachedCheckpoint { checkpoint, parked }))
    }

    pub(crate) fn advance(&mut self, checkpoint: Checkpoint) {
        if let Some(known) = &mut self.cached {
            known.checkpoint = checkpoint;
        }
    }

    async fn fold_all(&mut self, events: &[Envelope]) -> Result<(), ProjectionError> {
        let position = self.load_checkpoint().await?.checkpoint.position;
        let seen = events.partition_point(|event| event.position <= position);
        let events = &events[seen..];
        for (event, expected) in events.iter().zip(position + 1..) {
            if event.position != expected {
                return Err(ProjectionError::Gap {
                    expected,
                    given: event.position,
                });
            }
        }
        let mut decoded: Vec<_> = events.iter().map(DecodedEvent::new).collect();
        let mut rest = decoded.as_mut_slice();
        let mut at_once = self.config.batch.max(1);
        while !rest.is_empty() {
            let tried = at_once.min(rest.len());
            match self.fold_batch(&rest[..tried]).await {
                Ok(folded) => rest = &mut rest[folded..],
                // One of these events is the cause: halve the batch until that event is alone,
                // then park it.
                Err(error) if error.is_data_error() && tried > 1 => {
                    at_once = tried / 2;
                    self.invalidate(&error);
                }
                Err(error) if error.is_data_error() => {
                    rest[0] = DecodedEvent::poisoned(
                        rest[0].envelope,
                        format!("the tables refuse it: {error}"),
                    );
                    at_once = self.config.batch.max(1);
                    self.invalidate(&error);
                }
                Err(error @ ProjectionError::Corrupted(_)) => {
                    return Err(self.classify_corruption(error).await?);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Rows newer than the checkpoint mean corruption, unless another process has just advanced the
    /// checkpoint.
    async fn classify_corruption(
        &mut self,
        damage: ProjectionError,
    ) -> Result<ProjectionError, ProjectionError> {
        let known = self.load_checkpoint().await?.checkpoint;
        let now = Checkpoint::load(self.session.get().await?).await?;
        Ok(if now == known {
            damage
        } else {
            ProjectionError::Fenced
        })
    }

    /// Folds and writes as many of these events as fit in a transaction of bounded size, at least
    /// one. Returns how many.
    async fn fold_batch(&mut self, events: &[DecodedEvent<'_>]) -> Result<usize, ProjectionError> {
        let CachedCheckpoint { checkpoint, parked } = self.load_checkpoint().await?;
        let connection = self.session.get().await?;
        let working_set =
            load::load_working_set(connection, &mut self.cache, &checkpoint, parked > 0, events)
                .await?;
        let mut fold = Fold::new(&self.config, checkpoint.floor, working_set);
        let mut folded = 0;
        for event in events {
            fold.apply(event)?;
            folded += 1;
            if fold.rows.inbox_rows >= MAX_BATCH_INBOX_ROWS {
                break;
            }
        }
        let Some(last) = events[..folded].last() else {
            return Ok(0);
        };
        let Fold {
            working_set, rows, ..
        } = fold;
        let next = Checkpoint {
            position: last.envelope.position,
            tag: last.envelope.tag.unwrap_or(checkpoint.tag),
            users: working_set.user_count,
            conversations: working_set.conversation_count,
            event_time: last.envelope.time,
            ..checkpoint
        };
        let batch = WriteBatch {
            config: &self.config,
            from: checkpoint,
            to: next,
            tag: last.envelope.tag,
            working_set: &working_set,
            rows: &rows,
        };
        let recipients = batch
            .write(
                connection,
                self.includes_entries && live_entries::can_push(&rows),
            )
            .await
            .map_err(ProjectionError::or_corruption)?;
        let now = collect_affected(&batch, &recipients);
        self.affected = match self.affected.take() {
            Some(before) => now.and_then(|now| before.merge(now)),
            None => now,
        };
        working_set.update_cache(&mut self.cache);
        self.cached = Some(CachedCheckpoint {
            checkpoint: next,
            parked: parked + rows.parked.len() as i64,
        });
        Ok(folded)
    }
}
