//! The statement that every batch executes: it advances the checkpoint and writes all frequent
//! changes.
//!
//! Its parts are common table expressions, each defined next to the code for its table. A batch
//! uses those that it has rows for. All parts see the tables as they were before the statement;
//! that is safe because no part reads what another one writes. If the checkpoint is not where the
//! batch expects it, `moved` is empty and no part writes anything.

use std::fmt::Write as _;
use std::sync::OnceLock;

use sqlx::PgConnection;

use super::recipients::{self, Recipients};
use super::{
    Batch, Query, acks, at, conversations, entries, history, mailboxes, members, messages, users,
};
use crate::error::ProjectError;
use crate::picture::Change;

/// One part of the statement.
struct Part {
    /// A common table expression, with `?` for each parameter.
    sql: &'static str,
    is_needed: fn(&Batch<'_>) -> bool,
    bind: for<'q> fn(Query<'q>, &'q Batch<'q>) -> Query<'q>,
}

const PARTS: [Part; 12] = [
    Part {
        sql: MOVE,
        is_needed: |_| true,
        bind: bind_move,
    },
    Part {
        sql: users::SEQUENCES,
        is_needed: |batch| {
            batch
                .picture
                .users
                .values()
                .any(|user| user.change == Change::Row)
        },
        bind: |query, batch| users::bind_sequences(query, batch.picture),
    },
    Part {
        sql: conversations::UPDATE,
        is_needed: |batch| {
            batch
                .picture
                .conversations
                .values()
                .any(|tracked| tracked.change == Change::Row)
        },
        bind: |query, batch| conversations::bind_update(query, batch.picture),
    },
    Part {
        sql: members::MARKS,
        is_needed: |batch| {
            batch
                .picture
                .members
                .values()
                .any(|member| member.change == Change::Marks)
        },
        bind: |query, batch| members::bind_marks(query, batch.picture),
    },
    Part {
        sql: messages::INSERT,
        is_needed: |batch| !batch.rows.messages.is_empty(),
        bind: |query, batch| messages::bind_insert(query, &batch.rows.messages),
    },
    Part {
        sql: entries::TIMELINE,
        is_needed: |batch| !batch.rows.timeline.is_empty(),
        bind: |query, batch| entries::bind_timeline(query, &batch.rows.timeline),
    },
    Part {
        sql: entries::FAN_OUT,
        is_needed: |batch| !batch.rows.fanned.is_empty(),
        bind: |query, batch| entries::bind_fan_out(query, &batch.rows.fanned),
    },
    Part {
        sql: entries::OWN,
        is_needed: |batch| !batch.rows.own.is_empty(),
        bind: |query, batch| entries::bind_own(query, &batch.rows.own),
    },
    Part {
        sql: mailboxes::DEVICES,
        is_needed: |batch| !batch.rows.devices.is_empty(),
        bind: |query, batch| mailboxes::bind_devices(query, &batch.rows.devices),
    },
    Part {
        sql: history::MEMBERS,
        is_needed: |batch| !batch.rows.member_history.is_empty(),
        bind: |query, batch| history::bind_members(query, &batch.rows.member_history),
    },
    Part {
        sql: history::ACKS,
        is_needed: |batch| !batch.rows.ack_history.is_empty(),
        bind: |query, batch| history::bind_acks(query, &batch.rows.ack_history),
    },
    Part {
        sql: acks::TELL,
        is_needed: |batch| !batch.rows.acks.is_empty() && !batch.has_late_acks(),
        bind: |query, batch| acks::bind_tell(query, batch.config, batch.rows),
    },
];

const MOVE: &str = "moved AS (
    UPDATE checkpoint SET position = ?, users = ?, conversations = ?, event_time = ?
    WHERE position = ? AND floor = ? AND generation = ? RETURNING position)";

fn bind_move<'q>(query: Query<'q>, batch: &'q Batch<'q>) -> Query<'q> {
    let Batch { from, to, .. } = batch;
    query
        .bind(to.position)
        .bind(to.users)
        .bind(to.conversations)
        .bind(at(to.event_time))
        .bind(from.position)
        .bind(from.floor)
        .bind(from.generation)
}

/// Caches the SQL of each combination of parts: one bit per part, and one for whether the statement
/// returns the recipients of fanned-out entries. Few combinations occur.
static STATEMENTS: [OnceLock<String>; 2 << PARTS.len()] =
    [const { OnceLock::new() }; 2 << PARTS.len()];

/// Joins the parts and numbers their parameters. The statement returns one row, with the
/// recipients, if the checkpoint was advanced.
fn statement<'a>(parts: impl Iterator<Item = &'a str>, return_recipients: bool) -> String {
    let parts: Vec<_> = parts.collect();
    let joined = parts.join(",\n");
    let mut pieces = joined.split('?');
    let mut sql = format!("WITH {}", pieces.next().unwrap_or_default());
    for (number, piece) in (1..).zip(pieces) {
        // Writing to a string cannot fail.
        let _ = write!(sql, "${number}{piece}");
    }
    sql + &recipients::select(&parts, return_recipients)
}

/// Advances the checkpoint and writes the frequent changes. Returns the recipients of delivery
/// receipts, and those of fanned-out entries if `return_recipients` is set.
pub(super) async fn write(
    batch: &Batch<'_>,
    connection: &mut PgConnection,
    return_recipients: bool,
) -> Result<Recipients, ProjectError> {
    let needed = PARTS.map(|part| (part.is_needed)(batch).then_some(part));
    let bits = (0..)
        .zip(&needed)
        .filter(|(_, part)| part.is_some())
        .map(|(bit, _)| 1 << bit)
        .sum::<usize>()
        | usize::from(return_recipients) << PARTS.len();
    let parts = || needed.iter().flatten();
    let sql =
        STATEMENTS[bits].get_or_init(|| statement(parts().map(|part| part.sql), return_recipients));
    let query = parts().fold(sqlx::query(sql), |query, part| (part.bind)(query, batch));
    let moved = query.fetch_optional(connection).await?;
    let moved = moved.ok_or(ProjectError::Fenced)?;
    Ok(Recipients::from_row(&moved, return_recipients)?)
}

/// Writes the delivery receipts of acks that cover messages of the same batch, after those
/// messages.
pub(super) async fn tell_late(
    batch: &Batch<'_>,
    connection: &mut PgConnection,
) -> Result<Recipients, sqlx::Error> {
    static TELL: OnceLock<String> = OnceLock::new();
    let parts = ["moved AS (SELECT 1)", acks::TELL];
    let sql = TELL.get_or_init(|| statement(parts.into_iter(), false));
    let row = acks::bind_tell(sqlx::query(sql), batch.config, batch.rows)
        .fetch_one(connection)
        .await?;
    Recipients::from_row(&row, false)
}
