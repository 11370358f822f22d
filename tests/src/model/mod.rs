//! What should be: a small model of conversations, membership and read marks, written from the
//! contract alone. It shares no code with the services.

mod act;
mod conversation;
mod view;

use std::collections::{BTreeMap, BTreeSet};

pub use act::{Act, Outcome, What};
pub use conversation::{Conversation, Member, Message, Role, Stay};
pub use view::Row;

/// Everything that users did so far.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// By id.
    pub conversations: BTreeMap<String, Conversation>,
    /// Everybody who was ever named.
    pub users: BTreeSet<String>,
}

impl Model {
    /// Where a user is a member now.
    pub fn of_user<'a>(
        &'a self,
        user: &'a str,
    ) -> impl Iterator<Item = (&'a String, &'a Conversation)> {
        self.conversations
            .iter()
            .filter(move |(_, conversation)| conversation.is_member(user))
    }
}
