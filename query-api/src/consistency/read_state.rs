//! The state of the endpoints that query the read model.

use event_log::reader::LogReader;
use sqlx::PgPool;

use super::read_history::ReadHistory;
use super::watermark::Watermark;
use crate::answer_budget::AnswerBudget;
use crate::idle_feeds::IdleFeeds;
use crate::sync::FeedSource;

/// What a query of the read model needs. Cheap to clone.
#[derive(Clone)]
pub struct ReadState {
    /// Connections that read `read.*`.
    pub pool: PgPool,
    /// Reads the head of the log, and the position of a time; from the primary, even if `pool`
    /// reads a replica.
    pub reader: LogReader,
    /// The position that the read model has reached, as far as this process knows.
    pub watermark: Watermark,
    /// The history that its positions belong to.
    pub history: ReadHistory,
    /// What is known about feeds without new entries.
    pub idle_feeds: IdleFeeds,
    /// The memory for answers.
    pub answers: AnswerBudget,
    /// Whether plain cases have small statements of their own.
    pub plain_reads: bool,
}

impl ReadState {
    /// What a page of the sync feed is read from.
    pub fn feed(&self) -> FeedSource<'_> {
        FeedSource {
            pool: &self.pool,
            reader: &self.reader,
            plain_reads: self.plain_reads,
        }
    }
}
