//! Rules for importing messages from another system.

use std::collections::{HashMap, HashSet};

use super::command::{ImportItem, ImportedMessage, ImportedReaction, ReplyTarget};
use super::event::{
    ConversationEvent, ConversationKind, MemberAdded, MessageEdited, MessageReaction, MessageSent,
    Role,
};
use super::{Conversation, members};
use crate::ids::UserId;
use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::time::Timestamp;

impl Conversation {
    /// Imports all items in order, whatever the policy says: the messages were sent elsewhere.
    /// Senders and reacting users join immediately before their first message or reaction, unless
    /// they have left: an import does not bring users back.
    pub(super) fn import(
        &self,
        imported: Vec<ImportItem>,
        limits: &Limits,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let Some(about) = &self.details else {
            return Err(Refusal::not_found());
        };
        let mut plan = ImportPlan {
            conversation: self,
            kind: about.kind,
            limits,
            new_members: HashSet::new(),
            seqs: Vec::with_capacity(imported.len()),
            head_seq: self.head_seq,
            threads: HashMap::new(),
            events: Vec::with_capacity(imported.len()),
        };
        for item in imported {
            match item {
                ImportItem::Members { users, joined_at } => plan.add_members(&users, joined_at)?,
                ImportItem::Message(message) => plan.add_message(message)?,
            }
        }
        Ok(plan.events)
    }
}

/// The events of an import decided so far, with the state needed to decide the rest.
struct ImportPlan<'a> {
    conversation: &'a Conversation,
    kind: ConversationKind,
    limits: &'a Limits,
    /// The users who join by this import.
    new_members: HashSet<UserId>,
    /// The seq of each item so far; `None` for an item that is not a message.
    seqs: Vec<Option<i64>>,
    head_seq: i64,
    /// The root of each imported message that belongs to a thread, by its seq.
    threads: HashMap<i64, i64>,
    events: Vec<ConversationEvent>,
}

impl ImportPlan<'_> {
    fn add_members(
        &mut self,
        users: &[UserId],
        joined_at: Option<Timestamp>,
    ) -> Result<(), Refusal> {
        members::check_user_count("members", users.len(), self.limits)?;
        for user in users {
            self.ensure_member("members", user, joined_at)?;
        }
        self.seqs.push(None);
        Ok(())
    }

    fn add_message(&mut self, message: ImportedMessage) -> Result<(), Refusal> {
        let ImportedMessage {
            sender,
            kind,
            body,
            reply_to,
            thread,
            sent_at,
            edit,
            reactions,
        } = message;
        self.ensure_member("sender", &sender, Some(sent_at))?;
        let reply_to = reply_to.and_then(|reply| self.resolve_reply(reply));
        let thread = thread.and_then(|root| self.resolve_root(root));
        self.head_seq += 1;
        let seq = self.head_seq;
        self.seqs.push(Some(seq));
        if let Some(root) = thread {
            self.threads.insert(seq, root);
        }
        let original = edit.as_ref().and_then(|edit| edit.original.clone());
        self.events
            .push(ConversationEvent::MessageSent(MessageSent {
                seq,
                sender: sender.clone(),
                kind,
                body: original.unwrap_or_else(|| body.clone()),
                reply_to,
                mentions: vec![],
                sent_at,
                client_message_id: None,
                thread,
                scheduled_for: None,
                flags: Vec::new(),
            }));
        if let Some(edit) = edit {
            let edited = MessageEdited {
                seq,
                body,
                by: sender,
                edited_at: edit.edited_at,
                flags: Vec::new(),
            };
            self.events.push(ConversationEvent::MessageEdited(edited));
        }
        self.add_reactions(seq, sent_at, reactions)
    }

    /// Adds each reaction once. Reactions with a key beyond the limit and those of users who are
    /// kept out are dropped, so that they do not prevent the import of the message.
    fn add_reactions(
        &mut self,
        seq: i64,
        sent_at: Timestamp,
        reactions: Vec<ImportedReaction>,
    ) -> Result<(), Refusal> {
        let mut keys = HashSet::new();
        let mut seen = HashSet::new();
        for ImportedReaction { key, user } in reactions {
            if !keys.contains(&key) {
                if keys.len() >= self.limits.reaction_keys {
                    continue;
                }
                keys.insert(key.clone());
            }
            if !self.is_kept_out(&user) && seen.insert((key.clone(), user.clone())) {
                self.ensure_member("reactions", &user, Some(sent_at))?;
                self.events
                    .push(ConversationEvent::ReactionAdded(MessageReaction {
                        seq,
                        key,
                        user,
                    }));
            }
        }
        Ok(())
    }

    /// Adds `user` as a member unless the user already is one. `field` is the request field that
    /// names the user. Who joins with a message was there when it was sent, or came earlier.
    fn ensure_member(
        &mut self,
        field: &'static str,
        user: &UserId,
        joined_at: Option<Timestamp>,
    ) -> Result<(), Refusal> {
        if self.conversation.is_member(user) || self.new_members.contains(user) {
            return Ok(());
        }
        if self.kind != ConversationKind::Group {
            return Err(Refusal::invalid(field, "Users can join groups only."));
        }
        if self.is_kept_out(user) {
            return Err(Refusal::forbidden(format!(
                "{user} has left this conversation or was removed or banned from it, and an import \
                 does not bring users back."
            )));
        }
        let present = self.conversation.members.len() + self.new_members.len();
        members::check_group_size(field, present + 1, self.limits)?;
        // The first user to join an empty group becomes its owner, so that every group with
        // members has one.
        let role = if present == 0 {
            Role::Owner
        } else {
            Role::Member
        };
        self.new_members.insert(user.clone());
        self.events
            .push(ConversationEvent::MemberAdded(MemberAdded {
                user: user.clone(),
                role,
                by: user.clone(),
                joined_at,
                link: None,
            }));
        Ok(())
    }

    /// Whether this user was a member and is not any more, or has a ban that was not lifted.
    fn is_kept_out(&self, user: &UserId) -> bool {
        let conversation = self.conversation;
        !conversation.is_member(user)
            && (conversation.past_periods.contains_key(user)
                || conversation.access.bans.contains_key(user))
    }

    /// The root of the thread that an imported message belongs to. A message of a thread cannot be
    /// a root: its root is.
    fn resolve_root(&self, root: ReplyTarget) -> Option<i64> {
        let seq = self.resolve_reply(root)?;
        let known = self.threads.get(&seq).copied();
        let earlier = self.conversation.recent_message(seq);
        Some(
            known
                .or(earlier.and_then(|message| message.thread))
                .unwrap_or(seq),
        )
    }

    /// The seq to which an imported message replies. Returns `None` if that message does not exist
    /// or comes later.
    fn resolve_reply(&self, reply: ReplyTarget) -> Option<i64> {
        match reply {
            ReplyTarget::Seq(seq) => (1..=self.conversation.head_seq)
                .contains(&seq)
                .then_some(seq),
            ReplyTarget::Index(earlier) => self.seqs.get(earlier).copied().flatten(),
        }
    }
}
