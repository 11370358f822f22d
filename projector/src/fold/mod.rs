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

mod audience;
mod conversation;
mod entry;
mod history;
mod mailbox;
mod members;
mod messages;

pub(crate) use entry::{TITLED, untitled};
pub(crate) use mailbox::{conversation_of, source_of};

use crate::config::ProjectorConfig;
use crate::decode::{Decoded, Fact};
use crate::error::ProjectError;
use crate::picture::Picture;
use crate::rows::{ParkedRow, Rows, storable};

/// Why an event cannot be folded.
#[derive(Debug)]
pub(crate) enum Impossible {
    /// The event contradicts earlier events, so it is parked.
    Poison(String),
    /// According to the tables the event was folded before: they do not match the checkpoint.
    Damage(String),
}

impl From<&str> for Impossible {
    fn from(reason: &str) -> Self {
        Self::Poison(reason.to_owned())
    }
}

impl From<String> for Impossible {
    fn from(reason: String) -> Self {
        Self::Poison(reason)
    }
}

impl From<serde_json::Error> for Impossible {
    fn from(error: serde_json::Error) -> Self {
        Self::Poison(format!("its entry cannot be written: {error}"))
    }
}

/// The result of folding an event.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Folded,
    /// Parked because it refers to this source, which has a parked event.
    Waits(String),
}

/// The fold of one batch.
pub(crate) struct Fold<'a> {
    config: &'a ProjectorConfig,
    /// Entries at or before this position are not written.
    floor: i64,
    pub picture: Picture,
    pub rows: Rows,
}

impl<'a> Fold<'a> {
    /// `working_set` must contain every existing row that the events refer to.
    pub fn new(config: &'a ProjectorConfig, floor: i64, working_set: Picture) -> Self {
        Self {
            config,
            floor,
            picture: working_set,
            rows: Rows::default(),
        }
    }

    /// Folds the next event. An event that cannot be folded is parked and changes nothing else. All
    /// later events from its source are parked behind it.
    pub fn take(&mut self, event: &Decoded<'_>) -> Result<(), ProjectError> {
        let blocking = self.waiting(event);
        let outcome = match (&blocking, &event.fact) {
            (Some(source), _) => Ok(Outcome::Waits(source.clone())),
            (None, Fact::Conversation(id, fact)) => self
                .conversation(event.place(), id, fact)
                .map(|()| Outcome::Folded),
            (None, Fact::Mailbox(owner, fact)) => self.mailbox(event.place(), owner, fact),
            (None, Fact::Unreadable(reason)) => Err(Impossible::Poison(reason.clone())),
        };
        match outcome {
            Ok(Outcome::Folded) => {}
            Ok(Outcome::Waits(source)) => {
                let reason = format!("waits behind a parked event of {source}");
                self.rows
                    .parked
                    .push(ParkedRow::new(event.envelope, false, &reason));
            }
            Err(Impossible::Damage(reason)) => return Err(ProjectError::Damaged(reason)),
            Err(Impossible::Poison(reason)) => {
                self.picture
                    .parked
                    .insert(storable(&event.envelope.source()));
                self.rows
                    .parked
                    .push(ParkedRow::new(event.envelope, true, &reason));
            }
        }
        Ok(())
    }

    /// The event's own source, if that has a parked event.
    fn waiting(&self, event: &Decoded<'_>) -> Option<String> {
        if self.picture.parked.is_empty() {
            return None;
        }
        let source = storable(&event.envelope.source());
        self.picture.parked.contains(&source).then_some(source)
    }
}

/// Checks that the events of a source are consecutive. A missing event means that the log is
/// corrupted, a repeated one that the tables are.
fn check_sequence(known: i64, given: i64) -> Result<(), Impossible> {
    if given <= known {
        let reason = format!("an event with sequence {given} follows one with sequence {known}");
        return Err(Impossible::Damage(reason));
    }
    if given > known + 1 {
        return Err(format!("its sequence is {given}, expected {}", known + 1).into());
    }
    Ok(())
}
