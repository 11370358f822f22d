//! Applies the erasure of the notes that a user wrote with requests.

use domain::ids::UserId;
use domain::mailbox::ContactState;
use read_model::entry_type::EntryType;

use super::entry_data;
use super::outcome::FoldError;
use super::state::Fold;
use crate::decode::EventPosition;
use crate::rows::ErasedNotes;

impl Fold<'_> {
    /// Removes the notes from the rows and entries of this batch, and has those of earlier batches
    /// removed when it is written.
    pub(super) fn apply_notes_erased(
        &mut self,
        at: EventPosition,
        user: i64,
        name: &UserId,
    ) -> Result<(), FoldError> {
        for ((one, other), row) in &mut self.rows.contacts {
            let Some(row) = row else { continue };
            let is_own = *one == user && row.state == ContactState::Outgoing.as_str();
            let is_to_other = *other == user && row.state == ContactState::Incoming.as_str();
            if is_own || is_to_other {
                row.note = None;
            }
        }
        self.rows.access.erase_notes(user);
        self.rows.sessions.erase_author(name);
        let closing = EntryType::SessionClosed.as_str();
        for row in self
            .rows
            .timeline
            .iter_mut()
            .filter(|row| row.kind == closing)
        {
            if let Some(data) = &row.data {
                row.data = Some(entry_data::clear_reason(data, Some(name.as_str()))?);
            }
        }
        let kind = EntryType::ContactRequested.as_str();
        let entries = self.rows.timeline.iter_mut();
        for row in entries.filter(|row| row.kind == kind) {
            if let Some(data) = &row.data
                && let Some(cleared) = entry_data::clear_note(data, name.as_str())?
            {
                row.data = Some(cleared.data);
            }
        }
        let erased = ErasedNotes {
            author: name.clone(),
            position: at.position,
        };
        self.rows.erased_notes.insert(user, erased);
        Ok(())
    }
}
