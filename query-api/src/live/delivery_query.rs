//! The statement with which the hub reads entries, and its recipients and positions.

use metrics::counter;
use read_model::projection_signal::AffectedAudience;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgRow};

use super::connections::LiveConnections;
use crate::sql::entry_view::{entry_columns, entry_parts};
use crate::sql::visibility::visible_entries;

/// The maximum number of rows of one statement, if every recipient receives every entry; later
/// entries are read by the next statement. This takes about half a second. A statement that exceeds
/// the statement timeout would fail, and fail again when repeated.
const MAX_DELIVERY_ROWS: i64 = 100_000;

/// The recipients and the range of positions of one statement.
pub(super) struct DeliveryQuery {
    users: Vec<i64>,
    /// Conversations whose members are recipients too.
    conversations: Vec<i64>,
    /// Read entries after this position.
    after: i64,
    /// Read entries up to this position, inclusive.
    pub up_to: i64,
}

impl DeliveryQuery {
    /// Plans a statement for the affected users, if they are known, or for all connected users if
    /// these are fewer.
    pub fn plan(
        connections: &LiveConnections,
        audience: Option<&AffectedAudience>,
        from: i64,
    ) -> Self {
        let connected = connections.resolved_count() as i64;
        let affected = audience.filter(|audience| audience.recipients < connected);
        let recipients = if affected.is_some() {
            "concerned"
        } else {
            "connected"
        };
        counter!("tidings_live_batches_total", "asked" => recipients).increment(1);
        let bound = last_position(
            from,
            affected.map_or(connected, |affected| affected.recipients),
        );
        affected.map_or_else(
            || Self {
                users: connections.user_ids(),
                conversations: Vec::new(),
                after: from,
                up_to: bound,
            },
            |affected| Self {
                users: affected.users.clone(),
                conversations: affected.conversations.clone(),
                after: from,
                up_to: bound.min(affected.to),
            },
        )
    }

    /// Reads the entries, one per row, each with its recipients.
    pub async fn fetch(&self, pool: &PgPool) -> Result<Vec<PgRow>, sqlx::Error> {
        sqlx::query(DELIVERIES)
            .bind(&self.users)
            .bind(&self.conversations)
            .bind(self.after)
            .bind(self.up_to)
            .fetch_all(pool)
            .await
    }
}

/// Returns the last position to read at once for a number of recipients: at least the next
/// position.
fn last_position(from: i64, recipients: i64) -> i64 {
    from + (MAX_DELIVERY_ROWS / recipients.max(1)).max(1)
}

/// Opens a pool with one connection for the hub, so that paging sessions cannot delay it.
pub(super) fn open_dedicated_pool(pool: &PgPool) -> PgPool {
    pool.options()
        .clone()
        .max_connections(1)
        .connect_lazy_with(dedicated_options(pool))
}

/// The options for the server that `pool` uses now. All statements of the hub are index probes for
/// few rows. The best plan does not depend on statistics, which are outdated or missing while
/// tables grow, and planning would take longer than executing.
pub(super) fn dedicated_options(pool: &PgPool) -> PgConnectOptions {
    PgConnectOptions::clone(&pool.connect_options())
        .application_name("tidings hub")
        .options([
            ("plan_cache_mode", "force_generic_plan"),
            ("enable_seqscan", "off"),
            ("enable_hashjoin", "off"),
            ("enable_mergejoin", "off"),
            // Join in the order in which the statement is written.
            ("join_collapse_limit", "1"),
            ("from_collapse_limit", "1"),
        ])
}

/// Selects what sync would return to several users between two positions, each entry once with its
/// recipients. Binds the users, the conversations whose members are recipients too, and the
/// positions. The rule is the same as for the feed of one user; see `sync`.
///
/// `targets` is joined and never compared with an array: a generic plan would scan the array for
/// every row. `OFFSET 0` makes each lookup a probe by all of its keys.
const DELIVERIES: &str = concat!(
    "WITH targets AS MATERIALIZED (
        SELECT u.id FROM unnest($1::bigint[]) AS u(id)
        UNION
        SELECT s.user_id FROM read.stays s
        WHERE s.conversation = ANY($2) AND (s.to_position IS NULL OR s.to_position > $3)
    ), candidates AS MATERIALIZED (
        SELECT i.user_id, i.position, i.conversation, i.seq
        FROM targets a CROSS JOIN LATERAL (
            SELECT i.user_id, i.position, i.conversation, i.seq FROM read.inbox i
            WHERE i.user_id = a.id AND i.position > $3 AND i.position <= $4 OFFSET 0) i
        UNION ALL
        SELECT a.id, x.position, c.id, x.seq
        FROM read.conversations c
        CROSS JOIN LATERAL (
            SELECT g.position, g.seq FROM read.messages g
            WHERE g.conversation = c.id AND NOT g.fanned AND g.position > $3 AND g.position <= $4
            UNION ALL
            SELECT t.position, NULL FROM read.timeline t
            WHERE t.conversation = c.id AND NOT t.fanned AND t.position > $3 AND t.position <= $4) x
        CROSS JOIN targets a
        CROSS JOIN LATERAL (
            SELECT FROM read.stays s
            WHERE s.conversation = c.id AND s.user_id = a.id AND s.from_position <= x.position
              AND (s.to_position IS NULL OR x.position <= s.to_position) OFFSET 0) s
        WHERE c.unfanned > 0 AND c.unfanned > $3
    ), visible AS MATERIALIZED (
        SELECT ",
    entry_parts!(),
    ", array_agg(r.user_id) AS recipients, bool_or(t.subject = r.user_id) AS has_subject
        FROM candidates r
        ",
    visible_entries!("r.user_id"),
    "
        GROUP BY r.position, r.conversation, c.name, t.type, t.at, t.data, r.seq, t.seq
    )
    SELECT k.position AS read_position, k.generation, k.users, v.recipients,
           ",
    entry_columns!("NULL::bigint"),
    "
    FROM read.checkpoint k LEFT JOIN visible v ON true
    LEFT JOIN read.messages g ON g.conversation = v.conversation AND g.seq = v.message
    ORDER BY v.position, v.conversation"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_covers_fewer_positions_for_more_recipients() {
        assert_eq!(last_position(10, 0), 10 + MAX_DELIVERY_ROWS);
        assert_eq!(last_position(10, 1_000), 110);
        assert_eq!(last_position(10, 10 * MAX_DELIVERY_ROWS), 11);
    }
}
