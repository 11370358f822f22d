//! Follows the log: reads a page, does what follows from it, and stores the progress.

use std::time::{Duration, Instant};

use connectivity::postgres::SessionLease;
use domain::history::LogCursor;
use event_log::reader::LogReader;
use event_log::{FlaggedFilter, LogError};
use moderation::flood::FloodOffence;
use moderation::{ModerationAct, ModerationFold};

use super::acts::perform_all;
use super::lease;
use super::progress;
use super::resume::{log_unless_decoded, resume_fold};
use crate::state::CommandState;

/// How many events of the log one step covers.
const MAX_EVENTS_PER_STEP: i64 = 5_000;

/// How often the progress is stored while nothing is done.
const STORE_INTERVAL: Duration = Duration::from_secs(1);

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowOutcome {
    /// There is more in the log.
    Advanced,
    /// This was all.
    Current,
    /// Another process follows the log.
    Standby,
}

/// Follows the log for moderators, unless another process does.
pub struct ModerationFollower {
    state: CommandState,
    reader: LogReader,
    active: Option<ActiveFollower>,
}

/// What the process that follows the log holds.
struct ActiveFollower {
    lease: SessionLease,
    fold: ModerationFold,
    /// Everything up to here is done.
    cursor: Option<LogCursor>,
    /// The progress that is stored, and when it was.
    stored: Option<LogCursor>,
    stored_at: Instant,
}

impl ModerationFollower {
    /// A follower that sends its commands to this service.
    pub fn new(state: CommandState) -> Self {
        let reader = LogReader::new(state.log().pool().clone());
        Self {
            state,
            reader,
            active: None,
        }
    }

    /// Follows the log a bit. After an error it begins again with what is stored, and perhaps
    /// another process goes on.
    pub async fn step(&mut self) -> Result<FollowOutcome, LogError> {
        let active = match self.active.take() {
            Some(active) => Some(active),
            None => self.activate().await?,
        };
        let Some(mut active) = active else {
            return Ok(FollowOutcome::Standby);
        };
        let outcome = self.follow(&mut active).await?;
        self.active = Some(active);
        Ok(outcome)
    }

    /// Stores the progress, and lets another process follow.
    pub async fn release(mut self) {
        if let Some(mut active) = self.active.take() {
            // What is not stored is done again, to the same effect.
            let _ = active.store(&[]).await;
            active.lease.release().await;
        }
    }

    /// Takes the lease, and continues with what is stored. `None` if another process has it.
    async fn activate(&self) -> Result<Option<ActiveFollower>, LogError> {
        let pool = self.state.log().pool();
        let Some(mut lease) = lease::try_acquire(pool).await? else {
            return Ok(None);
        };
        let connection = lease.connection();
        let mut cursor = progress::load_cursor(connection).await?;
        let (head, history) = (
            self.reader.head().await?.position,
            self.reader.history().await?,
        );
        if let Some(lost) = cursor.filter(|at| at.position > head || !history.contains(*at)) {
            tracing::warn!(
                position = lost.position,
                "the log was restored or has lost events; following it for moderators from the \
                 last position that it still has"
            );
            cursor = progress::rewind(connection, lost, &history, head).await?;
        }
        let offences = progress::load_offences(connection).await?;
        let fold = resume_fold(&self.reader, cursor, offences).await?;
        tracing::info!(
            position = cursor.map_or(0, |cursor| cursor.position),
            "following the log for moderators"
        );
        Ok(Some(ActiveFollower {
            lease,
            fold,
            cursor,
            stored: cursor,
            stored_at: Instant::now(),
        }))
    }

    async fn follow(&self, active: &mut ActiveFollower) -> Result<FollowOutcome, LogError> {
        let needed = active.fold.needed();
        let filter = FlaggedFilter {
            types: needed.types().map(str::to_owned).collect(),
            flagged: needed
                .flagged_types()
                .iter()
                .map(ToString::to_string)
                .collect(),
        };
        let page = self
            .reader
            .read_flagged(active.cursor, &filter, MAX_EVENTS_PER_STEP);
        let Some(mut page) = page.await? else {
            let lost = "the log no longer has what was followed".to_owned();
            return Err(LogError::Unavailable(lost));
        };
        let mut acts = Vec::new();
        for event in &page.events {
            let found = log_unless_decoded(event, active.fold.apply(event));
            acts.extend(found.unwrap_or_default());
            if active.fold.needed() != needed {
                // From here on, the page lacks events that new rules need.
                let at = event.position;
                page.reached = event.tag.map(|tag| LogCursor { position: at, tag });
                page.is_last = false;
                break;
            }
        }
        let offences = acts.iter().filter_map(ModerationAct::offence).cloned();
        let offences: Vec<FloodOffence> = offences.collect();
        let has_acted = !acts.is_empty();
        perform_all(&self.state, acts).await?;
        active.cursor = page.reached;
        if has_acted || active.is_store_due() {
            active.store(&offences).await?;
        }
        Ok(if page.is_last {
            FollowOutcome::Current
        } else {
            FollowOutcome::Advanced
        })
    }
}

impl ActiveFollower {
    fn is_store_due(&self) -> bool {
        self.cursor != self.stored && self.stored_at.elapsed() >= STORE_INTERVAL
    }

    async fn store(&mut self, offences: &[FloodOffence]) -> Result<(), LogError> {
        let first = self.fold.floods().first_offence();
        progress::store(self.lease.connection(), self.cursor, offences, first).await?;
        (self.stored, self.stored_at) = (self.cursor, Instant::now());
        Ok(())
    }
}
