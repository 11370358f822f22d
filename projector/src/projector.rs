//! The projector: applies events, in order, to the tables of one schema.

use domain::envelope::Envelope;
use event_log::projection_signal::{AffectedAudience, ProjectionSignal};
use sqlx::PgPool;

use crate::checkpoint::Checkpoint;
use crate::config::{INBOX_ROWS, ProjectorConfig};
use crate::decode::Decoded;
use crate::error::ProjectError;
use crate::fold::Fold;
use crate::load;
use crate::memory::Memory;
use crate::session::{LIVE, Session};
use crate::told;
use crate::touched::touched;
use crate::write::Batch;

/// Folds the log into the tables of one schema.
///
/// Several projectors may run on the same tables: one commits a batch, the others find that the
/// checkpoint has moved, reload it and continue from there.
pub struct Projector {
    pub(crate) config: ProjectorConfig,
    pub(crate) session: Session,
    pub(crate) pool: PgPool,
    memory: Memory,
    /// The last known checkpoint; `None` after anything that may have changed it.
    known: Option<Known>,
    /// The audience of all batches since the last [`Projector::take_signal`], if it is known.
    touched: Option<AffectedAudience>,
    /// Whether the audience includes the entries themselves.
    tells_entries: bool,
}

/// The state of the tables, valid as long as no other process writes them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    pub checkpoint: Checkpoint,
    /// The number of parked events.
    pub parked: i64,
}

impl Projector {
    /// Opens a projector for the served read model of a migrated database.
    pub async fn open(pool: PgPool, config: ProjectorConfig) -> Result<Self, ProjectError> {
        Self::open_schema(pool, config, LIVE).await
    }

    pub(crate) async fn open_schema(
        pool: PgPool,
        config: ProjectorConfig,
        schema: &'static str,
    ) -> Result<Self, ProjectError> {
        let session = Session::new(&pool, schema);
        let mut projector = Self {
            config,
            session,
            pool,
            memory: Memory::new(),
            known: None,
            touched: None,
            tells_entries: false,
        };
        projector.look().await?;
        Ok(projector)
    }

    /// The position of the last folded event, as far as this projector knows.
    pub async fn position(&mut self) -> Result<i64, ProjectError> {
        Ok(self.look().await?.checkpoint.position)
    }

    /// The checkpoint of the read model, as far as this projector knows.
    pub async fn checkpoint(&mut self) -> Result<Checkpoint, ProjectError> {
        Ok(self.look().await?.checkpoint)
    }

    /// Takes the signal for waiting readers: the position of the read model, and the users for whom
    /// the batches since the last call have entries.
    pub async fn bell(&mut self) -> Result<ProjectionSignal, ProjectError> {
        let position = self.position().await?;
        let affected = self.touched.take();
        Ok(ProjectionSignal {
            position,
            audience: affected.filter(|affected| affected.to == position),
        })
    }

    /// Sets whether the signal includes the entries themselves, where they are few and simple.
    pub fn tell_entries(&mut self, included: bool) {
        self.tells_entries = included;
    }

    /// The number of parked events, as far as this projector knows.
    pub async fn parked(&mut self) -> Result<i64, ProjectError> {
        Ok(self.look().await?.parked)
    }

    /// Folds these events in one or more transactions. They must be in position order and without
    /// a gap; events that were folded before are skipped.
    ///
    /// After an error nothing is lost: the next step reloads the checkpoint and returns
    /// [`ProjectionError::Gap`] if it needs other events.
    pub async fn step(&mut self, events: &[Envelope]) -> Result<(), ProjectError> {
        let outcome = self.fold_all(events).await;
        if let Err(error) = &outcome {
            self.doubt(error);
        }
        outcome
    }

    /// Discards the cached state after an error: the tables may have changed, or the connection may
    /// be lost.
    pub(crate) fn doubt(&mut self, error: &ProjectError) {
        self.known = None;
        self.memory.forget();
        if !matches!(error, ProjectError::Gap { .. } | ProjectError::Fenced) {
            self.session.drop_connection();
        }
    }

