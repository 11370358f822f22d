//! What Postgres is doing: its sessions, slow statements, write-ahead log and busiest
//! conversations.

use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::PgPool;
use utoipa::ToSchema;

/// A statement that runs longer than this is slow.
const SLOW_SECONDS: f64 = 1.0;

/// How many slow statements are listed, and how much of each.
const MAX_STATEMENTS: i64 = 10;
const MAX_STATEMENT_CHARS: i32 = 200;

/// How many events at the end of the log are counted for the busiest conversations.
const RECENT_EVENTS: i64 = 10_000;

/// How many conversations are listed.
const MAX_CONVERSATIONS: i64 = 10;

/// A statement that has been running for more than a second.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SlowStatement {
    /// The program that runs it.
    pub application: String,
    /// How long it has been running.
    pub seconds: f64,
    /// What it waits for, such as `Lock: tuple`. Null if it does not wait.
    #[schema(required = true)]
    pub waits_for: Option<String>,
    /// Its first 200 characters. Values are parameters, which are not shown.
    pub statement: String,
}

impl SlowStatement {
    /// Lists the slow statements of the database, the slowest first.
    pub async fn list(pool: &PgPool) -> Result<Vec<Self>, sqlx::Error> {
        let rows: Vec<(String, f64, Option<String>, String)> = sqlx::query_as(
            "SELECT coalesce(application_name, ''),
                 extract(epoch FROM clock_timestamp() - query_start)::float8,
                 wait_event_type || ': ' || wait_event, left(query, $1)
             FROM pg_stat_activity
             WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()
             AND backend_type = 'client backend'
             AND clock_timestamp() - query_start > make_interval(secs => $2)
             ORDER BY 2 DESC LIMIT $3",
        )
        .bind(MAX_STATEMENT_CHARS)
        .bind(SLOW_SECONDS)
        .bind(MAX_STATEMENTS)
        .fetch_all(pool)
        .await?;
        let statements = rows.into_iter();
        let statements = statements.map(|(application, seconds, waits_for, statement)| Self {
            application,
            seconds,
            waits_for,
            statement,
        });
        Ok(statements.collect())
    }
}

/// The sessions with the database by what they do, and how long the oldest transaction has run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SessionActivity {
    /// The number of sessions that are `active`, `idle`, `idle in transaction` or `other`.
    pub by_state: BTreeMap<String, i64>,
    /// The age of the oldest transaction, in seconds. Rows that it may still see cannot be cleaned
    /// up.
    pub oldest_transaction_seconds: f64,
}

impl SessionActivity {
    /// Counts the sessions, without the one that counts.
    pub async fn measure(pool: &PgPool) -> Result<Self, sqlx::Error> {
        let rows: Vec<(String, i64, f64)> = sqlx::query_as(
            "SELECT s.state, count(a.pid),
                 coalesce(max(extract(epoch FROM clock_timestamp() - a.xact_start)), 0)::float8
             FROM unnest(ARRAY['active', 'idle', 'idle in transaction', 'other']) AS s(state)
             LEFT JOIN pg_stat_activity a ON a.datname = current_database()
                 AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend'
                 AND CASE WHEN a.state IN ('active', 'idle', 'idle in transaction') THEN a.state
                          ELSE 'other' END = s.state
             GROUP BY 1",
        )
        .fetch_all(pool)
        .await?;
        let oldest = rows.iter().map(|(.., seconds)| *seconds);
        Ok(Self {
            oldest_transaction_seconds: oldest.fold(0.0, f64::max),
            by_state: rows
                .into_iter()
                .map(|(state, count, _)| (state, count))
                .collect(),
        })
    }
}

/// The write-ahead log of Postgres.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct WriteAheadLog {
    /// How much has ever been written, in bytes.
    pub written_bytes: i64,
    /// How much a replication slot keeps from being removed, in bytes.
    pub retained_bytes: i64,
}

impl WriteAheadLog {
    /// Measures it. A standby, which writes none, reports 0.
    pub async fn measure(pool: &PgPool) -> Result<Self, sqlx::Error> {
        let (written_bytes, retained_bytes) = sqlx::query_as(
            "SELECT CASE WHEN r.is_standby THEN 0
                         ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint END,
                    CASE WHEN r.is_standby THEN 0 ELSE coalesce((
                         SELECT max(pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn))::bigint
                         FROM pg_replication_slots s), 0) END
             FROM (SELECT pg_is_in_recovery() AS is_standby) r",
        )
        .fetch_one(pool)
        .await?;
        Ok(Self {
            written_bytes,
            retained_bytes,
        })
    }
}

/// The end of the log by conversation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct RecentSends {
    /// How many of the last events were counted: 10,000 if there are so many.
    pub events: i64,
    /// The messages among them.
    pub messages: i64,
    /// The conversations with the most messages.
    pub busiest: Vec<BusyConversation>,
}

/// A conversation in which many messages were sent recently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BusyConversation {
    /// The conversation.
    pub conversation_id: String,
    /// The messages that were sent in it.
    pub messages: i64,
}

impl RecentSends {
    /// Counts the messages among the last events up to `head`.
    pub async fn count(pool: &PgPool, head: i64) -> Result<Self, sqlx::Error> {
        let after = (head - RECENT_EVENTS).max(0);
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(
            "SELECT e.aggregate_id, count(*), (sum(count(*)) OVER ())::bigint FROM public.events e
             WHERE e.position > $1 AND e.position <= $2 AND e.event_type = 'message_sent'
             GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT $3",
        )
        .bind(after)
        .bind(head)
        .bind(MAX_CONVERSATIONS)
        .fetch_all(pool)
        .await?;
        Ok(Self {
            events: head - after,
            messages: rows.first().map_or(0, |(.., all)| *all),
            busiest: rows
                .into_iter()
                .map(|(conversation_id, messages, _)| BusyConversation {
                    conversation_id,
                    messages,
                })
                .collect(),
        })
    }

    /// The share of the busiest conversation in the messages: 0 if there are none.
    pub fn busiest_share(&self) -> f64 {
        let most = self.busiest.first().map_or(0, |busy| busy.messages);
        most as f64 / self.messages.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_conversation_has_a_share_of_all_messages() {
        let busy = |conversation_id: &str, messages| BusyConversation {
            conversation_id: conversation_id.into(),
            messages,
        };
        let sends = RecentSends {
            events: 100,
            messages: 40,
            busiest: vec![busy("a", 30), busy("b", 10)],
        };
        assert!((sends.busiest_share() - 0.75).abs() < 1e-9);
        assert!(RecentSends::default().busiest_share().abs() < 1e-9);
    }
}
