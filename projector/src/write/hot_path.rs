//! The statement that every batch executes: it advances the checkpoint and writes all frequent
//! changes.
//!
//! Its parts are common table expressions, each defined next to the code for its table. A batch
//! uses those that it has rows for. All parts see the tables as they were before the statement;
//! that is safe because no part reads what another one writes. If the checkpoint is not where the
//! batch expects it, `moved` is empty and no part writes anything.
//!
//! The parts call `unnest` in the list of columns. In `FROM`, Postgres first puts its rows into a
//! table in memory, which takes as long as inserting them.

use std::fmt::Write as _;
use std::sync::OnceLock;

use domain::history::EpochTag;
use sqlx::PgConnection;

use super::batch::WriteBatch;
use super::columns::{PgQuery, to_sql_time};
use super::recipients::{self, BatchRecipients};
use super::{acks, conversations, entries, history, mailboxes, members, messages, users};
use crate::error::ProjectionError;
use crate::working_set::RowChange;

/// One part of the statement.
struct StatementPart {
    /// A common table expression, with `?` for each parameter.
    sql: &'static str,
    is_needed: fn(&WriteBatch<'_>) -> bool,
    bind: for<'q> fn(PgQuery<'q>, &'q WriteBatch<'q>) -> PgQuery<'q>,
}

const STATEMENT_PARTS: [StatementPart; 12] = [
    StatementPart {
        sql: ADVANCE_CHECKPOINT,
        is_needed: |_| true,
        bind: bind_checkpoint,
    },
    StatementPart {
        sql: users::UPDATE_SEQUENCES,
        is_needed: |batch| {
            batch
                .working_set
                .users
                .values()
                .any(|user| user.change == RowChange::Row)
        },
        bind: |query, batch| users::bind_sequences(query, batch.working_set),
    },
    StatementPart {
        sql: conversations::UPDATE,
        is_needed: |batch| {
            batch
                .working_set
                .conversations
                .values()
                .any(|tracked| tracked.change == RowChange::Row)
        },
        bind: |query, batch| conversations::bind_update(query, batch.working_set),
    },
    StatementPart {
        sql: members::UPDATE_MARKS,
        is_needed: |batch| {
            batch
                .working_set
                .members
                .values()
                .any(|member| member.change == RowChange::Marks)
        },
        bind: |query, batch| members::bind_marks(query, batch.working_set),
    },
    StatementPart {
        sql: messages::INSERT,
        is_needed: |batch| !batch.rows.messages.is_empty(),
        bind: |query, batch| messages::bind_insert(query, &batch.rows.messages),
    },
    StatementPart {
        sql: entries::INSERT_TIMELINE,
        is_needed: |batch| !batch.rows.timeline.is_empty(),
        bind: |query, batch| entries::bind_timeline(query, &batch.rows.timeline),
    },
    StatementPart {
        sql: entries::FAN_OUT,
        is_needed: |batch| !batch.rows.fan_out_entries.is_empty(),
        bind: |query, batch| entries::bind_fan_out(query, &batch.rows.fan_out_entries),
    },
    StatementPart {
        sql: entries::INSERT_PERSONAL,
        is_needed: |batch| !batch.rows.personal_entries.is_empty(),
        bind: |query, batch| entries::bind_personal(query, &batch.rows.personal_entries),
    },
    StatementPart {
        sql: mailboxes::UPSERT_DEVICES,
        is_needed: |batch| !batch.rows.devices.is_empty(),
        bind: |query, batch| mailboxes::bind_devices(query, &batch.rows.devices),
    },
    StatementPart {
        sql: history::INSERT_MEMBERS,
        is_needed: |batch| !batch.rows.member_history.is_empty(),
        bind: |query, batch| history::bind_members(query, &batch.rows.member_history),
    },
    StatementPart {
        sql: history::INSERT_ACKS,
        is_needed: |batch| !batch.rows.ack_history.is_empty(),
        bind: |query, batch| history::bind_acks(query, &batch.rows.ack_history),
    },
    StatementPart {
        sql: acks::INSERT_RECEIPTS,
        is_needed: |batch| !batch.rows.acks.is_empty() && !batch.has_deferred_acks(),
        bind: |query, batch| acks::bind_receipts(query, batch.config, batch.rows),
    },
];