    pub(crate) async fn look(&mut self) -> Result<Known, ProjectError> {
        if let Some(known) = self.known {
            return Ok(known);
        }
        self.memory.forget();
        let connection = self.session.get().await?;
        let checkpoint = Checkpoint::load(connection).await?;
        let parked = sqlx::query_scalar("SELECT count(*) FROM parked")
            .fetch_one(connection)
            .await?;
        Ok(*self.known.insert(Known { checkpoint, parked }))
    }

    pub(crate) fn moved_to(&mut self, checkpoint: Checkpoint) {
        if let Some(known) = &mut self.known {
            known.checkpoint = checkpoint;
        }
    }

    async fn fold_all(&mut self, events: &[Envelope]) -> Result<(), ProjectError> {
        let position = self.look().await?.checkpoint.position;
        let seen = events.partition_point(|event| event.position <= position);
        let events = &events[seen..];
        for (event, expected) in events.iter().zip(position + 1..) {
            if event.position != expected {
                return Err(ProjectError::Gap {
                    expected,
                    given: event.position,
                });
            }
        }
        let mut decoded: Vec<_> = events.iter().map(Decoded::new).collect();
        let mut rest = decoded.as_mut_slice();
        let mut at_once = self.config.batch.max(1);
        while !rest.is_empty() {
            let tried = at_once.min(rest.len());
            match self.fold_some(&rest[..tried]).await {
                Ok(folded) => rest = &mut rest[folded..],
                // One of these events is the cause: halve the batch until that event is alone,
                // then park it.
                Err(error) if error.is_about_data() && tried > 1 => {
                    at_once = tried / 2;
                    self.doubt(&error);
                }
                Err(error) if error.is_about_data() => {
                    rest[0] = Decoded::condemned(
                        rest[0].envelope,
                        format!("the tables refuse it: {error}"),
                    );
                    at_once = self.config.batch.max(1);
                    self.doubt(&error);
                }
                Err(error @ ProjectError::Damaged(_)) => {
                    return Err(self.damage_or_race(error).await?);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Rows newer than the checkpoint mean corruption, unless another process has just advanced the
    /// checkpoint.
    async fn damage_or_race(&mut self, damage: ProjectError) -> Result<ProjectError, ProjectError> {
        let known = self.look().await?.checkpoint;
        let now = Checkpoint::load(self.session.get().await?).await?;
        Ok(if now == known {
            damage
        } else {
            ProjectError::Fenced
        })
    }

    /// Folds and writes as many of these events as fit in a transaction of bounded size, at least
    /// one. Returns how many.
    async fn fold_some(&mut self, events: &[Decoded<'_>]) -> Result<usize, ProjectError> {
        let Known { checkpoint, parked } = self.look().await?;
        let connection = self.session.get().await?;
        let working_set = load::picture(
            connection,
            &mut self.memory,
            &checkpoint,
            parked > 0,
            events,
        )
        .await?;
        let mut fold = Fold::new(&self.config, checkpoint.floor, working_set);
        let mut folded = 0;
        for event in events {
            fold.take(event)?;
            folded += 1;
            if fold.rows.told >= INBOX_ROWS {
                break;
            }
        }
        let Some(last) = events[..folded].last() else {
            return Ok(0);
        };
        let Fold {
            picture: working_set,
            rows,
            ..
        } = fold;
        let next = Checkpoint {
            position: last.envelope.position,
            users: working_set.user_count,
            conversations: working_set.conversation_count,
            event_time: last.envelope.time,
            ..checkpoint
        };
        let batch = Batch {
            config: &self.config,
            from: checkpoint,
            to: next,
            picture: &working_set,
            rows: &rows,
        };
        let recipients = batch
            .write(connection, self.tells_entries && told::is_simple(&rows))
            .await
            .map_err(ProjectError::or_damage)?;
        let now = touched(&batch, &recipients);
        self.touched = match self.touched.take() {
            Some(before) => now.and_then(|now| before.merge(now)),
            None => now,
        };
        working_set.remember(&mut self.memory);
        self.known = Some(Known {
            checkpoint: next,
            parked: parked + rows.parked.len() as i64,
        });
        Ok(folded)
    }
}
