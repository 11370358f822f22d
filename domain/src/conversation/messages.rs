//! Rules for sending, editing and recalling messages and for reactions.

use super::command::{EditMessage, RecallMessage, SendMessage, UpdateReaction};
use super::event::{
    ConversationEvent, ConversationKind, MessageEdited, MessageReaction, MessageRecalled,
    MessageSent, Role,
};
use super::policy::{ActingMember, MemberAction};
use super::state::Membership;
use super::{Conversation, deduplicate};
use crate::body::{MessageBody, MessageType};
use crate::ids::UserId;
use crate::limits::Limits;
use crate::message::MessageState;
use crate::refusal::Refusal;
use crate::time::Timestamp;

impl Conversation {
    pub(super) fn send(
        &self,
        send: SendMessage,
        limits: &Limits,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let (about, member) = self.require_member(&send.sender)?;
        self.check_action(MemberAction::Send, &send.sender, member, send.now)?;
        if about.kind == ConversationKind::Direct && send.blocked {
            return Err(Refusal::blocked());
        }
        if about.kind == ConversationKind::Desk {
            self.check_session_sender(&send.sender)?;
        }
        let mut events = self.reopening(&send)?;
        let mentions = self.validate_mentions(send.mentions, limits)?;
        if send
            .reply_to
            .is_some_and(|seq| !self.can_see(&send.sender, seq))
        {
            return Err(Refusal::invalid(
                "reply_to",
                "The message does not exist or is not visible to you.",
            ));
        }
        let thread = send
            .thread
            .map(|thread| self.require_root(&send.sender, &thread));
        let thread = thread.transpose()?;
        let greeted = events
            .iter()
            .filter(|event| matches!(event, ConversationEvent::MessageSent(_)));
        let seq = self.head_seq + 1 + i64::try_from(greeted.count()).unwrap_or_default();
        events.push(ConversationEvent::MessageSent(MessageSent {
            seq,
            sender: send.sender,
            kind: send.kind,
            body: send.body,
            reply_to: send.reply_to,
            mentions,
            sent_at: send.now,
            client_message_id: Some(send.client_message_id),
            thread,
            scheduled_for: send.scheduled_for,
            flags: Vec::new(),
        }));
        Ok(events)
    }

    /// The events that open a service session, if the message of a customer needs one.
    fn reopening(&self, send: &SendMessage) -> Result<Vec<ConversationEvent>, Refusal> {
        let is_desk = self.kind() == Some(ConversationKind::Desk);
        if !is_desk || self.has_unfinished() {
            return Ok(Vec::new());
        }
        let desk = send.desk.as_ref().ok_or_else(Refusal::not_found)?;
        let settings = desk
            .settings
            .as_ref()
            .ok_or_else(|| Refusal::barred("desk_removed", "This desk does not exist any more."))?;
        Ok(self.opening(&send.sender, None, (desk, settings), send.now))
    }

    /// Checks whether a member may write now; everybody else may.
    pub(super) fn check_may_write(&self, user: &UserId, now: Timestamp) -> Result<(), Refusal> {
        match self.members.get(user) {
            Some(member) => self.check_action(MemberAction::Send, user, member, now),
            None => Ok(()),
        }
    }

    /// Checks whether policy and silences let this member do something now.
    fn check_action(
        &self,
        action: MemberAction,
        user: &UserId,
        member: &Membership,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let role = member.role;
        self.access.check(action, ActingMember { user, role }, now)
    }

    /// The type of a message that this member can see. `message` is its state if it is not recent.
    pub fn visible_message_type(
        &self,
        member: &UserId,
        seq: i64,
        message: Option<&MessageState>,
    ) -> Option<MessageType> {
        let found = self.require_visible_message(member, seq, message);
        found.ok().map(|message| message.kind)
    }

    /// Removes duplicate mentions and checks that their number is within the limit and that all are
    /// members.
    fn validate_mentions(
        &self,
        named: Vec<UserId>,
        limits: &Limits,
    ) -> Result<Vec<UserId>, Refusal> {
        let mentions = deduplicate(named);
        let (count, most) = (mentions.len(), limits.mentions);
        if count > most {
            return Err(Refusal::invalid(
                "mentions",
                format!("The message mentions {count} users; at most {most} are allowed."),
            ));
        }
        match mentions.iter().find(|user| !self.is_member(user)) {
            Some(_) => Err(Refusal::invalid(
                "mentions",
                "Only members can be mentioned.",
            )),
            None => Ok(mentions),
        }
    }

