//! `GET /v1/conversations/{id}/messages`: the messages of a conversation, page by page.

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
use crate::routes::conversation_query::ConversationQuery;
use crate::sql::as_of_sql::TemporalStatement;
use crate::sql::message_view::{MessageView, message_columns, summarize_long_list};
use crate::sql::visibility::{caller_id, membership};
use read_model::visible_windows;

/// The number of messages per page.
const PAGE_LIMIT: PageLimit = PageLimit {
    default: 20,
    max: 200,
};

/// Selects the page. At most one of `before`, `after` and `around` may be given.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MessagesParams {
    /// The maximum number of messages. A page also ends at 1 MiB.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 20)]
    limit: Option<String>,
    /// Messages before this seq, newest first. Without any bound, the newest messages.
    #[param(value_type = Option<i64>, minimum = 1, example = 2)]
    before: Option<String>,
    /// Messages after this seq, oldest first; 0 starts at the first message.
    #[param(value_type = Option<i64>, minimum = 0, example = 0)]
    after: Option<String>,
    /// Messages around this seq, which is in the middle, oldest first.
    #[param(value_type = Option<i64>, minimum = 1, example = 1)]
    around: Option<String>,
    /// `summary`: the number of users by reaction key and the first ten of them, instead of lists.
    /// A page of more than 50 messages always has summaries.
    #[param(value_type = Option<ReactionsForm>, inline, example = "summary")]
    reactions: Option<String>,
}

/// A page of messages.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HistoryPage)]
pub struct MessagesPage {
    /// Newest first with `before` or without a bound, otherwise oldest first.
    pub messages: Vec<MessageView>,
    /// Whether there are more messages in the direction of paging; with `around`, in either
    /// direction.
    pub has_more: bool,
}

/// The parsed bound of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PageAnchor {
    Before(i64),
    After(i64),
    Around(i64),
}

impl MessagesParams {
    fn anchor(&self) -> Result<PageAnchor, Problem> {
        let before = params::parse_bound("before", self.before.as_deref(), 1)?;
        let after = params::parse_bound("after", self.after.as_deref(), 0)?;
        let around = params::parse_bound("around", self.around.as_deref(), 1)?;
        match (before, after, around) {
            (None, None, None) => Ok(PageAnchor::Before(i64::MAX)),
            (Some(seq), None, None) => Ok(PageAnchor::Before(seq)),
            (None, Some(seq), None) => Ok(PageAnchor::After(seq)),
            (None, None, Some(seq)) => Ok(PageAnchor::Around(seq)),
            _ => Err(Problem::malformed(
                "before",
                "expected only one of before, after and around",
            )),
        }
    }
}

/// Returns the messages of a conversation in their current state.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/messages", operation_id = "list_messages", tag = "messages",
    params(("id" = String, Path, description = "The conversation.", example = "lunch"), MessagesParams, AsOfParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of messages.", body = MessagesPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
    ),
)]
pub async fn list_messages(
    Path(id): Path<String>,
    Query(query): Query<MessagesParams>,
    context: ReadContext,
) -> Result<Response, EndpointError> {
    let limit = PAGE_LIMIT.parse(query.limit.as_deref())?;
    let anchor = query.anchor()?;
    let is_summary = params::parse_reactions_form(query.reactions.as_deref())?;
    let id = params::parse_conversation_id(&id)?;
    let query = ConversationQuery::begin(context, id).await?;
    let window = PageWindow::new(anchor, limit);
    let parameters = [
        window.before,
        window.older,
        window.after,
        window.newer,
        MAX_PAGE_BODY_BYTES,
    ];
    let rows = query.fetch_rows(&MESSAGES, &parameters).await?;
    let (position, found) = MessageRows::from_rows(&rows)?;
    let mut page = found.and_then(|found| found.into_page(anchor, limit));
    if let Some(page) = &mut page {
        summarize_long_list(&mut page.messages, is_summary);
    }
    query.snapshot.respond_or_not_found(position, page.as_ref())
}

/// Selects up to `$4` visible messages before the seq `$3` and up to `$6` after the seq `$5`, as
/// many on each side as fit into `$7` bytes, all of them oldest first. Returns one row of nulls if
/// the caller is not a member.
static MESSAGES: TemporalStatement = TemporalStatement::new(concat!(
    "WITH ",
    membership!(),
    ", page AS (
        (SELECT true AS older, g.*
         FROM membership t CROSS JOIN LATERAL ",
    visible_windows!("t", "t"),
    " w CROSS JOIN LATERAL (
             SELECT m.* FROM read.messages m
             WHERE m.conversation = t.conversation AND m.seq > w.after_seq AND m.seq <= w.until_seq
               AND m.seq < $3
             ORDER BY m.seq DESC LIMIT $4) g
         ORDER BY g.seq DESC LIMIT $4)
        UNION ALL
        (SELECT false, g.*
         FROM membership t CROSS JOIN LATERAL ",
    visible_windows!("t", "t"),
    " w CROSS JOIN LATERAL (
             SELECT m.* FROM read.messages m
             WHERE m.conversation = t.conversation AND m.seq > w.after_seq AND m.seq <= w.until_seq
               AND m.seq > $5
             ORDER BY m.seq LIMIT $6) g
         ORDER BY g.seq LIMIT $6)
    ), sized AS (
        SELECT p.*, count(*) OVER (PARTITION BY p.older) AS found, ",
    bytes_before!(
        "octet_length(p.body)",
        "PARTITION BY p.older ORDER BY CASE WHEN p.older THEN -p.seq ELSE p.seq END"
    ),
    " FROM page p
    )
    SELECT k.position AS read_position, t.conversation IS NOT NULL AS is_member, g.older, g.found, ",
    message_columns!("t.name", caller_id!()),
    "
    FROM read.checkpoint k LEFT JOIN membership t ON true LEFT JOIN sized g ON g.bytes_before < $7
    ORDER BY g.seq"
));

