//! The progress of retention, and the messages to check next.

use domain::conversation::event::ConversationKind;
use serde::Serialize;
use sqlx::{PgPool, Postgres, Transaction};
use utoipa::ToSchema;

/// The exclusive right to apply retention to conversations of one kind. Dropping it releases the
/// lock without progress.
pub struct RetentionLock {
    transaction: Transaction<'static, Postgres>,
    kind: ConversationKind,
    lifted_holds: i64,
    /// Messages up to this position are done.
    pub position: i64,
}

/// A sent message that retention has to check.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct RetentionCandidate {
    /// The position of the event.
    pub position: i64,
    /// The id of the conversation.
    pub conversation: String,
    /// The seq of the message in it.
    pub seq: i64,
    /// Whether the message has been erased already.
    pub is_erased: bool,
}

/// The progress of retention for one kind of conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow, ToSchema)]
pub struct RetentionProgress {
    /// `direct` or `group`.
    pub kind: String,
    /// Messages up to this position are done.
    pub position: i64,
}

/// Loads the progress for each kind of conversation.
pub async fn load_progress(pool: &PgPool) -> Result<Vec<RetentionProgress>, sqlx::Error> {
    sqlx::query_as("SELECT kind, position FROM log.retention ORDER BY kind")
        .fetch_all(pool)
        .await
}

impl RetentionLock {
    /// Acquires the lock. `None` if another process holds it. If legal holds have been lifted since
    /// it was last completed, nothing is done yet: what they have covered may be due.
    pub async fn acquire(
        pool: &PgPool,
        kind: ConversationKind,
        lifted_holds: i64,
    ) -> Result<Option<Self>, sqlx::Error> {
        let mut transaction = pool.begin().await?;
        let position = sqlx::query_scalar(
            "SELECT CASE WHEN lifted_holds = $2 THEN position ELSE 0 END
             FROM log.retention WHERE kind = $1 FOR UPDATE SKIP LOCKED",
        )
        .bind(kind_name(kind))
        .bind(lifted_holds)
        .fetch_optional(&mut *transaction)
        .await?;
        Ok(position.map(|position| Self {
            transaction,
            kind,
            lifted_holds,
            position,
        }))
    }

    /// Loads the next messages up to a position, of all kinds of conversations.
    pub async fn load_candidates(
        &mut self,
        up_to: i64,
        limit: i64,
    ) -> Result<Vec<RetentionCandidate>, sqlx::Error> {
        sqlx::query_as(
            "SELECT e.position, s.aggregate_id AS conversation, e.message AS seq,
                    EXISTS (SELECT FROM log.events x WHERE x.stream = e.stream AND x.message = e.message
                            AND x.event_type = 'message_erased') AS is_erased
             FROM log.events e JOIN log.streams s ON s.id = e.stream
             WHERE e.position > $1 AND e.position <= $2 AND e.event_type = 'message_sent'
             ORDER BY e.position LIMIT $3",
        )
        .bind(self.position)
        .bind(up_to)
        .bind(limit)
        .fetch_all(&mut *self.transaction)
        .await
    }

    /// Records that messages up to this position are done, and releases the lock.
    pub async fn complete(mut self, position: i64) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE log.retention SET position = $2, lifted_holds = $3 WHERE kind = $1")
            .bind(kind_name(self.kind))
            .bind(position)
            .bind(self.lifted_holds)
            .execute(&mut *self.transaction)
            .await?;
        self.transaction.commit().await
    }
}

fn kind_name(kind: ConversationKind) -> &'static str {
    match kind {
        ConversationKind::Direct => "direct",
        // Those with desks are kept as long as groups are.
        ConversationKind::Group | ConversationKind::Desk => "group",
    }
}
