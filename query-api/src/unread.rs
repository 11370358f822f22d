//! Unread counts: derived whenever they are asked for, so there is nothing that could drift.
//!
//! Unread are the messages after the read mark that count (everything but `control`), that are not
//! recalled, that I did not send, and that I see. [`unread!`] is the fast form: every message knows
//! how many countable ones there were up to it, so the countable ones of a window are a
//! subtraction, and only the few that are recalled or my own are looked up in their indexes.
//! [`explain`](crate::explain) says the same message by message.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use http_edge::Caller;
use serde::Serialize;
use utoipa::ToSchema;

use crate::docs::OwnProblems;
use crate::failed::Unanswered;
use crate::min_position::{MinPosition, MinPositionQuery};
use crate::state::QueryState;

/// An expression: how many messages are unread for the present member `$m` of the conversation
/// `$c`. A few index probes, whatever the size of the conversation.
///
/// Own messages move the mark, so some can only lie after it when it was set back; they are looked
/// up by sender. The `+ 0` keeps the planner from reading the conversation instead.
macro_rules! unread {
    ($m:literal, $c:literal) => {
        concat!(
            "CASE WHEN ",
            $m,
            ".read_seq >= ",
            $c,
            ".head_seq THEN 0 ELSE (
                SELECT coalesce(sum(
                    CASE WHEN w.until_seq = ",
            $c,
            ".head_seq THEN ",
            $c,
            ".countable
                         ELSE coalesce((SELECT o.ordinal FROM read.messages o
                                        WHERE o.conversation = ",
            $m,
            ".conversation
                                          AND o.seq = w.until_seq), 0) END
                    - coalesce((SELECT o.ordinal FROM read.messages o
                                WHERE o.conversation = ",
            $m,
            ".conversation AND o.seq = w.mark), 0)
                    - (SELECT count(*) FROM read.messages o
                       WHERE o.recalled AND o.conversation = ",
            $m,
            ".conversation
                         AND o.seq > w.mark AND o.seq <= w.until_seq
                         AND o.sender <> ",
            $m,
            ".user_id AND o.type <> 'control')
                    - CASE WHEN ",
            $m,
            ".own_seq <= w.mark THEN 0 ELSE (
                        SELECT count(*) FROM read.messages o
                        WHERE o.sender = ",
            $m,
            ".user_id
                          AND o.position > coalesce((SELECT p.position FROM read.messages p
                                                     WHERE p.conversation = ",
            $m,
            ".conversation
                                                       AND p.seq = w.mark), 0)
                          AND o.conversation + 0 = ",
            $m,
            ".conversation
                          AND o.seq <= w.until_seq AND o.type <> 'control') END
                ), 0)::bigint
                FROM (SELECT greatest(v.after_seq, ",
            $m,
            ".read_seq) AS mark, v.until_seq
                      FROM ",
            crate::visibility::windows!($m, $c),
            " v) w
                WHERE w.until_seq > w.mark) END"
        )
    };
}

/// An expression: how many of the unread messages mention the user named `$user`.
macro_rules! unread_mentions {
    ($m:literal, $c:literal, $user:literal) => {
        concat!(
            "(SELECT count(*)
              FROM ",
            crate::visibility::windows!($m, $c),
            " w
              JOIN read.messages o ON o.conversation = ",
            $m,
            ".conversation
                  AND o.seq > greatest(w.after_seq, ",
            $m,
            ".read_seq) AND o.seq <= w.until_seq
              WHERE o.mentions IS NOT NULL AND NOT o.recalled AND o.type <> 'control'
                AND o.sender <> ",
            $m,
            ".user_id AND o.mentions::jsonb ? ",
            $user,
            ")"
        )
    };
}

pub(crate) use {unread, unread_mentions};

/// Unread counts of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnreadCounts {
    /// The sum over current conversations that are neither muted nor archived.
    pub total: i64,
    /// By conversation, muted and archived ones included; only those with any.
    pub conversations: BTreeMap<String, i64>,
}

/// Position, conversation, unread, whether it is muted or archived.
type Row = (i64, Option<String>, Option<i64>, Option<bool>);

/// The caller's unread counts, in one snapshot.
#[utoipa::path(
    get, path = "/v1/inbox/unread", operation_id = "get_unread", tag = "inbox",
    params(MinPositionQuery),
    responses(
        (status = 200, description = "All counts, in one snapshot.", body = UnreadCounts,
         headers(("Tidings-Position" = i64, description = "How far the read model is."))),
        OwnProblems,
    ),
)]
pub async fn unread_counts(
    State(state): State<QueryState>,
    caller: Caller,
    min_position: MinPosition,
) -> Result<Response, Unanswered> {
    let fresh = min_position.reached().await?;
    let rows: Vec<Row> = sqlx::query_as(concat!(
        "SELECT k.position, n.name, n.unread, n.quiet
         FROM read.checkpoint k LEFT JOIN (
             SELECT c.name, m.muted OR m.archived AS quiet, ",
        unread!("m", "c"),
        " AS unread
             FROM read.users u
             JOIN read.members m ON m.user_id = u.id AND m.present
             JOIN read.conversations c ON c.id = m.conversation
             WHERE u.name = $1
         ) n ON n.unread > 0"
    ))
    .bind(&caller.user)
    .fetch_all(&state.pool)
    .await?;

    let position = rows.first().map_or(0, |row| row.0);
    let mut counts = UnreadCounts {
        total: 0,
        conversations: BTreeMap::new(),
    };
    for (_, name, unread, quiet) in rows {
        let (Some(name), Some(unread), Some(quiet)) = (name, unread, quiet) else {
            continue;
        };
        if !quiet {
            counts.total += unread;
        }
        counts.conversations.insert(name, unread);
    }
    fresh.answer(position, &counts)
}
