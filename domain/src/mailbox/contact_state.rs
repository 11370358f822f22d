//! What two users are to each other, as it follows from the acts in both of their mailboxes.

use serde::{Deserialize, Serialize};

/// The acts of the owner of a mailbox towards one other user. The default is that of no acts.
///
/// It is stored in snapshots; the serialized field names must not change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactActs {
    /// The number of the owner's request, 0 if there is none.
    pub(super) asked: i64,
    /// The number of the owner's last removal of the other user, 0 if there is none.
    pub(super) removed: i64,
}

/// What a user is to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContactState {
    /// Both have asked: they are contacts.
    Contact,
    /// The other user has asked.
    Incoming,
    /// The user has asked.
    Outgoing,
}

impl ContactState {
    /// The name used in the API and in the tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Incoming => "incoming",
            Self::Outgoing => "outgoing",
        }
    }

    /// The state between two users, as the one whose acts are `own` sees it.
    pub fn between(own: ContactActs, other: ContactActs) -> Option<Self> {
        match (own.asks(other), other.asks(own)) {
            (true, true) => Some(Self::Contact),
            (false, true) => Some(Self::Incoming),
            (true, false) => Some(Self::Outgoing),
            (false, false) => None,
        }
    }
}

impl ContactActs {
    /// Whether the request counts: it is newer than the last removal by the other user.
    fn asks(self, other: Self) -> bool {
        self.asked > other.removed
    }

    /// The number of the next act between the two users.
    pub(super) fn next_number(self, other: Self) -> i64 {
        let last = self.asked.max(self.removed);
        last.max(other.asked).max(other.removed) + 1
    }
}
