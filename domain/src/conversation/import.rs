//! Taking in messages that were sent elsewhere.

use std::collections::HashSet;

use super::command::{ImportedMessage, ReplyTo};
use super::event::{ConversationEvent, ConversationKind, MemberAdded, MessageSent, Role};
use super::{Conversation, members};
use crate::ids::UserId;
use crate::limits::Limits;
use crate::refusal::Refusal;

impl Conversation {
    /// The messages in this order, each sender joining in front of their first.
    pub(super) fn import(
        &self,
        messages: Vec<ImportedMessage>,
        limits: &Limits,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let Some(about) = &self.about else {
            return Err(Refusal::not_found());
        };
        let mut joining = HashSet::new();
        let mut events = Vec::with_capacity(messages.len());
        for (index, message) in messages.into_iter().enumerate() {
            let sender = message.sender;
            if !self.is_member(&sender) && !joining.contains(&sender) {
                if about.kind == ConversationKind::Direct {
                    return Err(Refusal::invalid(
                        "sender",
                        "nobody joins a direct conversation",
                    ));
                }
                let role = self.role_of_importer(&joining);
                joining.insert(sender.clone());
                events.push(ConversationEvent::MemberAdded(MemberAdded {
                    user: sender.clone(),
                    role,
                    by: sender.clone(),
                }));
            }
            events.push(ConversationEvent::MessageSent(MessageSent {
                seq: self.imported_seq(index),
                sender,
                kind: message.kind,
                body: message.body,
                reply_to: message
                    .reply_to
                    .and_then(|reply| self.imported_reply(reply, index)),
                mentions: vec![],
                sent_at: message.sent_at,
            }));
        }
        if !joining.is_empty() {
            members::check_group_size("sender", self.members.len() + joining.len(), limits)?;
        }
        Ok(events)
    }

    /// Whoever comes first into a group that everybody has left owns it: it is never ownerless.
    fn role_of_importer(&self, joining: &HashSet<UserId>) -> Role {
        if self.members.is_empty() && joining.is_empty() {
            Role::Owner
        } else {
            Role::Member
        }
    }

    fn imported_seq(&self, index: usize) -> i64 {
        self.head_seq + 1 + index as i64
    }

    /// The seq that an imported message answers; what does not exist, or comes later, is dropped.
    fn imported_reply(&self, reply: ReplyTo, index: usize) -> Option<i64> {
        match reply {
            ReplyTo::Seq(seq) => (1..=self.head_seq).contains(&seq).then_some(seq),
            ReplyTo::Index(earlier) => (earlier < index).then(|| self.imported_seq(earlier)),
        }
    }
}
