//! Unread counts: derived whenever they are asked for, so there is nothing that could drift.
//!
//! Unread are the messages after the read mark that count (everything but `control`), that are not
//! recalled, that I did not send, and that I see. `unread!` of `read_model` is the fast form: every message knows
//! how many countable ones there were up to it, so the countable ones of a window are a
//! subtraction, and only the few that are recalled or my own are looked up in their indexes.
//! [`explain`](crate::explain) says the same message by message.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::docs::OwnProblems;
use crate::failed::Unanswered;
use crate::min_position::MinPositionQuery;
use crate::moment::{Moment, MomentQuery};
use crate::past::Statement;
use crate::state::QueryState;
use read_model::unread;

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

/// Binds the caller.
static UNREAD: Statement = Statement::new(concat!(
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
));

/// The caller's unread counts, in one snapshot.
#[utoipa::path(
    get, path = "/v1/inbox/unread", operation_id = "get_unread", tag = "inbox",
    params(MomentQuery, MinPositionQuery),
    responses(
        (status = 200, description = "All counts, in one snapshot.", body = UnreadCounts,
         headers(("Tidings-Position" = i64, description = "How far the read model is."))),
        OwnProblems,
    ),
)]
pub async fn unread_counts(
    State(state): State<QueryState>,
    moment: Moment,
) -> Result<Response, Unanswered> {
    let user = moment.user().to_owned();
    let moment = moment.reached().await?;
    let rows: Vec<Row> = moment
        .bind_as(sqlx::query_as(moment.text(&UNREAD)).bind(&user))
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
    moment.answer(position, &counts)
}
