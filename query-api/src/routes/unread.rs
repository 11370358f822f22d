//! `GET /v1/inbox/unread`: unread counts. They are computed on every request, so they cannot drift.
//!
//! A message is unread if it is after the read mark, countable (every type but `control`), not
//! recalled, not sent by the user, and visible to the user. `unread!` of `read_model` computes the
//! count fast: every message stores the number of countable messages up to it, so counting a range
//! is a subtraction. Only the few recalled and own messages are looked up in their indexes.
//! `explain` gives the same result message by message.

use std::collections::BTreeMap;

use axum::response::Response;
use http_edge::Query;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::consistency::as_of::{ReadContext, ReadSnapshot};
use crate::consistency::position_params::{AsOfParams, MinPositionParams};
use crate::docs::CallerProblems;
use crate::error::EndpointError;
use crate::params::parse_flag;
use crate::plain_reads::count_answer;
use crate::sql::as_of_sql::TemporalStatement;
use crate::sql::plain_unread::{has_plain_unread, plain_unread_count};
use crate::sql::visibility::current_memberships;
use read_model::unread_count;

/// Selects the conversations.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UnreadParams {
    /// `true`: also the conversations without unread messages, each with 0.
    #[param(value_type = Option<bool>, example = true)]
    all: Option<String>,
}

/// The unread counts of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnreadCounts {
    /// The sum over all current conversations that are neither muted nor archived.
    pub total: i64,
    /// The counts by conversation, including muted and archived ones. Without `all`, only those
    /// above 0: a conversation that is absent has no unread messages.
    pub conversations: BTreeMap<String, i64>,
}

/// The position, the conversation, its unread count, and whether it is muted or archived.
type Row = (i64, Option<String>, Option<i64>, Option<bool>);

/// The same, and whether the count is plain.
type PlainRow = (i64, Option<String>, Option<i64>, Option<bool>, Option<bool>);

/// Binds the caller, and whether to return the counts that are 0.
/// Without the `OFFSET`, Postgres computes each count twice: for the condition and for the result.
static UNREAD: TemporalStatement = TemporalStatement::new(concat!(
    "SELECT k.position, n.name, n.unread, n.quiet
         FROM read.checkpoint k LEFT JOIN (
             SELECT c.name, m.muted OR m.archived AS quiet, ",
    unread_count!("m", "c"),
    " AS unread
             FROM ",
    current_memberships!(),
    "
             WHERE u.name = $1 OFFSET 0
         ) n ON $2 OR n.unread > 0"
));

/// The same where all counts are plain. Also returns counts that are 0.
const PLAIN_UNREAD: &str = concat!(
    "SELECT k.position, n.name, n.unread, n.quiet, n.is_plain
         FROM read.checkpoint k LEFT JOIN (
             SELECT c.name, m.muted OR m.archived AS quiet, ",
    plain_unread_count!(),
    " AS unread, ",
    has_plain_unread!(),
    " AS is_plain
             FROM ",
    current_memberships!(),
    "
             WHERE u.name = $1 AND ((SELECT $2) OR m.read_seq < c.head_seq)
         ) n ON true"
);

/// Reads the counts by the statement for plain ones, or else by that for all.
async fn fetch_counts(snapshot: &ReadSnapshot, all: bool) -> Result<Vec<Row>, sqlx::Error> {
    if snapshot.can_be_plain() {
        let query = sqlx::query_as(PLAIN_UNREAD).bind(snapshot.user()).bind(all);
        let rows: Vec<PlainRow> = query.fetch_all(snapshot.pool()).await?;
        let is_plain = rows.iter().all(|row| row.4.unwrap_or(true));
        count_answer("unread", is_plain);
        if is_plain {
            let show = |(position, name, unread, quiet, _): PlainRow| {
                let shown = unread.filter(|unread| all || *unread > 0);
                (position, name, shown, quiet)
            };
            return Ok(rows.into_iter().map(show).collect());
        }
    }
    let query = sqlx::query(snapshot.sql(&UNREAD))
        .bind(snapshot.user())
        .bind(all);
    snapshot.fetch_all(query).await
}

/// Returns the caller's unread counts.
#[utoipa::path(
    get, path = "/v1/inbox/unread", operation_id = "get_unread", tag = "inbox",
    params(UnreadParams, AsOfParams, MinPositionParams),
    responses(
        (status = 200, description = "All counts, from one snapshot.", body = UnreadCounts,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
    ),
)]
pub async fn get_unread_counts(
    Query(params): Query<UnreadParams>,
    context: ReadContext,
) -> Result<Response, EndpointError> {
    let all = parse_flag("all", params.all.as_deref())?;
    let snapshot = context.wait().await?;
    let rows = fetch_counts(&snapshot, all).await?;
    let position = rows.first().ok_or(sqlx::Error::RowNotFound)?.0;
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
    snapshot.respond(position, &counts)
}
