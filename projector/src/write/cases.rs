//! Writes `cases` and `case_acts`.

use domain::case::event::CaseOpened;
use domain::case::target::{CaseId, CaseTarget};
use domain::ids::{ConversationId, UserId};
use domain::texts::CaseNote;
use domain::time::Timestamp;
use sqlx::PgConnection;
use sqlx::types::time::OffsetDateTime;

use super::columns::{column_values, to_sql_time};
use crate::case_rows::{CaseActRow, CaseChange, CaseRows};

/// Writes the changed rows and the events.
pub(super) async fn write(
    connection: &mut PgConnection,
    rows: &CaseRows,
) -> Result<(), sqlx::Error> {
    if rows.acts.is_empty() {
        return Ok(());
    }
    let (opened, others): (Vec<_>, Vec<_>) = rows
        .changes
        .iter()
        .partition(|(_, change)| change.opened.is_some());
    upsert_opened(connection, &opened).await?;
    update_others(connection, &others).await?;
    insert_acts(connection, &rows.acts).await
}

/// A case that a report or evidence of the batch has opened.
struct OpenedRow<'a> {
    id: &'a CaseId,
    change: &'a CaseChange,
    opened: &'a CaseOpened,
    opened_at: (i64, Timestamp),
    target: String,
}

fn to_opened_rows<'a>(
    changes: &[(&'a CaseId, &'a CaseChange)],
) -> Result<Vec<OpenedRow<'a>>, sqlx::Error> {
    let mut rows = Vec::with_capacity(changes.len());
    for &(id, change) in changes {
        let (Some(opened), Some(opened_at)) = (&change.opened, change.opened_at) else {
            continue;
        };
        let target = serde_json::to_string(&opened.target);
        rows.push(OpenedRow {
            id,
            change,
            opened,
            opened_at,
            target: target.map_err(|error| sqlx::Error::Encode(error.into()))?,
        });
    }
    Ok(rows)
}

fn seq_of(target: &CaseTarget) -> Option<i64> {
    match target {
        CaseTarget::Message { seq, .. } => Some(*seq),
        _ => None,
    }
}

async fn upsert_opened(
    connection: &mut PgConnection,
    changes: &[(&CaseId, &CaseChange)],
) -> Result<(), sqlx::Error> {
    let rows = to_opened_rows(changes)?;
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO cases (id, kind, target, conversation, seq, about, author, opened_position, \
         opened_at, is_open, reports) \
         SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], \
         $7::text[], $8::bigint[], $9::timestamptz[], $10::boolean[], $11::bigint[]) \
         ON CONFLICT (id) DO UPDATE SET kind = EXCLUDED.kind, target = EXCLUDED.target, \
         conversation = EXCLUDED.conversation, seq = EXCLUDED.seq, about = EXCLUDED.about, \
         author = coalesce(EXCLUDED.author, cases.author), \
         opened_position = EXCLUDED.opened_position, opened_at = EXCLUDED.opened_at, \
         is_open = EXCLUDED.is_open, reports = cases.reports + EXCLUDED.reports",
    )
    .bind(column_values(&rows, |row| row.id.as_str()))
    .bind(column_values(&rows, |row| row.opened.kind.as_str()))
    .bind(column_values(&rows, |row| row.target.as_str()))
    .bind(column_values(&rows, |row| {
        row.opened.target.conversation().map(ConversationId::as_str)
    }))
    .bind(column_values(&rows, |row| seq_of(&row.opened.target)))
    .bind(column_values(&rows, |row| {
        row.opened.target.user().map(UserId::as_str)
    }))
    .bind(column_values(&rows, |row| {
        row.change.author.as_ref().map(UserId::as_str)
    }))
    .bind(column_values(&rows, |row| row.opened_at.0))
    .bind(column_values(&rows, |row| to_sql_time(row.opened_at.1)))
    .bind(column_values(&rows, |row| row.change.is_open != Some(false)))
    .bind(column_values(&rows, |row| row.change.reports))
    .execute(connection)
    .await?;
    Ok(())
}

async fn update_others(
    connection: &mut PgConnection,
    changes: &[(&CaseId, &CaseChange)],
) -> Result<(), sqlx::Error> {
    if changes.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE cases x SET author = coalesce(n.author, x.author), \
         opened_position = coalesce(n.opened_position, x.opened_position), \
         opened_at = coalesce(n.opened_at, x.opened_at), \
         is_open = coalesce(n.is_open, x.is_open), reports = x.reports + n.reports \
         FROM unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[], $5::boolean[], \
         $6::bigint[]) AS n(id, author, opened_position, opened_at, is_open, reports) \
         WHERE x.id = n.id",
    )
    .bind(column_values(changes, |(id, _)| id.as_str()))
    .bind(column_values(changes, |(_, change)| {
        change.author.as_ref().map(UserId::as_str)
    }))
    .bind(column_values(changes, |(_, change)| {
        change.opened_at.map(|(position, _)| position)
    }))
    .bind(column_values(
        changes,
        |(_, change)| -> Option<OffsetDateTime> { change.opened_at.map(|(_, at)| to_sql_time(at)) },
    ))
    .bind(column_values(changes, |(_, change)| change.is_open))
    .bind(column_values(changes, |(_, change)| change.reports))
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_acts(
    connection: &mut PgConnection,
    acts: &[CaseActRow],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO case_acts (case_id, position, at, type, by, note, data) \
         SELECT * FROM unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], \
         $6::text[], $7::text[])",
    )
    .bind(column_values(acts, |act| act.case.as_str()))
    .bind(column_values(acts, |act| act.position))
    .bind(column_values(acts, |act| to_sql_time(act.at)))
    .bind(column_values(acts, |act| act.event_type))
    .bind(column_values(acts, |act| {
        act.by.as_ref().map(UserId::as_str)
    }))
    .bind(column_values(acts, |act| {
        act.note.as_ref().map(CaseNote::as_str)
    }))
    .bind(column_values(acts, |act| act.data.as_str()))
    .execute(connection)
    .await?;
    Ok(())
}
