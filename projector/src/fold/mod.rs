//! The fold: applies each event to the rows, in position order, in memory and without a database.
//!
//! The result depends on the events alone, never on where a batch begins or ends. Everything that
//! an event depends on is known *at its position*: counts and read marks are folded event by event,
//! and the parts that SQL decides (the recipients of a fan-out or of an ack's receipts) use the
//! membership periods, which carry positions.
//!
//! Users get their ids in the order in which the log names them: the initial members of a new
//! conversation in the order of the list; for every other event the one user that a row needs
//! (sender, member, reactor, mailbox owner), before the user that a block names. The acting user
//! (`by`) appears in entries by name and gets no id from that. A parked event assigns no ids.

mod conversation;
mod entry_data;
mod fan_out;
mod history;
mod mailbox;
mod members;
mod messages;

pub(crate) use entry_data::{TITLED_ENTRY_TYPES, clear_title};
pub(crate) use mailbox::{conversation_of, conversation_source};

use crate::config::ProjectorConfig;
use crate::decode::{DecodedEvent, EventPayload};
use crate::error::ProjectionError;
use crate::rows::{BatchRows, ParkedRow, sanitize_text};
use crate::working_set::WorkingSet;

/// Why an event cannot be folded.
#[derive(Debug)]
pub(crate) enum FoldError {
    /// The event contradicts earlier events, so it is parked.
    Poison(String),
    /// According to the tables the event was folded before: they do not match the checkpoint.
    Corruption(String),
}

impl From<&str> for FoldError {
    fn from(reason: &str) -> Self {
        Self::Poison(reason.to_owned())
    }
}

impl From<String> for FoldError {
    fn from(reason: String) -> Self {
        Self::Poison(reason)
    }
}

impl From<serde_json::Error> for FoldError {
    fn from(error: serde_json::Error) -> Self {
        Self::Poison(format!("its entry cannot be written: {error}"))
    }
}

/// The result of folding an event.
#[derive(Debug, PartialEq, Eq)]
enum FoldOutcome {
    Folded,
    /// Parked because it refers to this source, which has a parked event.
    Blocked(String),
}

/// The fold of one batch.
pub(crate) struct Fold<'a> {
    config: &'a ProjectorConfig,
    /// Entries at or before this position are not written.
    floor: i64,
    pub working_set: WorkingSet,
    pub rows: BatchRows,
}

impl<'a> Fold<'a> {
    /// `working_set` must contain every existing row that the events refer to.
    pub fn new(config: &'a ProjectorConfig, floor: i64, working_set: WorkingSet) -> Self {
        Self {
            config,
            floor,
            working_set,
            rows: BatchRows::default(),
        }
    }

    /// Folds the next event. An event that cannot be folded is parked and changes nothing else. All
    /// later events from its source are parked behind it.
    pub fn apply(&mut self, event: &DecodedEvent<'_>) -> Result<(), ProjectionError> {
        let blocking = self.parked_source(event);
        let outcome = match (&blocking, &event.payload) {
            (Some(source), _) => Ok(FoldOutcome::Blocked(source.clone())),
            (None, EventPayload::Conversation(id, fact)) => self
                .apply_conversation(event.position(), id, fact)
                .map(|()| FoldOutcome::Folded),
            (None, EventPayload::Mailbox(owner, fact)) => {
                self.apply_mailbox(event.position(), owner, fact)
            }
            (None, EventPayload::Unreadable(reason)) => Err(FoldError::Poison(reason.clone())),
        };
        match outcome {
            Ok(FoldOutcome::Folded) => {}
            Ok(FoldOutcome::Blocked(source)) => {
                let reason = format!("waits behind a parked event of {source}");
                self.rows
                    .parked
                    .push(ParkedRow::new(event.envelope, false, &reason));
            }
            Err(FoldError::Corruption(reason)) => return Err(ProjectionError::Corrupted(reason)),
            Err(FoldError::Poison(reason)) => {
                self.working_set
                    .parked
                    .insert(sanitize_text(&event.envelope.source()));
                self.rows
                    .parked
                    .push(ParkedRow::new(event.envelope, true, &reason));
            }
        }
        Ok(())
    }

    /// The event's own source, if that has a parked event.
    fn parked_source(&self, event: &DecodedEvent<'_>) -> Option<String> {
        if self.working_set.parked.is_empty() {
            return None;
        }
        let source = sanitize_text(&event.envelope.source());
        self.working_set.parked.contains(&source).then_some(source)
    }
}

/// Checks that the events of a source are consecutive. A missing event means that the log is
/// corrupted, a repeated one that the tables are.
fn check_sequence(known: i64, given: i64) -> Result<(), FoldError> {
    if given <= known {
        let reason = format!("an event with sequence {given} follows one with sequence {known}");
        return Err(FoldError::Corruption(reason));
    }
    if given > known + 1 {
        return Err(format!("its sequence is {given}, expected {}", known + 1).into());
    }
    Ok(())
}
