//! Applies requests and contacts. Each event is an act of the owner of a mailbox; both users have a
//! row and get an entry of their own.

use domain::ids::UserId;
use domain::mailbox::ContactState;
use domain::mailbox::event::MailboxEvent;
use domain::texts::ContactNote;
use read_model::entry_type::EntryType;

use super::entry_data::{ContactData, ContactRequestData, to_json};
use super::fan_out::TimelineEntry;
use super::outcome::FoldError;
use super::state::Fold;
use crate::decode::EventPosition;
use crate::rows::ContactRow;

/// The owner of the mailbox, or the other user.
#[derive(Clone, Copy)]
struct Party<'a> {
    id: i64,
    name: &'a UserId,
}

impl Fold<'_> {
    /// Applies an event that concerns contacts; does nothing for any other event.
    pub(super) fn apply_contact_event(
        &mut self,
        at: EventPosition,
        owner: &UserId,
        event: &MailboxEvent,
    ) -> Result<(), FoldError> {
        let Some(other) = contact_of(event) else {
            return Ok(());
        };
        // The owner has an id already.
        let owner = Party {
            id: self.assign_user_id(owner),
            name: owner,
        };
        let other = Party {
            id: self.assign_user_id(other),
            name: other,
        };
        match event {
            MailboxEvent::ContactRequested(requested) => {
                self.apply_contact_requested(at, owner, other, requested.note.as_ref())
            }
            MailboxEvent::ContactAdded(_) => self.apply_contact_added(at, owner, other),
            _ => self.apply_contact_removed(at, owner, other),
        }
    }

    /// A user who blocks the user who asked does not learn of the request, not even later.
    fn apply_contact_requested(
        &mut self,
        at: EventPosition,
        owner: Party<'_>,
        other: Party<'_>,
        note: Option<&ContactNote>,
    ) -> Result<(), FoldError> {
        let hidden = self.is_blocked((other.id, owner.id));
        let row = |state: ContactState, hidden| ContactRow {
            state: state.as_str(),
            note: note.cloned(),
            position: at.position,
            at: at.time,
            hidden,
        };
        self.set_contact(
            (owner.id, other.id),
            Some(row(ContactState::Outgoing, false)),
        );
        self.set_contact(
            (other.id, owner.id),
            Some(row(ContactState::Incoming, hidden)),
        );
        let data = |user| {
            to_json(&ContactRequestData {
                user,
                note,
                by: owner.name,
            })
        };
        let kind = EntryType::ContactRequested;
        self.add_private_entry(at, owner.id, kind, data(other.name)?);
        if !hidden {
            self.add_private_entry(at, other.id, kind, data(owner.name)?);
        }
        Ok(())
    }

    fn apply_contact_added(
        &mut self,
        at: EventPosition,
        owner: Party<'_>,
        other: Party<'_>,
    ) -> Result<(), FoldError> {
        for (one, peer) in [(owner, other), (other, owner)] {
            let row = ContactRow {
                state: ContactState::Contact.as_str(),
                note: None,
                position: at.position,
                at: at.time,
                hidden: false,
            };
            self.set_contact((one.id, peer.id), Some(row));
            let data = to_json(&ContactData { user: peer.name })?;
            self.add_private_entry(at, one.id, EntryType::ContactAdded, data);
        }
        Ok(())
    }

    fn apply_contact_removed(
        &mut self,
        at: EventPosition,
        owner: Party<'_>,
        other: Party<'_>,
    ) -> Result<(), FoldError> {
        for (one, peer) in [(owner, other), (other, owner)] {
            let hidden = self.is_hidden_contact((one.id, peer.id));
            self.set_contact((one.id, peer.id), None);
            if !hidden {
                let data = to_json(&ContactData { user: peer.name })?;
                self.add_private_entry(at, one.id, EntryType::ContactRemoved, data);
            }
        }
        Ok(())
    }

    fn set_contact(&mut self, key: (i64, i64), row: Option<ContactRow>) {
        self.rows.contacts.insert(key, row);
    }

    /// Whether a user must not learn of the request of another one.
    fn is_hidden_contact(&self, key: (i64, i64)) -> bool {
        match self.rows.contacts.get(&key) {
            Some(row) => row.as_ref().is_some_and(|row| row.hidden),
            None => self.working_set.hidden_contacts.contains(&key),
        }
    }

    /// Whether the first user blocks the second one at this position.
    pub(super) fn is_blocked(&self, key: (i64, i64)) -> bool {
        match self.rows.blocks.get(&key) {
            Some(is_blocked) => *is_blocked,
            None => self.working_set.blocks.contains(&key),
        }
    }

    /// Adds an entry without a conversation for one user alone.
    pub(super) fn add_private_entry(
        &mut self,
        at: EventPosition,
        user: i64,
        kind: EntryType,
        data: Option<String>,
    ) {
        let entry = TimelineEntry {
            kind,
            subject: Some(user),
            seq: None,
            data,
        };
        self.add_personal_entry(-user, at, user, entry);
    }
}

/// The other user of an event that concerns contacts.
pub(crate) fn contact_of(event: &MailboxEvent) -> Option<&UserId> {
    match event {
        MailboxEvent::ContactRequested(requested) => Some(&requested.user),
        MailboxEvent::ContactAdded(added) => Some(&added.user),
        MailboxEvent::ContactRemoved(removed) => Some(&removed.user),
        _ => None,
    }
}
