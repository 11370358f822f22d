//! The fold: applies each event to the rows, in position order, in memory and without a database.
//!
//! The result depends on the events alone, never on where a batch begins or ends. Everything that
//! an event depends on is known *at its position*: counts and read marks are folded event by event,
//! and the parts that SQL decides (the recipients of a fan-out or of an ack's receipts) use the
//! membership periods, which carry positions.
//!
//! Users get their ids in the order in which the log names them: the initial members of a new
//! conversation in the order of the list; for every other event the one user that a row needs
//! (sender, member, invited user, reactor, owner of a mailbox or profile), before the user that a
//! block, a contact or an invitation names. The acting user (`by`) appears in entries by name and
//! gets no id from that. A parked event assigns no ids.

mod access;
mod audit;
mod cases;
mod contacts;
mod conversation;
mod entry_data;
mod fan_out;
mod files;
mod held;
mod history;
mod invitations;
mod mailbox;
mod members;
mod messages;
mod notes;
mod outcome;
mod pins;
mod profile;
mod push;
mod recalls;
mod scheduled;
mod sequence;
mod sessions;
mod state;
mod threads;

pub(crate) use contacts::contact_of;
pub(crate) use entry_data::{TITLED_ENTRY_TYPES, clear_note, clear_reason, clear_title};
pub(crate) use mailbox::{conversation_of, conversation_source};
pub(crate) use state::Fold;

use crate::decode::{DecodedEvent, EventPayload};
use crate::error::ProjectionError;
use crate::rows::{ParkedRow, sanitize_text};
use outcome::{FoldError, FoldOutcome};

impl Fold<'_> {
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
            (None, EventPayload::Profile(user, fact)) => self
                .apply_profile(event.position(), user, fact)
                .map(|()| FoldOutcome::Folded),
            (None, EventPayload::Case(id, fact)) => self
                .apply_case(event.position(), id, fact)
                .map(|()| FoldOutcome::Folded),
            (None, EventPayload::File(id, fact)) => {
                self.apply_file(event.position(), id, fact);
                Ok(FoldOutcome::Folded)
            }
            (None, EventPayload::Desk(id, fact)) => {
                self.apply_desk(event.position(), id, fact);
                Ok(FoldOutcome::Folded)
            }
            (None, EventPayload::Unprojected) => Ok(FoldOutcome::Folded),
            (None, EventPayload::Unreadable(reason)) => Err(FoldError::Poison(reason.clone())),
        };
        match outcome {
            Ok(FoldOutcome::Folded) => self.rows.audit.extend(audit::find_row(event)),
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