/// Advances the checkpoint if the log in this database has the event of the new position: events
/// can come from elsewhere, and the log may have lost them in a failover.
const ADVANCE_CHECKPOINT: &str = concat!(
    "moved AS (
    UPDATE checkpoint SET position = ?, tag = ?, users = ?, conversations = ?, event_time = ?
    WHERE position = ? AND tag = ? AND floor = ? AND generation = ? AND ",
    event_log::has_cursor_sql!("?", "?"),
    " RETURNING position)"
);

fn bind_checkpoint<'q>(query: PgQuery<'q>, batch: &'q WriteBatch<'q>) -> PgQuery<'q> {
    let WriteBatch { from, to, .. } = batch;
    query
        .bind(to.position)
        .bind(to.tag.to_sql())
        .bind(to.users)
        .bind(to.conversations)
        .bind(to_sql_time(to.event_time))
        .bind(from.position)
        .bind(from.tag.to_sql())
        .bind(from.floor)
        .bind(from.generation)
        .bind(to.position)
        .bind(batch.tag.map(EpochTag::to_sql))
}

/// Caches the SQL of each combination of parts: one bit per part, and one for whether the statement
/// returns the recipients of fanned-out entries. Few combinations occur.
static STATEMENT_CACHE: [OnceLock<String>; 2 << STATEMENT_PARTS.len()] =
    [const { OnceLock::new() }; 2 << STATEMENT_PARTS.len()];

/// Joins the parts and numbers their parameters. The statement returns one row, with the
/// recipients, if the checkpoint was advanced.
fn build_statement<'a>(parts: impl Iterator<Item = &'a str>, return_recipients: bool) -> String {
    let parts: Vec<_> = parts.collect();
    let joined = parts.join(",\n");
    let mut pieces = joined.split('?');
    let mut sql = format!("WITH {}", pieces.next().unwrap_or_default());
    for (number, piece) in (1..).zip(pieces) {
        // Writing to a string cannot fail.
        let _ = write!(sql, "${number}{piece}");
    }
    sql + &recipients::build_select(&parts, return_recipients)
}

/// Advances the checkpoint and writes the frequent changes. Returns the recipients of delivery
/// receipts, and those of fanned-out entries if `return_recipients` is set.
pub(super) async fn execute(
    batch: &WriteBatch<'_>,
    connection: &mut PgConnection,
    return_recipients: bool,
) -> Result<BatchRecipients, ProjectionError> {
    let needed = STATEMENT_PARTS.map(|part| (part.is_needed)(batch).then_some(part));
    let bits = (0..)
        .zip(&needed)
        .filter(|(_, part)| part.is_some())
        .map(|(bit, _)| 1 << bit)
        .sum::<usize>()
        | usize::from(return_recipients) << STATEMENT_PARTS.len();
    let parts = || needed.iter().flatten();
    let sql = STATEMENT_CACHE[bits]
        .get_or_init(|| build_statement(parts().map(|part| part.sql), return_recipients));
    let query = parts().fold(sqlx::query(sql), |query, part| (part.bind)(query, batch));
    let moved = query.fetch_optional(connection).await?;
    let moved = moved.ok_or(ProjectionError::Fenced)?;
    Ok(BatchRecipients::from_row(&moved, return_recipients)?)
}

/// Writes the delivery receipts of acks that cover messages of the same batch, after those
/// messages.
pub(super) async fn write_deferred_receipts(
    batch: &WriteBatch<'_>,
    connection: &mut PgConnection,
) -> Result<BatchRecipients, sqlx::Error> {
    static STATEMENT: OnceLock<String> = OnceLock::new();
    let parts = ["moved AS (SELECT 1)", acks::INSERT_RECEIPTS];
    let sql = STATEMENT.get_or_init(|| build_statement(parts.into_iter(), false));
    let row = acks::bind_receipts(sqlx::query(sql), batch.config, batch.rows)
        .fetch_one(connection)
        .await?;
    BatchRecipients::from_row(&row, false)
}
