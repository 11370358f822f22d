//! The queries that are measured, each of all users in turn.

use std::sync::Arc;

use super::population::{Population, User, word};
use crate::load_generator::RequestTemplate;

/// The ranks of the words that are searched: neither the most frequent nor the rarest.
const SEARCHED_RANKS: std::ops::Range<usize> = 100..600;

/// A kind of query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workload {
    /// A sync that finds nothing new.
    SyncIdle,
    /// A sync of 20 entries.
    Sync20,
    /// The newest page of a conversation: 50 messages.
    History,
    /// The inbox.
    Inbox,
    /// The unread counts of all conversations.
    Unread,
    /// A search of one word.
    Search,
}

impl Workload {
    /// All kinds, in the order in which they are measured.
    pub const ALL: [Self; 6] = [
        Self::SyncIdle,
        Self::Sync20,
        Self::History,
        Self::Inbox,
        Self::Unread,
        Self::Search,
    ];

    /// The name in tables and options.
    pub fn name(self) -> &'static str {
        match self {
            Self::SyncIdle => "sync-idle",
            Self::Sync20 => "sync-20",
            Self::History => "history",
            Self::Inbox => "inbox",
            Self::Unread => "unread",
            Self::Search => "search",
        }
    }

    /// The least rate, relative to the bare route.
    pub fn target(self) -> f64 {
        match self {
            Self::SyncIdle => 0.35,
            Self::Sync20 | Self::Inbox => 0.12,
            Self::History => 0.15,
            Self::Unread => 0.20,
            Self::Search => 0.03,
        }
    }

    /// The requests.
    pub fn templates(self, population: &Population) -> Arc<Vec<RequestTemplate>> {
        let users = population.users.iter().enumerate();
        let templates =
            users.map(|(number, user)| RequestTemplate::get(&self.path(number, user), &user.token));
        Arc::new(templates.collect())
    }

    fn path(self, number: usize, user: &User) -> String {
        let (before, now) = &user.cursors;
        match self {
            Self::SyncIdle => format!("/v1/inbox/entries?after={now}&limit=100"),
            Self::Sync20 => format!("/v1/inbox/entries?after={before}&limit=20"),
            Self::History => {
                let id = &user.conversations[number % user.conversations.len()];
                format!("/v1/conversations/{id}/messages?limit=50")
            }
            Self::Inbox => "/v1/inbox".to_owned(),
            Self::Unread => "/v1/inbox/unread".to_owned(),
            Self::Search => {
                let ranks = SEARCHED_RANKS;
                let word = word(ranks.start + number % ranks.len());
                format!("/v1/search?q={word}&limit=20")
            }
        }
    }
}
