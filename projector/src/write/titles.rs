//! Erases titles, and what else users wrote about a conversation: rows from before this batch that
//! contain it lose it.

use std::collections::BTreeMap;

use domain::conversation::settings::ConversationPolicy;
use sqlx::PgConnection;

use super::columns::column_values;
use crate::fold::{TITLED_ENTRY_TYPES, clear_title};

pub(super) async fn erase(
    connection: &mut PgConnection,
    erased: &BTreeMap<i64, i64>,
) -> Result<(), sqlx::Error> {
    if erased.is_empty() {
        return Ok(());
    }
    let conversations = column_values(erased.keys(), |id| *id);
    let positions = column_values(erased.values(), |position| *position);
    sqlx::query(
        "UPDATE conversation_history h SET title = NULL \
         FROM unnest($1::bigint[], $2::bigint[]) AS n(conversation, position) \
         WHERE h.conversation = n.conversation AND h.position < n.position AND h.title IS NOT NULL",
    )
    .bind(&conversations)
    .bind(&positions)
    .execute(&mut *connection)
    .await?;
    erase_access_texts(connection, &conversations, &positions).await?;
    let entries: Vec<(i64, i64, String, String)> = sqlx::query_as(
        "SELECT t.conversation, t.position, t.type, t.data FROM timeline t \
         JOIN unnest($1::bigint[], $2::bigint[]) AS n(conversation, position) \
         ON t.conversation = n.conversation AND t.position < n.position \
         WHERE t.type = ANY($3) AND t.data IS NOT NULL",
    )
    .bind(&conversations)
    .bind(&positions)
    .bind(TITLED_ENTRY_TYPES.as_slice())
    .fetch_all(&mut *connection)
    .await?;
    let mut cleared = Vec::with_capacity(entries.len());
    for (_, _, kind, data) in &entries {
        cleared.push(clear_title(kind, data).map_err(|error| sqlx::Error::Decode(error.into()))?);
    }
    sqlx::query(
        "UPDATE timeline t SET data = n.data \
         FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS n(conversation, position, data) \
         WHERE t.conversation = n.conversation AND t.position = n.position",
    )
    .bind(column_values(&entries, |row| row.0))
    .bind(column_values(&entries, |row| row.1))
    .bind(&cleared)
    .execute(connection)
    .await?;
    Ok(())
}

/// Erases the texts in `policies`, the reasons of sanctions, the notes of join requests, and what
/// was written about service sessions.
async fn erase_access_texts(
    connection: &mut PgConnection,
    conversations: &[i64],
    positions: &[i64],
) -> Result<(), sqlx::Error> {
    for statement in [
        ERASE_SILENCE_REASONS,
        ERASE_BAN_REASONS,
        ERASE_NOTES,
        ERASE_SESSION_TEXTS,
    ] {
        sqlx::query(statement)
            .bind(conversations)
            .bind(positions)
            .execute(&mut *connection)
            .await?;
    }
    let versions: Vec<(i64, i64, String)> = sqlx::query_as(
        "SELECT p.conversation, p.position, p.policy FROM policies p \
         JOIN unnest($1::bigint[], $2::bigint[]) AS n(conversation, position) \
         ON p.conversation = n.conversation AND p.position < n.position",
    )
    .bind(conversations)
    .bind(positions)
    .fetch_all(&mut *connection)
    .await?;
    let mut cleared = Vec::with_capacity(versions.len());
    for (_, _, policy) in &versions {
        let policy: Result<ConversationPolicy, _> = serde_json::from_str(policy);
        let text = policy.and_then(|policy| serde_json::to_string(&policy.without_text()));
        cleared.push(text.map_err(|error| sqlx::Error::Decode(error.into()))?);
    }
    sqlx::query(
        "UPDATE policies p SET policy = n.policy, avatar_file = NULL \
         FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS n(conversation, position, policy) \
         WHERE p.conversation = n.conversation AND p.position = n.position",
    )
    .bind(column_values(&versions, |row| row.0))
    .bind(column_values(&versions, |row| row.1))
    .bind(&cleared)
    .execute(connection)
    .await?;
    Ok(())
}

const ERASE_SILENCE_REASONS: &str = "UPDATE silences x SET reason = NULL
    FROM unnest($1::bigint[], $2::bigint[]) AS n(conversation, position)
    WHERE x.conversation = n.conversation AND x.position < n.position AND x.reason IS NOT NULL";

const ERASE_BAN_REASONS: &str = "UPDATE bans x SET reason = NULL
    FROM unnest($1::bigint[], $2::bigint[]) AS n(conversation, position)
    WHERE x.conversation = n.conversation AND x.position < n.position AND x.reason IS NOT NULL";

const ERASE_NOTES: &str = "UPDATE join_requests x SET note = NULL
    FROM unnest($1::bigint[], $2::bigint[]) AS n(conversation, position)
    WHERE x.conversation = n.conversation AND x.position < n.position AND x.note IS NOT NULL";

/// What the system says stays, as in the log.
const ERASE_SESSION_TEXTS: &str = "UPDATE session_texts x SET text = NULL
    FROM unnest($1::bigint[], $2::bigint[]) AS n(conversation, position)
    WHERE x.conversation = n.conversation AND x.position < n.position AND x.text IS NOT NULL
    AND x.by <> 'tidings'";
