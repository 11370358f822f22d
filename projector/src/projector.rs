//! A projector: takes events, in order, and leaves rows.

use domain::envelope::Envelope;
use event_log::bell::{Bell, Touched};
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

/// Folds the log into the tables of one schema. Any number of them may run on the same tables: one
/// gets a batch through, the others find the checkpoint moved, look again and go on from there.
pub struct Projector {
    pub(crate) config: ProjectorConfig,
    pub(crate) session: Session,
    pub(crate) pool: PgPool,
    memory: Memory,
    /// Where the tables are; `None` after anything that may have changed it unseen.
    known: Option<Known>,
    /// Whom the batches since the last [`Projector::bell`] concern, if that can be said.
    touched: Option<Touched>,
    /// Whether with their entries.
    tells_entries: bool,
}

/// What holds as long as nobody else writes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    pub checkpoint: Checkpoint,
    /// Events that are parked.
    pub parked: i64,
}

impl Projector {
    /// Opens the served read model of a migrated database.
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

    /// The last event folded, as far as is known.
    pub async fn position(&mut self) -> Result<i64, ProjectError> {
        Ok(self.look().await?.checkpoint.position)
    }

    /// Where the read model is, as far as is known.
    pub async fn checkpoint(&mut self) -> Result<Checkpoint, ProjectError> {
        Ok(self.look().await?.checkpoint)
    }

    /// What to tell those who wait: where the read model is, and whom it concerns that it got there.
    pub async fn bell(&mut self) -> Result<Bell, ProjectError> {
        let position = self.position().await?;
        let touched = self.touched.take();
        Ok(Bell {
            position,
            touched: touched.filter(|touched| touched.to == position),
        })
    }

    /// Whether the bell is to come with entries, where they are few and simple.
    pub fn tell_entries(&mut self, tells: bool) {
        self.tells_entries = tells;
    }

    /// How many events are parked, as far as is known.
    pub async fn parked(&mut self) -> Result<i64, ProjectError> {
        Ok(self.look().await?.parked)
    }

    /// Folds these events, which are in position order and without a gap, in one transaction or a
    /// few. Those that were folded before are passed over. After an error nothing is lost: the
    /// next step looks where the tables are, and says so with [`ProjectError::Gap`] if other events
    /// are due.
    pub async fn step(&mut self, events: &[Envelope]) -> Result<(), ProjectError> {
        let outcome = self.fold_all(events).await;
        if let Err(error) = &outcome {
            self.doubt(error);
        }
        outcome
    }

    /// An error may mean that the tables, or the connection, are not as they were.
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
                // One of these events: halve until it stands alone, then put it aside.
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

    /// Rows that are newer than the checkpoint are damage, unless somebody else has just moved that.
    async fn damage_or_race(&mut self, damage: ProjectError) -> Result<ProjectError, ProjectError> {
        let known = self.look().await?.checkpoint;
        let now = Checkpoint::load(self.session.get().await?).await?;
        Ok(if now == known {
            damage
        } else {
            ProjectError::Fenced
        })
    }

    /// Folds and writes as many of these events as make a transaction of bounded size, at least
    /// one. Says how many that were.
    async fn fold_some(&mut self, events: &[Decoded<'_>]) -> Result<usize, ProjectError> {
        let Known { checkpoint, parked } = self.look().await?;
        let connection = self.session.get().await?;
        let picture = load::picture(
            connection,
            &mut self.memory,
            &checkpoint,
            parked > 0,
            events,
        )
        .await?;
        let mut fold = Fold::new(&self.config, checkpoint.floor, picture);
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
        let Fold { picture, rows, .. } = fold;
        let next = Checkpoint {
            position: last.envelope.position,
            users: picture.user_count,
            conversations: picture.conversation_count,
            event_time: last.envelope.time,
            ..checkpoint
        };
        let batch = Batch {
            config: &self.config,
            from: checkpoint,
            to: next,
            picture: &picture,
            rows: &rows,
        };
        let recipients = batch
            .write(connection, self.tells_entries && told::is_simple(&rows))
            .await
            .map_err(ProjectError::or_damage)?;
        let now = touched(&batch, &recipients);
        self.touched = match self.touched.take() {
            Some(before) => now.and_then(|now| before.and(now)),
            None => now,
        };
        picture.remember(&mut self.memory);
        self.known = Some(Known {
            checkpoint: next,
            parked: parked + rows.parked.len() as i64,
        });
        Ok(folded)
    }
}
