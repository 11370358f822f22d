//! A reference model of conversations, membership and read marks, written from the API contract
//! alone. It shares no code with the services.

mod act;
mod conversation;
mod desk;
mod desk_rules;
mod thread_mark;
mod threads;
mod view;

use std::collections::{BTreeMap, BTreeSet};

pub use act::{Act, Action, Outcome};
pub use conversation::{MemberRole, ModelConversation, ModelMember, ModelMessage, ModelPeriod};
pub use desk::{DeskAction, ModelDesk, ModelSession};
pub use thread_mark::{ModelThreadChoice, ModelThreadMark};
pub use threads::{ModelReplies, ThreadRow};
pub use view::InboxRow;

/// The state after everything that users did so far.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// The conversations by id.
    pub conversations: BTreeMap<String, ModelConversation>,
    /// Every user who was ever named.
    pub users: BTreeSet<String>,
    /// The agents of each service desk.
    pub desks: BTreeMap<String, Vec<String>>,
}

impl Model {
    /// The conversations in which a user is currently a member.
    pub fn conversations_of<'a>(
        &'a self,
        user: &'a str,
    ) -> impl Iterator<Item = (&'a String, &'a ModelConversation)> {
        self.conversations
            .iter()
            .filter(move |(_, conversation)| conversation.is_member(user))
    }
}
