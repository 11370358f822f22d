//! Taking in what was written elsewhere.

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
    /// Everything in this order. Whoever writes or reacts joins in front of that.
    pub(super) fn import(
        &self,
        imported: Vec<Imported>,
        limits: &Limits,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let Some(about) = &self.about else {
            return Err(Refusal::not_found());
        };
        let mut taking = Taking {
            into: self,
            kind: about.kind,
            limits,
            joining: HashSet::new(),
            seqs: Vec::with_capacity(imported.len()),
            head_seq: self.head_seq,
            events: Vec::with_capacity(imported.len()),
        };
        for one in imported {
            match one {
                Imported::Joined(users) => taking.joined(&users)?,
                Imported::Message(message) => taking.message(message)?,
            }
        }
        Ok(taking.events)
    }
}

/// An import as far as it has been decided.
struct Taking<'a> {
    into: &'a Conversation,
    kind: ConversationKind,
    limits: &'a Limits,
    joining: HashSet<UserId>,
    /// What became of each thing so far: the seq of a message.
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

    /// Each once. Those with a key beyond the limit are dropped: a message is not lost for them.
    fn reactions(&mut self, seq: i64, reactions: Vec<ImportedReaction>) -> Result<(), Refusal> {
        let mut keys = HashSet::new();
        let mut given = HashSet::new();
        for ImportedReaction { key, user } in reactions {
            if !keys.contains(&key) {
                if keys.len() >= self.limits.reaction_keys {
                    continue;
                }
                keys.insert(key.clone());
            }
            if given.insert((key.clone(), user.clone())) {
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

    /// Lets somebody in who is not in yet. `field` is what names them.
    fn join(&mut self, field: &'static str, user: &UserId) -> Result<(), Refusal> {
        if self.into.is_member(user) || self.joining.contains(user) {
            return Ok(());
        }
        if self.kind == ConversationKind::Direct {
            return Err(Refusal::invalid(
                field,
                "nobody joins a direct conversation",
            ));
        }
        let present = self.into.members.len() + self.joining.len();
        members::check_group_size(field, present + 1, self.limits)?;
        // Whoever comes first into a group that everybody has left owns it: it is never ownerless.
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

    /// The seq that an imported message answers; what does not exist, or comes later, is dropped.
    fn seq_of(&self, reply: ReplyTo) -> Option<i64> {
        match reply {
            ReplyTo::Seq(seq) => (1..=self.into.head_seq).contains(&seq).then_some(seq),
            ReplyTo::Index(earlier) => self.seqs.get(earlier).copied().flatten(),
        }
    }
}
