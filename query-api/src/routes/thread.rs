//! `GET .../messages/{seq}/thread`: the replies of a message, oldest first.

use axum::response::Response;
use http_edge::{Path, Problem, Query};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::postgres::PgRow;
use utoipa::{IntoParams, ToSchema};

use crate::consistency::as_of::ReadContext;
use crate::consistency::position_params::{AsOfParams, MinPositionParams};
use crate::docs::{CallerProblems, NotFoundProblem};
use crate::error::{EndpointError, QueryError};
use crate::page::{MAX_PAGE_BODY_BYTES, PageBudget, bytes_before};
use crate::params::{self, PageLimit, ReactionsForm};
use crate::routes::conversation_query::by_message;
use crate::sql::as_of_sql::TemporalStatement;
use crate::sql::message_view::{MessageView, message_columns, summarize_long_list};
use crate::sql::visibility::{caller_id, is_visible_message, membership};
use read_model::visible_windows;

/// The number of replies per page.
const PAGE_LIMIT: PageLimit = PageLimit {
    default: 50,
    max: 200,
};

/// Selects the page. At most one of `after` and `before` may be given.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ThreadParams {
    /// The maximum number of replies. A page also ends at 1 MiB.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// Replies after this seq. Without any bound, the first ones.
    #[param(value_type = Option<i64>, minimum = 0, example = 1)]
    after: Option<String>,
    /// The last replies before this seq.
    #[param(value_type = Option<i64>, minimum = 1, example = 9)]
    before: Option<String>,
    /// `summary`: the number of users by reaction key and the first ten of them, instead of lists.
    /// A page of more than 50 messages always has summaries.
    #[param(value_type = Option<ReactionsForm>, inline, example = "summary")]
    reactions: Option<String>,
}

/// A page of a thread.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Thread)]
pub struct ThreadPage {
    /// The message that the thread belongs to.
    pub root: MessageView,
    /// The replies, oldest first.
    pub messages: Vec<MessageView>,
    /// Whether there are more replies in the direction of paging.
    pub has_more: bool,
}

/// The parsed bound of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ThreadAnchor {
    After(i64),
    Before(i64),
}

impl ThreadParams {
    fn anchor(&self) -> Result<ThreadAnchor, Problem> {
        let after = params::parse_bound("after", self.after.as_deref(), 0)?;
        let before = params::parse_bound("before", self.before.as_deref(), 1)?;
        match (after, before) {
            (after, None) => Ok(ThreadAnchor::After(after.unwrap_or(0))),
            (None, Some(seq)) => Ok(ThreadAnchor::Before(seq)),
            (Some(_), Some(_)) => Err(Problem::malformed(
                "before",
                "expected only one of before and after",
            )),
        }
    }
}

/// Binds the caller, the conversation, the seq of the root, the seq `$4` after which `$5` replies
/// are read, the seq `$6` before which `$7` replies are read, and the byte budget. One of the two
/// numbers is 0. The root is a row of its own.
static THREAD: TemporalStatement = TemporalStatement::new(concat!(
    "WITH ",
    membership!(),
    ", page AS (
        (SELECT r.* FROM membership t CROSS JOIN LATERAL ",
    visible_windows!("t", "t"),
    " w CROSS JOIN LATERAL (
             SELECT m.* FROM read.messages m
             WHERE m.conversation = t.conversation AND m.thread = $3
               AND m.seq > w.after_seq AND m.seq <= w.until_seq AND m.seq > $4
             ORDER BY m.seq LIMIT $5) r
         ORDER BY r.seq LIMIT $5)
        UNION ALL
        (SELECT r.* FROM membership t CROSS JOIN LATERAL ",
    visible_windows!("t", "t"),
    " w CROSS JOIN LATERAL (
             SELECT m.* FROM read.messages m
             WHERE m.conversation = t.conversation AND m.thread = $3
               AND m.seq > w.after_seq AND m.seq <= w.until_seq AND m.seq < $6
             ORDER BY m.seq DESC LIMIT $7) r
         ORDER BY r.seq DESC LIMIT $7)
    ), sized AS (
        SELECT p.*, count(*) OVER () AS found, ",
    bytes_before!(
        "octet_length(p.body)",
        "ORDER BY CASE WHEN $7 > 0 THEN -p.seq ELSE p.seq END"
    ),
    " FROM page p
        UNION ALL
        SELECT g.*, 0, 0 FROM membership t JOIN read.messages g ON ",
    is_visible_message!(),
    "
    )
    SELECT k.position AS read_position, g.found, ",
    message_columns!("t.name", caller_id!()),
    "
    FROM read.checkpoint k LEFT JOIN membership t ON true LEFT JOIN sized g ON g.bytes_before < $8
    ORDER BY g.seq"
));

