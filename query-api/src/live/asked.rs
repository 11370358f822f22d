//! What the hub asks the read models for: whom, up to where, and the statement.

use event_log::bell::Touched;
use metrics::counter;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgRow};

use super::audience::Audience;
use crate::entry::{entry_columns, entry_parts};
use crate::visibility::told;

/// Entries of one statement at most, if everybody who is asked for gets all of them; what comes after is asked for
/// next. That
/// is half a second or so: a statement that takes longer than any may is cut off, and would be asked again in vain.
const ROWS: i64 = 100_000;

/// Whom a statement asks for, and for what.
pub(super) struct Asked {
    users: Vec<i64>,
    /// Their members are meant too.
    conversations: Vec<i64>,
    /// Entries after this position.
    from: i64,
    /// Up to this one.
    pub until: i64,
}

impl Asked {
    /// For those whom it concerns, if that is known, or for everybody who is connected if these are fewer.
    pub fn of(audience: &Audience, touched: Option<&Touched>, from: i64) -> Self {
        let connected = audience.known() as i64;
        let few = touched.filter(|touched| touched.told < connected);
        let whom = if few.is_some() {
            "concerned"
        } else {
            "connected"
        };
        counter!("tidings_live_batches_total", "asked" => whom).increment(1);
        let bound = bound(from, few.map_or(connected, |few| few.told));
        few.map_or_else(
            || Self {
                users: audience.numbers(),
                conversations: Vec::new(),
                from,
                until: bound,
            },
            |few| Self {
                users: few.users.clone(),
                conversations: few.conversations.clone(),
                from,
                until: bound.min(few.to),
            },
        )
    }

    /// Rows with an entry each, and those who get it.
    pub async fn deliveries(&self, pool: &PgPool) -> Result<Vec<PgRow>, sqlx::Error> {
        sqlx::query(DELIVERIES)
            .bind(&self.users)
            .bind(&self.conversations)
            .bind(self.from)
            .bind(self.until)
            .fetch_all(pool)
            .await
    }
}

/// The last position that is asked for at once, for so many recipients: at least the next one.
fn bound(from: i64, recipients: i64) -> i64 {
    from + (ROWS / recipients.max(1)).max(1)
}

/// One connection, so that nobody who pages can keep the hub waiting. All that it asks are probes of indices
/// from few rows: which plan that is does not depend on statistics, which are old or missing while tables
/// grow, and planning would take longer than running.
pub(super) fn own_connection(pool: &PgPool) -> PgPool {
    let options = PgConnectOptions::clone(&pool.connect_options())
        .application_name("tidings hub")
        .options([
            ("plan_cache_mode", "force_generic_plan"),
            ("enable_seqscan", "off"),
            ("enable_hashjoin", "off"),
            ("enable_mergejoin", "off"),
            // In the order in which they are written.
            ("join_collapse_limit", "1"),
            ("from_collapse_limit", "1"),
        ]);
    PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(pool.options().get_acquire_timeout())
        .connect_lazy_with(options)
}

/// What sync would return to some users after a position and up to another, each entry once with those who
/// get it. Binds the users, conversations whose members are meant too, and the positions. The same rule as
/// the feed of one user: see `sync`.
///
/// `asked` is joined, never compared with an array: a plan that does not know the array looks through it for
/// every row. `OFFSET 0` makes each look-up a probe by all of its keys.
const DELIVERIES: &str = concat!(
    "WITH asked AS MATERIALIZED (
        SELECT u.id FROM unnest($1::bigint[]) AS u(id)
        UNION
        SELECT s.user_id FROM read.stays s
        WHERE s.conversation = ANY($2) AND (s.to_position IS NULL OR s.to_position > $3)
    ), told AS MATERIALIZED (
        SELECT i.user_id, i.position, i.conversation, i.seq
        FROM asked a CROSS JOIN LATERAL (
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
        CROSS JOIN asked a
        CROSS JOIN LATERAL (
            SELECT FROM read.stays s
            WHERE s.conversation = c.id AND s.user_id = a.id AND s.from_position <= x.position
              AND (s.to_position IS NULL OR x.position <= s.to_position) OFFSET 0) s
        WHERE c.unfanned > 0 AND c.unfanned > $3
    ), seen AS MATERIALIZED (
        SELECT ",
    entry_parts!(),
    ", array_agg(r.user_id) AS recipients
        FROM told r
        ",
    told!("r.user_id"),
    "
        GROUP BY r.position, r.conversation, c.name, t.type, t.at, t.data, r.seq, t.seq
    )
    SELECT k.position AS read_position, k.generation, k.users, v.recipients,
           ",
    entry_columns!(),
    "
    FROM read.checkpoint k LEFT JOIN seen v ON true
    LEFT JOIN read.messages g ON g.conversation = v.conversation AND g.seq = v.message
    ORDER BY v.position, v.conversation"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_recipients_are_asked_for_in_parts_that_go_on() {
        assert_eq!(bound(10, 0), 10 + ROWS);
        assert_eq!(bound(10, 1_000), 110);
        assert_eq!(bound(10, 10 * ROWS), 11);
    }
}
