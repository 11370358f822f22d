//! The state of the endpoint of live delivery.

use std::sync::Arc;

use event_log::reader::LogReader;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::acks::Acks;
use super::admission::Admission;
use super::hub::Hub;
use super::presence_service::PresenceService;
use crate::answer_budget::AnswerBudget;
use crate::consistency::read_history::ReadHistory;
use crate::sync::FeedSource;

/// What a live connection needs. Cheap to clone.
#[derive(Clone)]
pub struct LiveState {
    /// Connections that read the backlog from `read.*`.
    pub pool: PgPool,
    /// Reads the head of the log.
    pub reader: LogReader,
    /// The history that the positions of the read model belong to.
    pub history: ReadHistory,
    /// Delivers entries to live connections.
    pub hub: Hub,
    /// Whether plain backlogs have a statement of their own.
    pub plain_reads: bool,
    /// The memory for pages of backlogs.
    pub answers: AnswerBudget,
    /// Limits the number of live connections.
    pub admission: Admission,
    /// Tracks which users are online.
    pub presence: PresenceService,
    /// Records acknowledgements that arrive over live connections.
    pub acks: Arc<dyn Acks>,
    /// Cancelled when the service stops; open connections then end.
    pub shutdown: CancellationToken,
}

impl LiveState {
    /// What a page of a backlog is read from.
    pub fn feed(&self) -> FeedSource<'_> {
        FeedSource {
            pool: &self.pool,
            reader: &self.reader,
            plain_reads: self.plain_reads,
        }
    }
}