/// The range to read on each side of a bound: one message more than the page shows, to detect
/// whether there are more.
#[derive(Debug, Clone, Copy)]
struct PageWindow {
    before: i64,
    older: i64,
    after: i64,
    newer: i64,
}

/// The number of older messages on a page around a message. The message itself belongs to the newer
/// half.
fn older_half(limit: i64) -> i64 {
    limit / 2
}

impl PageWindow {
    fn new(anchor: PageAnchor, limit: i64) -> Self {
        let none = Self {
            before: 0,
            older: 0,
            after: 0,
            newer: 0,
        };
        match anchor {
            PageAnchor::Before(before) => Self {
                before,
                older: limit + 1,
                ..none
            },
            PageAnchor::After(after) => Self {
                after,
                newer: limit + 1,
                ..none
            },
            PageAnchor::Around(seq) => Self {
                before: seq,
                older: older_half(limit) + 1,
                after: seq - 1,
                newer: limit - older_half(limit) + 1,
            },
        }
    }
}

/// The messages that were read.
#[derive(Debug, Default)]
struct MessageRows {
    older: PageSide,
    newer: PageSide,
}

/// The messages on one side of a bound, oldest first.
#[derive(Debug, Default)]
struct PageSide {
    messages: Vec<MessageView>,
    /// The number of messages that there are, up to one more than the page shows. The statement
    /// leaves out those that exceed the byte budget.
    found: i64,
}

impl MessageRows {
    /// Returns the position of the snapshot and the visible messages; `None` if the caller is not a
    /// member.
    fn from_rows(rows: &[PgRow]) -> Result<(i64, Option<Self>), QueryError> {
        let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        let position = first.try_get("read_position")?;
        if !first.try_get::<bool, _>("is_member")? {
            return Ok((position, None));
        }
        let mut found = Self::default();
        for row in rows {
            if let Some(message) = MessageView::from_row(row)? {
                let side = if row.try_get("older")? {
                    &mut found.older
                } else {
                    &mut found.newer
                };
                side.messages.push(message);
                side.found = row.try_get("found")?;
            }
        }
        Ok((position, Some(found)))
    }

    /// Builds the page; `None` if the message in the middle is not visible.
    fn into_page(self, anchor: PageAnchor, limit: i64) -> Option<MessagesPage> {
        let (max_older, max_newer) = match anchor {
            PageAnchor::Before(_) => (limit, 0),
            PageAnchor::After(_) => (0, limit),
            PageAnchor::Around(seq) => {
                let middle = self.newer.messages.first();
                middle.filter(|message| message.seq == seq)?;
                (older_half(limit), limit - older_half(limit))
            }
        };
        let (mut older, mut newer) = (self.older.messages, self.newer.messages);
        let (fitting_older, fitting_newer) = fill_page(
            older.iter().rev().take(max_older as usize),
            newer.iter().take(max_newer as usize),
        );
        let has_more =
            self.older.found > fitting_older as i64 || self.newer.found > fitting_newer as i64;
        older.drain(..older.len() - fitting_older);
        newer.truncate(fitting_newer);
        let mut messages = older;
        if matches!(anchor, PageAnchor::Before(_)) {
            messages.reverse();
        }
        messages.append(&mut newer);
        Some(MessagesPage { messages, has_more })
    }
}

/// Returns how many messages of each side fit on a page, nearest first. Both sides take turns, so
/// that the bound stays in the middle; the newer side begins with the message in the middle.
fn fill_page<'a>(
    mut older: impl Iterator<Item = &'a MessageView>,
    mut newer: impl Iterator<Item = &'a MessageView>,
) -> (usize, usize) {
    let mut budget = PageBudget::default();
    let mut fitting = (0, 0);
    loop {
        let (next_newer, next_older) = (newer.next(), older.next());
        if next_newer.is_none() && next_older.is_none() {
            return fitting;
        }
        if let Some(message) = next_newer {
            if !budget.admit(message) {
                return fitting;
            }
            fitting.1 += 1;
        }
        if let Some(message) = next_older {
            if !budget.admit(message) {
                return fitting;
            }
            fitting.0 += 1;
        }
    }
}
