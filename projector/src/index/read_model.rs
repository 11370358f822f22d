//! The state of the read model that an index depends on.

use domain::history::EpochTag;
use domain::time::Timestamp;
use sqlx::types::time::OffsetDateTime;
use sqlx::{PgConnection, PgPool};

use super::error::IndexingError;

/// The position and the numbering of the read model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct ReadModelState {
    /// The position of the last folded event.
    pub position: i64,
    /// The tag of its epoch, as stored.
    tag: i32,
    /// The version of the assignment of ids to users and conversations.
    pub numbering: i64,
    /// The time of the last folded event.
    pub event_time: OffsetDateTime,
}

const SELECT_READ_MODEL: &str = "SELECT position, tag, numbering, event_time FROM read.checkpoint";

impl ReadModelState {
    pub async fn load(pool: &PgPool) -> Result<Self, sqlx::Error> {
        sqlx::query_as(SELECT_READ_MODEL).fetch_one(pool).await
    }

    /// Loads it over a given connection.
    pub async fn load_with(connection: &mut PgConnection) -> Result<Self, sqlx::Error> {
        sqlx::query_as(SELECT_READ_MODEL)
            .fetch_one(connection)
            .await
    }

    /// The tag of the epoch that the position belongs to.
    pub fn tag(&self) -> EpochTag {
        EpochTag::from_sql(self.tag)
    }

    /// The time of the last folded event, in milliseconds since 1970.
    pub fn time(&self) -> i64 {
        Timestamp::from(self.event_time).millis()
    }
}

/// Checks that an index uses the user and conversation ids of the read model, given the numbering
/// of both.
pub(super) fn check_numbering(read_model: i64, index: i64) -> Result<(), IndexingError> {
    if read_model == index {
        return Ok(());
    }
    Err(IndexingError::Incompatible(
        "uses other user and conversation ids than the read model",
    ))
}