    pub(super) fn edit(
        &self,
        edit: EditMessage,
        limits: &Limits,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let EditMessage {
            seq,
            body,
            by,
            now,
            message,
        } = edit;
        let (_, member) = self.require_member(&by)?;
        self.check_action(MemberAction::Edit, &by, member, now)?;
        let message = self.require_visible_message(&by, seq, message.as_ref())?;
        if message.sender != by {
            return Err(Refusal::forbidden("Only its author can edit a message."));
        }
        if message.recalled {
            return Err(recalled_refusal());
        }
        let body = MessageBody::parse(message.kind, &body, limits)?;
        if body.digest() == message.body_digest {
            return Ok(vec![]);
        }
        // Who has seen a file must be able to rely on it.
        if body.file(message.kind) != message.file {
            return Err(Refusal::invalid(
                "body.file",
                "An edit cannot change the file of a message, only what else its body says; recall \
                 the message and send a new one.",
            ));
        }
        let edited = MessageEdited {
            seq,
            body,
            by,
            edited_at: now,
            flags: Vec::new(),
        };
        Ok(vec![ConversationEvent::MessageEdited(edited)])
    }

    pub(super) fn recall(
        &self,
        recall: RecallMessage,
        limits: &Limits,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let RecallMessage {
            seq,
            by,
            now,
            message,
        } = recall;
        let (_, caller) = self.require_member(&by)?;
        self.check_action(MemberAction::Recall, &by, caller, now)?;
        let message = self.require_visible_message(&by, seq, message.as_ref())?;
        // In a direct conversation both users have the role `member`.
        let at_any_time = caller.role >= Role::Admin;
        if message.sender != by && !at_any_time {
            return Err(Refusal::forbidden(
                "Only its author, the owner and admins can recall a message.",
            ));
        }
        if message.recalled {
            return Ok(vec![]);
        }
        let age = now.millis().saturating_sub(message.sent_at.millis());
        if !at_any_time && age > limits.recall_window_ms {
            let seconds = limits.recall_window_ms / 1_000;
            return Err(Refusal::rule_violation(
                "recall_window_passed",
                format!(
                    "An author can recall a message only within {seconds} seconds of sending it."
                ),
            ));
        }
        let unpinned = self.unpin_removed(seq, &by);
        let recalled = ConversationEvent::MessageRecalled(MessageRecalled { seq, by });
        Ok(std::iter::once(recalled).chain(unpinned).collect())
    }

    pub(super) fn react(
        &self,
        react: UpdateReaction,
        limits: &Limits,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let UpdateReaction {
            seq,
            key,
            by,
            now,
            message,
        } = react;
        let (_, member) = self.require_member(&by)?;
        self.check_action(MemberAction::React, &by, member, now)?;
        let message = self.require_visible_message(&by, seq, message.as_ref())?;
        if message.recalled {
            return Err(recalled_refusal());
        }
        if message.has_reaction(&key, &by) {
            return Ok(vec![]);
        }
        let most = limits.reaction_keys;
        if !message.reactions.contains_key(&key) && message.reactions.len() >= most {
            return Err(Refusal::invalid(
                "key",
                format!("A message can have at most {most} different reactions."),
            ));
        }
        Ok(vec![ConversationEvent::ReactionAdded(MessageReaction {
            seq,
            key,
            user: by,
        })])
    }

    pub(super) fn unreact(&self, react: UpdateReaction) -> Result<Vec<ConversationEvent>, Refusal> {
        let UpdateReaction {
            seq,
            key,
            by,
            now,
            message,
        } = react;
        let (_, member) = self.require_member(&by)?;
        self.check_action(MemberAction::React, &by, member, now)?;
        if !self
            .require_visible_message(&by, seq, message.as_ref())?
            .has_reaction(&key, &by)
        {
            return Ok(vec![]);
        }
        Ok(vec![ConversationEvent::ReactionRemoved(MessageReaction {
            seq,
            key,
            user: by,
        })])
    }
}

pub(super) fn recalled_refusal() -> Refusal {
    Refusal::rule_violation("recalled", "The message has been recalled.")
}
