//! What a user should be shown: counted one message at a time, never kept.

use super::Model;
use super::conversation::{Conversation, Message};

/// What the inbox should say of one conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Which.
    pub id: String,
    /// Countable, unread, visible messages of others.
    pub unread: i64,
    /// Those among them that name me.
    pub mentions: i64,
    /// My mark.
    pub read_seq: i64,
    /// How many are in.
    pub member_count: i64,
    /// My settings: muted, pinned, archived.
    pub settings: [bool; 3],
    /// The newest countable message.
    pub last_seq: Option<i64>,
}

impl Conversation {
    /// The seqs that are unread for a member, oldest first.
    pub fn unread(&self, user: &str) -> Vec<i64> {
        let Some(me) = self.members.get(user) else {
            return Vec::new();
        };
        let counts = |seq: &i64| {
            *seq > me.mark
                && self.may_see(user, *seq)
                && self
                    .message(*seq)
                    .is_some_and(|m| m.sender != user && !m.recalled && !m.control)
        };
        (1..=self.head()).filter(counts).collect()
    }

    /// The newest message that is not control.
    pub fn last(&self) -> Option<(i64, &Message)> {
        self.messages
            .iter()
            .enumerate()
            .rev()
            .find(|(_, m)| !m.control)
            .map(|(i, m)| (i as i64 + 1, m))
    }

    /// What orders it in the inbox.
    pub fn activity(&self) -> i64 {
        self.last()
            .map_or(self.created, |(_, message)| message.position)
    }
}

impl Model {
    /// Unread over all conversations that are neither muted nor archived.
    pub fn total(&self, user: &str) -> i64 {
        let counts = |c: &Conversation| {
            c.members
                .get(user)
                .is_some_and(|me| !me.muted && !me.archived)
        };
        self.of_user(user)
            .filter(|(_, c)| counts(c))
            .map(|(_, c)| c.unread(user).len() as i64)
            .sum()
    }

    /// The inbox: pinned first, then by latest activity.
    pub fn inbox(&self, user: &str, archived: bool) -> Vec<Row> {
        let mut rows: Vec<_> = self
            .of_user(user)
            .filter_map(|(id, c)| Some((id, c, c.members.get(user)?)))
            .filter(|(_, _, me)| me.archived == archived)
            .collect();
        rows.sort_by_key(|(_, c, me)| (!me.pinned, -c.activity()));
        rows.into_iter()
            .map(|(id, c, me)| {
                let unread = c.unread(user);
                let names_me = |seq: &&i64| {
                    c.message(**seq)
                        .is_some_and(|m| m.mentions.iter().any(|u| u == user))
                };
                Row {
                    id: id.clone(),
                    unread: unread.len() as i64,
                    mentions: unread.iter().filter(names_me).count() as i64,
                    read_seq: me.mark,
                    member_count: c.members.len() as i64,
                    settings: [me.muted, me.pinned, me.archived],
                    last_seq: c.last().map(|(seq, _)| seq),
                }
            })
            .collect()
    }
}
