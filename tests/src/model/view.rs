//! The expected inbox, counted message by message on every call.

use super::Model;
use super::conversation::{ModelConversation, ModelMessage};

/// The expected inbox row of one conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxRow {
    /// The id of the conversation.
    pub id: String,
    /// The unread count: visible, countable messages of others after the read mark.
    pub unread: i64,
    /// How many of them mention the user.
    pub mentions: i64,
    /// The read mark.
    pub read_seq: i64,
    /// The number of members.
    pub member_count: i64,
    /// The settings: muted, pinned, archived.
    pub settings: [bool; 3],
    /// The seq of the newest countable message that the user can see.
    pub last_seq: Option<i64>,
}

impl ModelConversation {
    /// The seqs of the unread messages of a member, oldest first.
    pub fn unread(&self, user: &str) -> Vec<i64> {
        let Some(me) = self.members.get(user) else {
            return Vec::new();
        };
        let counts = |seq: &i64| {
            *seq > me.read_mark
                && self.can_see(user, *seq)
                && self
                    .message(*seq)
                    .is_some_and(|m| m.sender != user && !m.recalled && !m.control)
        };
        (1..=self.head()).filter(counts).collect()
    }

    /// The newest message that is not a control message.
    pub fn last_message(&self) -> Option<(i64, &ModelMessage)> {
        self.messages
            .iter()
            .enumerate()
            .rev()
            .find(|(_, m)| !m.control)
            .map(|(i, m)| (i as i64 + 1, m))
    }

    /// The seq of the newest message that a user can see and that is not a control message.
    pub fn last_visible_seq(&self, user: &str) -> Option<i64> {
        let is_shown = |seq: &i64| {
            self.can_see(user, *seq) && self.message(*seq).is_some_and(|message| !message.control)
        };
        (1..=self.head()).rev().find(is_shown)
    }

    /// The position by which the inbox sorts it.
    pub fn activity(&self) -> i64 {
        self.last_message()
            .map_or(self.created, |(_, message)| message.position)
    }
}

impl Model {
    /// The unread count of all conversations that are neither muted nor archived.
    pub fn total_unread(&self, user: &str) -> i64 {
        let counts = |c: &ModelConversation| {
            c.members
                .get(user)
                .is_some_and(|me| !me.muted && !me.archived)
        };
        self.conversations_of(user)
            .filter(|(_, c)| counts(c))
            .map(|(_, c)| c.unread(user).len() as i64)
            .sum()
    }

    /// The inbox rows of a user: pinned first, then by latest activity.
    pub fn inbox(&self, user: &str, archived: bool) -> Vec<InboxRow> {
        let mut rows: Vec<_> = self
            .conversations_of(user)
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
                InboxRow {
                    id: id.clone(),
                    unread: unread.len() as i64,
                    mentions: unread.iter().filter(names_me).count() as i64,
                    read_seq: me.read_mark,
                    member_count: c.members.len() as i64,
                    settings: [me.muted, me.pinned, me.archived],
                    last_seq: c.last_visible_seq(user),
                }
            })
            .collect()
    }
}
