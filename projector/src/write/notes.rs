//! Erases the notes that users wrote with requests: rows and entries from before this batch that
//! contain them lose them.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::columns::column_values;
use crate::fold::{clear_note, clear_reason};
use crate::rows::ErasedNotes;

/// An entry of `timeline`: conversation, position and data.
type EntryRow = (i64, i64, String);

pub(super) async fn erase(
    connection: &mut PgConnection,
    erased: &BTreeMap<i64, ErasedNotes>,
) -> Result<(), sqlx::Error> {
    if erased.is_empty() {
        return Ok(());
    }
    let users = column_values(erased.keys(), |user| *user);
    let positions = column_values(erased.values(), |erased| erased.position);
    for statement in [ERASE_RECEIVED, ERASE_OWN, ERASE_JOIN_REQUESTS] {
        sqlx::query(statement)
            .bind(&users)
            .bind(&positions)
            .execute(&mut *connection)
            .await?;
    }
    erase_closing_entries(connection, erased).await?;
    for statement in [ERASE_CASE_NOTES, ERASE_SESSION_TEXTS] {
        sqlx::query(statement)
            .bind(column_values(erased.values(), |erased| {
                erased.author.as_str()
            }))
            .bind(&positions)
            .execute(&mut *connection)
            .await?;
    }
    erase_entries(connection, erased).await
}

/// Clears the reasons in the entries about sessions that the users closed.
async fn erase_closing_entries(
    connection: &mut PgConnection,
    erased: &BTreeMap<i64, ErasedNotes>,
) -> Result<(), sqlx::Error> {
    let entries: Vec<EntryRow> = sqlx::query_as(CLOSING_ENTRIES)
        .bind(column_values(erased.values(), |erased| {
            erased.author.as_str()
        }))
        .bind(column_values(erased.values(), |erased| erased.position))
        .fetch_all(&mut *connection)
        .await?;
    let mut cleared: Vec<EntryRow> = Vec::with_capacity(entries.len());
    for (conversation, position, data) in entries {
        let data = clear_reason(&data, None).map_err(|error| sqlx::Error::Decode(error.into()))?;
        cleared.push((conversation, position, data));
    }
    update_entries(connection, &cleared).await
}

/// Clears the entries about requests: the author's own, and those of the users who were asked.
async fn erase_entries(
    connection: &mut PgConnection,
    erased: &BTreeMap<i64, ErasedNotes>,
) -> Result<(), sqlx::Error> {
    let own: Vec<EntryRow> = sqlx::query_as(OWN_ENTRIES)
        .bind(column_values(erased.keys(), |user| *user))
        .bind(column_values(erased.values(), |erased| erased.position))
        .fetch_all(&mut *connection)
        .await?;
    let decode = |error: serde_json::Error| sqlx::Error::Decode(error.into());
    let mut cleared: Vec<EntryRow> = Vec::with_capacity(own.len() * 2);
    let mut asked: Vec<(String, i64)> = Vec::with_capacity(own.len());
    for (conversation, position, data) in own {
        let author = erased.get(&-conversation).map(|erased| &erased.author);
        let Some(author) = author else { continue };
        if let Some(entry) = clear_note(&data, author.as_str()).map_err(decode)? {
            cleared.push((conversation, position, entry.data));
            asked.push((entry.user, position));
        }
    }
    let received: Vec<EntryRow> = sqlx::query_as(RECEIVED_ENTRIES)
        .bind(column_values(&asked, |(name, _)| name.as_str()))
        .bind(column_values(&asked, |(_, position)| *position))
        .fetch_all(&mut *connection)
        .await?;
    for (conversation, position, data) in received {
        let mut authors = erased.values().map(|erased| &erased.author);
        let entry = authors.find_map(|author| clear_note(&data, author.as_str()).transpose());
        if let Some(entry) = entry.transpose().map_err(decode)? {
            cleared.push((conversation, position, entry.data));
        }
    }
    update_entries(connection, &cleared).await
}

async fn update_entries(
    connection: &mut PgConnection,
    entries: &[EntryRow],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE timeline t SET data = n.data \
         FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS n(conversation, position, data) \
         WHERE t.conversation = n.conversation AND t.position = n.position",
    )
    .bind(column_values(entries, |row| row.0))
    .bind(column_values(entries, |row| row.1))
    .bind(column_values(entries, |row| row.2.as_str()))
    .execute(connection)
    .await?;
    Ok(())
}

/// The rows of the users who were asked. They are found by the rows of the author, which therefore
/// come second.
const ERASE_RECEIVED: &str = "UPDATE contacts c SET note = NULL
    FROM unnest($1::bigint[], $2::bigint[]) AS n(user_id, position)
    JOIN contacts own ON own.user_id = n.user_id
    WHERE own.state = 'outgoing' AND own.position < n.position AND own.note IS NOT NULL
    AND c.user_id = own.other AND c.other = own.user_id";

const ERASE_OWN: &str = "UPDATE contacts c SET note = NULL
    FROM unnest($1::bigint[], $2::bigint[]) AS n(user_id, position)
    WHERE c.user_id = n.user_id AND c.state = 'outgoing' AND c.position < n.position
    AND c.note IS NOT NULL";

const ERASE_JOIN_REQUESTS: &str = "UPDATE join_requests x SET note = NULL
    FROM unnest($1::bigint[], $2::bigint[]) AS n(user_id, position)
    WHERE x.user_id = n.user_id AND x.position < n.position AND x.note IS NOT NULL";

/// What the users wrote with reports, and as moderators.
const ERASE_CASE_NOTES: &str = "UPDATE case_acts x SET note = NULL
    FROM unnest($1::text[], $2::bigint[]) AS n(name, position)
    WHERE x.by = n.name AND x.position < n.position AND x.note IS NOT NULL";

/// What the users wrote about service sessions.
const ERASE_SESSION_TEXTS: &str = "UPDATE session_texts x SET text = NULL
    FROM unnest($1::text[], $2::bigint[]) AS n(name, position)
    WHERE x.by = n.name AND x.position < n.position AND x.text IS NOT NULL";

/// They are found by the texts, which are therefore erased afterwards.
const CLOSING_ENTRIES: &str = "SELECT t.conversation, t.position, t.data
    FROM unnest($1::text[], $2::bigint[]) AS n(name, position)
    JOIN session_texts x ON x.by = n.name AND x.position < n.position AND x.text IS NOT NULL
    JOIN timeline t ON t.conversation = x.conversation AND t.position = x.position
    WHERE x.kind = 'reason' AND t.type = 'session_closed' AND t.data IS NOT NULL";

const OWN_ENTRIES: &str = "SELECT t.conversation, t.position, t.data FROM timeline t
    JOIN unnest($1::bigint[], $2::bigint[]) AS n(user_id, position)
    ON t.conversation = -n.user_id AND t.position < n.position
    WHERE t.type = 'contact_requested' AND t.data IS NOT NULL";

const RECEIVED_ENTRIES: &str = "SELECT t.conversation, t.position, t.data
    FROM unnest($1::text[], $2::bigint[]) AS n(name, position)
    JOIN users u ON u.name = n.name
    JOIN timeline t ON t.conversation = -u.id AND t.position = n.position
    WHERE t.type = 'contact_requested' AND t.data IS NOT NULL";