/// Returns the replies of a message.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/messages/{seq}/thread", operation_id = "get_thread", tag = "messages",
    params(("id" = String, Path, description = "The conversation.", example = "lunch"),
           ("seq" = i64, Path, minimum = 1, description = "The root.", example = 1), ThreadParams, AsOfParams,
           MinPositionParams),
    responses(
        (status = 200, description = "The root and a page of replies.", body = ThreadPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
    ),
)]
pub async fn get_thread(
    Path(path): Path<(String, String)>,
    Query(params): Query<ThreadParams>,
    context: ReadContext,
) -> Result<Response, EndpointError> {
    let limit = PAGE_LIMIT.parse(params.limit.as_deref())?;
    let anchor = params.anchor()?;
    let is_summary = params::parse_reactions_form(params.reactions.as_deref())?;
    let (query, seq) = by_message(context, path).await?;
    let [after, newer, before, older] = match anchor {
        ThreadAnchor::After(after) => [after, limit + 1, 0, 0],
        ThreadAnchor::Before(before) => [0, 0, before, limit + 1],
    };
    let parameters = [seq, after, newer, before, older, MAX_PAGE_BODY_BYTES];
    let rows = query.fetch_rows(&THREAD, &parameters).await?;
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let position = first.try_get("read_position")?;
    let mut page = read_page(&rows, seq, anchor, limit)?;
    if let Some(page) = &mut page {
        summarize_long_list(&mut page.messages, is_summary);
        summarize_long_list(std::slice::from_mut(&mut page.root), is_summary);
    }
    query.snapshot.respond_or_not_found(position, page.as_ref())
}

/// Builds the page; `None` if the caller cannot see the root.
fn read_page(
    rows: &[PgRow],
    root_seq: i64,
    anchor: ThreadAnchor,
    limit: i64,
) -> Result<Option<ThreadPage>, QueryError> {
    let (mut root, mut messages, mut found) = (None, Vec::with_capacity(rows.len()), 0);
    for row in rows {
        match MessageView::from_row(row)? {
            Some(message) if message.seq == root_seq => root = Some(message),
            Some(message) => {
                found = row.try_get::<i64, _>("found")?;
                messages.push(message);
            }
            None => {}
        }
    }
    let Some(root) = root else {
        return Ok(None);
    };
    let mut budget = PageBudget::default();
    let limit = usize::try_from(limit).unwrap_or_default();
    let fitting = match anchor {
        ThreadAnchor::After(_) => {
            let allowed = messages.iter().take(limit);
            let fitting = allowed.take_while(|message| budget.admit(message)).count();
            messages.truncate(fitting);
            fitting
        }
        ThreadAnchor::Before(_) => {
            let allowed = messages.iter().rev().take(limit);
            let fitting = allowed.take_while(|message| budget.admit(message)).count();
            messages.drain(..messages.len() - fitting);
            fitting
        }
    };
    let has_more = found > fitting as i64;
    Ok(Some(ThreadPage {
        root,
        messages,
        has_more,
    }))
}
