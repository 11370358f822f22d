//! The progress of the retention of conversations that have a policy of their own, and the messages
//! to erase next.

use sqlx::{PgPool, Postgres, Transaction};

/// The number of the lock: "retain" in ASCII.
const RETENTION_LOCK: i64 = 0x0000_7265_7461_696e;

/// The exclusive right to apply the policies of conversations. Dropping it releases the lock
/// without progress.
pub struct ConversationRetentionLock {
    transaction: Transaction<'static, Postgres>,
    lifted_holds: i64,
}

/// The next events of a conversation that are older than its policy permits.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ExpiredMessages {
    /// The number of the conversation in the log.
    pub stream: i64,
    /// The id of the conversation.
    pub conversation: String,
    /// The sequence of the last of these events.
    pub reached: i64,
    /// The seqs of the messages among them that still have their content.
    pub seqs: Vec<i64>,
}

impl ConversationRetentionLock {
    /// Acquires the lock. `None` if another process holds it. `lifted_holds` is how many legal
    /// holds have been lifted so far: if a conversation was last completed with fewer, nothing of
    /// it is done yet, because what they have covered may be due.
    pub async fn acquire(pool: &PgPool, lifted_holds: i64) -> Result<Option<Self>, sqlx::Error> {
        let mut transaction = pool.begin().await?;
        let is_acquired: bool = sqlx::query_scalar("SELECT pg_try_advisory_xact_lock($1)")
            .bind(RETENTION_LOCK)
            .fetch_one(&mut *transaction)
            .await?;
        Ok(is_acquired.then_some(Self {
            transaction,
            lifted_holds,
        }))
    }

    /// Loads the next events of these conversations up to a position for each, at most `limit` of
    /// each. Conversations without such events are left out.
    pub async fn load_expired(
        &mut self,
        conversations: &[&str],
        due: &[i64],
        limit: i64,
    ) -> Result<Vec<ExpiredMessages>, sqlx::Error> {
        // The inner query stops after `limit` events, whether or not they are due: the rest of the
        // stream is newer.
        sqlx::query_as(
            "SELECT s.id AS stream, s.aggregate_id AS conversation, d.reached, d.seqs
             FROM unnest($1::text[], $2::bigint[]) AS n(conversation, due)
             JOIN log.streams s ON s.aggregate_type = 'conversation' AND s.aggregate_id = n.conversation
             LEFT JOIN log.conversation_retention r ON r.stream = s.id AND r.lifted_holds = $4
             CROSS JOIN LATERAL (
                 SELECT max(x.sequence) AS reached,
                        coalesce(array_agg(x.message ORDER BY x.message)
                                 FILTER (WHERE x.event_type = 'message_sent' AND NOT x.is_erased), '{}') AS seqs
                 FROM (SELECT e.sequence, e.position, e.message, e.event_type,
                              EXISTS (SELECT FROM log.events y
                                      WHERE y.stream = e.stream AND y.message = e.message
                                      AND y.event_type = 'message_erased') AS is_erased
                       FROM log.events e
                       WHERE e.stream = s.id AND e.sequence > coalesce(r.sequence, 0)
                       ORDER BY e.sequence LIMIT $3) x
                 WHERE x.position <= n.due) d
             WHERE d.reached IS NOT NULL",
        )
        .bind(conversations)
        .bind(due)
        .bind(limit)
        .bind(self.lifted_holds)
        .fetch_all(&mut *self.transaction)
        .await
    }

    /// Records that these events are done, and releases the lock.
    pub async fn complete(mut self, done: &[ExpiredMessages]) -> Result<(), sqlx::Error> {
        let streams: Vec<i64> = done.iter().map(|expired| expired.stream).collect();
        let reached: Vec<i64> = done.iter().map(|expired| expired.reached).collect();
        sqlx::query(
            "INSERT INTO log.conversation_retention AS r (stream, sequence, lifted_holds)
             SELECT n.stream, n.sequence, $3 FROM unnest($1::bigint[], $2::bigint[]) AS n(stream, sequence)
             ON CONFLICT (stream) DO UPDATE SET lifted_holds = EXCLUDED.lifted_holds, sequence =
                 CASE WHEN r.lifted_holds = EXCLUDED.lifted_holds
                      THEN greatest(r.sequence, EXCLUDED.sequence) ELSE EXCLUDED.sequence END",
        )
        .bind(streams)
        .bind(reached)
        .bind(self.lifted_holds)
        .execute(&mut *self.transaction)
        .await?;
        self.transaction.commit().await
    }
}
