//! Rules for importing messages from another system.

use std::collections::HashSet;

use super::command::{Imported, ImportedMessage, ImportedReaction, ReplyTo};
use super::event::{
    ConversationEvent, ConversationKind, MemberAdded, MessageEdited, MessageSent, Reaction, Role,
};
use super::{Conversation, members};
use crate::ids::UserId;
use crate::limits::Limits;
use crate::refusal::Refusal;

impl Conversation {
    /// Imports all items in order. Senders and reacting users join immediately before their first
    /// message or reaction.
    pub(super) fn import(
        &self,
        imported: Vec<Imported>,
        limits: &Limits,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let Some(about) = &self.about else {
            return Err(Refusal::not_found());
        };
        let mut plan = Taking {
            into: self,
            kind: about.kind,
            limits,
            joining: HashSet::new(),
            seqs: Vec::with_capacity(imported.len()),
            head_seq: self.head_seq,
            events: Vec::with_capacity(imported.len()),
        };
        for item in imported {
            match item {
                Imported::Joined(users) => plan.joined(&users)?,
                Imported::Message(message) => plan.message(message)?,
            }
        }
        Ok(plan.events)
    }
}

/// The events of an import decided so far, with the state needed to decide the rest.
struct Taking<'a> {
    into: &'a Conversation,
    kind: ConversationKind,
    limits: &'a Limits,
    /// The users who join by this import.
    joining: HashSet<UserId>,
    /// The seq of each item so far; `None` for an item that is not a message.
    seqs: Vec<Option<i64>>,
    head_seq: i64,
    events: Vec<ConversationEvent>,
}

impl Taking<'_> {
    fn joined(&mut self, users: &[UserId]) -> Result<(), Refusal> {
        members::check_named("members", users.len(), self.limits)?;
        for user in users {
            self.join("members", user)?;
        }
        self.seqs.push(None);
        Ok(())
    }

    fn message(&mut self, message: ImportedMessage) -> Result<(), Refusal> {
        let ImportedMessage {
            sender,
            kind,
            body,
            reply_to,
            sent_at,
            edit,
            reactions,
        } = message;
        self.join("sender", &sender)?;
        let reply_to = reply_to.and_then(|reply| self.seq_of(reply));
        self.head_seq += 1;
        let seq = self.head_seq;
        self.seqs.push(Some(seq));
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
            }));
        if let Some(edit) = edit {
            let edited = MessageEdited {
                seq,
                body,
                by: sender,
                edited_at: edit.edited_at,
            };
            self.events.push(ConversationEvent::MessageEdited(edited));
        }
        self.reactions(seq, reactions)
    }

    /// Adds each reaction once. Reactions with a key beyond the limit are dropped, so that they do
    /// not prevent the import of the message.
    fn reactions(&mut self, seq: i64, reactions: Vec<ImportedReaction>) -> Result<(), Refusal> {
        let mut keys = HashSet::new();
        let mut seen = HashSet::new();
        for ImportedReaction { key, user } in reactions {
            if !keys.contains(&key) {
                if keys.len() >= self.limits.reaction_keys {
                    continue;
                }
                keys.insert(key.clone());
            }
            if seen.insert((key.clone(), user.clone())) {
                self.join("reactions", &user)?;
                self.events.push(ConversationEvent::ReactionAdded(Reaction {
                    seq,
                    key,
                    user,
                }));
            }
        }
        Ok(())
    }

    /// Adds `user` as a member unless the user already is one. `field` is the request field that
    /// names the user.
    fn join(&mut self, field: &'static str, user: &UserId) -> Result<(), Refusal> {
        if self.into.is_member(user) || self.joining.contains(user) {
            return Ok(());
        }
        if self.kind == ConversationKind::Direct {
            return Err(Refusal::invalid(
                field,
                "Users cannot join a direct conversation.",
            ));
        }
        let present = self.into.members.len() + self.joining.len();
        members::check_group_size(field, present + 1, self.limits)?;
        // The first user to join an empty group becomes its owner, so that every group with
        // members has one.
        let role = if present == 0 {
            Role::Owner
        } else {
            Role::Member
        };
        self.joining.insert(user.clone());
        self.events
            .push(ConversationEvent::MemberAdded(MemberAdded {
                user: user.clone(),
                role,
                by: user.clone(),
            }));
        Ok(())
    }

    /// The seq to which an imported message replies. Returns `None` if that message does not exist
    /// or comes later.
    fn seq_of(&self, reply: ReplyTo) -> Option<i64> {
        match reply {
            ReplyTo::Seq(seq) => (1..=self.into.head_seq).contains(&seq).then_some(seq),
            ReplyTo::Index(earlier) => self.seqs.get(earlier).copied().flatten(),
        }
    }
}
