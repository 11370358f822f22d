//! Rules for contacts: two users who have both asked for it.
//!
//! Every act of a user towards another one is one event, in the user's own mailbox. What the two
//! are to each other follows from both mailboxes: a request counts until either user removes the
//! other. So an act is whole as soon as its one event is stored, and no second mailbox has to
//! follow. The acts between two users are numbered across both mailboxes; a decision relies on
//! both, so the numbers are in the order of the log.

use super::Mailbox;
use super::command::{AddContact, RemoveContact};
use super::contact_state::{ContactActs, ContactState};
use super::event::{ContactAdded, ContactRemoved, ContactRequested, MailboxEvent};
use crate::ids::UserId;
use crate::limits::Limits;
use crate::refusal::Refusal;

impl Mailbox {
    /// The acts of the owner towards this user.
    pub fn contact_acts(&self, user: &UserId) -> ContactActs {
        self.contacts.get(user).copied().unwrap_or_default()
    }

    pub(super) fn add_contact(
        &self,
        add: AddContact,
        limits: &Limits,
    ) -> Result<Option<MailboxEvent>, Refusal> {
        let AddContact { user, note, other } = add;
        let own = self.contact_acts(&user);
        let number = own.next_number(other);
        let event = match ContactState::between(own, other) {
            Some(ContactState::Contact | ContactState::Outgoing) => return Ok(None),
            Some(ContactState::Incoming) => {
                MailboxEvent::ContactAdded(ContactAdded { user, number })
            }
            None => MailboxEvent::ContactRequested(ContactRequested { user, note, number }),
        };
        let most = limits.contacts;
        if own == ContactActs::default() && self.contacts.len() >= most {
            return Err(Refusal::invalid(
                "user",
                format!("A user can have at most {most} contacts and requests."),
            ));
        }
        Ok(Some(event))
    }

    pub(super) fn remove_contact(&self, remove: RemoveContact) -> Option<MailboxEvent> {
        let RemoveContact { user, other } = remove;
        let own = self.contact_acts(&user);
        ContactState::between(own, other)?;
        // The removal of a user who has asked nothing needs no memory.
        let number = (other.asked > 0).then(|| own.next_number(other));
        Some(MailboxEvent::ContactRemoved(ContactRemoved {
            user,
            number,
        }))
    }

    pub(super) fn apply_contact_asked(&mut self, user: UserId, number: i64) {
        self.contacts.entry(user).or_default().asked = number;
    }

    pub(super) fn apply_contact_removed(&mut self, removed: ContactRemoved) {
        match removed.number {
            Some(number) => {
                let acts = ContactActs {
                    asked: 0,
                    removed: number,
                };
                self.contacts.insert(removed.user, acts);
            }
            None => {
                self.contacts.remove(&removed.user);
            }
        }
    }
}
