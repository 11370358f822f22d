//! The fold: what each event does to the rows. In memory, without a database, in position order.
//!
//! The result depends on the events alone, never on where a batch begins or ends. Whatever an
//! event needs to know is known *at its position*: counts and marks are folded event by event, and
//! what is left to SQL (who is fanned out to, whom an ack is told) is asked of the stays, which
//! carry positions.
//!
//! Numbers are given in the order in which the log names users: the first members of a new
//! conversation as they are listed; of every other event the one user that a row needs (sender,
//! member, reactor, mailbox owner), before the one that a block names. Who did it (`by`) is told
//! by name, and is not numbered by that. A parked event numbers nobody.

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
    /// It contradicts what came before: it is put aside.
    Poison(String),
    /// It was folded before, or so the tables say: they are not what the checkpoint says.
    Damage(String),
}

impl From<&str> for Impossible {
    fn from(why: &str) -> Self {
        Self::Poison(why.to_owned())
    }
}

impl From<String> for Impossible {
    fn from(why: String) -> Self {
        Self::Poison(why)
    }
}

impl From<serde_json::Error> for Impossible {
    fn from(error: serde_json::Error) -> Self {
        Self::Poison(format!("its entry cannot be written: {error}"))
    }
}

/// What became of an event.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Folded,
    /// Put aside because it speaks of this source, which waits.
    Waits(String),
}

/// One batch in the making.
pub(crate) struct Fold<'a> {
    config: &'a ProjectorConfig,
    /// Entries at or before this position are not kept.
    floor: i64,
    pub picture: Picture,
    pub rows: Rows,
}

impl<'a> Fold<'a> {
    /// `picture` has every row that the events name, as far as it exists.
    pub fn new(config: &'a ProjectorConfig, floor: i64, picture: Picture) -> Self {
        Self {
            config,
            floor,
            picture,
            rows: Rows::default(),
        }
    }

    /// Folds the next event. One that cannot be folded is parked and changes nothing else, and so
    /// is everything of its source after it.
    pub fn take(&mut self, event: &Decoded<'_>) -> Result<(), ProjectError> {
        let waiting = self.waiting(event);
        let outcome = match (&waiting, &event.fact) {
            (Some(source), _) => Ok(Outcome::Waits(source.clone())),
            (None, Fact::Conversation(id, fact)) => self
                .conversation(event.place(), id, fact)
                .map(|()| Outcome::Folded),
            (None, Fact::Mailbox(owner, fact)) => self.mailbox(event.place(), owner, fact),
            (None, Fact::Unreadable(why)) => Err(Impossible::Poison(why.clone())),
        };
        match outcome {
            Ok(Outcome::Folded) => {}
            Ok(Outcome::Waits(source)) => {
                let reason = format!("waits behind a parked event of {source}");
                self.rows
                    .parked
                    .push(ParkedRow::new(event.envelope, false, &reason));
            }
            Err(Impossible::Damage(why)) => return Err(ProjectError::Damaged(why)),
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

    /// The event's own source, if that waits.
    fn waiting(&self, event: &Decoded<'_>) -> Option<String> {
        if self.picture.parked.is_empty() {
            return None;
        }
        let source = storable(&event.envelope.source());
        self.picture.parked.contains(&source).then_some(source)
    }
}

/// Events of a source come in sequence. One is missing if the log was damaged, one comes again if
/// the tables were.
fn check_sequence(known: i64, given: i64) -> Result<(), Impossible> {
    if given <= known {
        let why = format!("an event of sequence {given} comes after one of {known}");
        return Err(Impossible::Damage(why));
    }
    if given > known + 1 {
        return Err(format!("its sequence is {given}, expected {}", known + 1).into());
    }
    Ok(())
}
