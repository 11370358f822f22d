//! How far retention is, and which messages are next.

use domain::conversation::event::ConversationKind;
use serde::Serialize;
use sqlx::{PgPool, Postgres, Transaction};

/// The turn of erasing what is too old in conversations of a kind. Nobody else has it meanwhile.
pub struct Turn {
    transaction: Transaction<'static, Postgres>,
    kind: ConversationKind,
    /// Messages up to here are done.
    pub position: i64,
}

/// A message that was sent.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Sent {
    /// Where.
    pub position: i64,
    /// In which conversation.
    pub conversation: String,
    /// Which of its messages.
    pub seq: i64,
    /// Whether that was erased before.
    pub is_erased: bool,
}

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Reached {
    /// `direct` or `group`.
    pub kind: String,
    /// Messages up to here are done.
    pub position: i64,
}

/// How far it is with each kind.
pub async fn reached(pool: &PgPool) -> Result<Vec<Reached>, sqlx::Error> {
    sqlx::query_as("SELECT kind, position FROM log.retention ORDER BY kind")
        .fetch_all(pool)
        .await
}

impl Turn {
    /// `None` if another process has it.
    pub async fn take(pool: &PgPool, kind: ConversationKind) -> Result<Option<Self>, sqlx::Error> {
        let mut transaction = pool.begin().await?;
        let position = sqlx::query_scalar(
            "SELECT position FROM log.retention WHERE kind = $1 FOR UPDATE SKIP LOCKED",
        )
        .bind(name(kind))
        .fetch_optional(&mut *transaction)
        .await?;
        Ok(position.map(|position| Self {
            transaction,
            kind,
            position,
        }))
    }

    /// The next messages, of all kinds of conversations, up to a position.
    pub async fn sent(&mut self, up_to: i64, limit: i64) -> Result<Vec<Sent>, sqlx::Error> {
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

    /// Ends the turn: messages up to here are done.
    pub async fn end(mut self, position: i64) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE log.retention SET position = greatest(position, $2) WHERE kind = $1")
            .bind(name(self.kind))
            .bind(position)
            .execute(&mut *self.transaction)
            .await?;
        self.transaction.commit().await
    }
}

fn name(kind: ConversationKind) -> &'static str {
    match kind {
        ConversationKind::Direct => "direct",
        ConversationKind::Group => "group",
    }
}
