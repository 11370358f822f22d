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
use crate::page::{MAX_PAGE_BODY_BYTES, PageBudget};
use crate::params::{self, PageLimit, ReactionsForm};
use crate::plain_reads::count_answer;
use crate::routes::conversation_query::ConversationQuery;
use crate::sql::history_statements::{MESSAGES, PLAIN_MESSAGES};
use crate::sql::message_view::{MessageView, summarize_long_list};

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
    let (position, found) = fetch_messages(&query, anchor, limit).await?;
    let mut page = found.and_then(|found| found.into_page(anchor, limit));
    if let Some(page) = &mut page {
        summarize_long_list(&mut page.messages, is_summary);
    }
    query.snapshot.respond_or_not_found(position, page.as_ref())
}

/// Reads the messages by the statement for plain histories, or else by that for all.
async fn fetch_messages(
    query: &ConversationQuery,
    anchor: PageAnchor,
    limit: i64,
) -> Result<(i64, Option<MessageRows>), EndpointError> {
    let window = PageWindow::new(anchor, limit);
    if let PageAnchor::Before(before) = anchor
        && query.snapshot.can_be_plain()
    {
        let body_bytes = MAX_PAGE_BODY_BYTES / window.older;
        let plain = query.bind_current(PLAIN_MESSAGES, &[before, window.older, body_bytes]);
        let rows = plain.fetch_all(query.snapshot.pool()).await?;
        let found = MessageRows::from_plain_rows(&rows)?;
        count_answer("history", found.is_some());
        if let Some(found) = found {
            return Ok(found);
        }
    }
    let parameters = [
        window.before,
        window.older,
        window.after,
        window.newer,
        MAX_PAGE_BODY_BYTES,
    ];
    let rows = query.fetch_rows(&MESSAGES, &parameters).await?;
    Ok(MessageRows::from_rows(&rows)?)
}

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

    /// The same for the rows of [`PLAIN_MESSAGES`], which are all older than the bound. `None` if
    /// one of them is not plain.
    fn from_plain_rows(rows: &[PgRow]) -> Result<Option<(i64, Option<Self>)>, QueryError> {
        let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        let position = first.try_get("read_position")?;
        if !first.try_get::<bool, _>("is_member")? {
            return Ok(Some((position, None)));
        }
        let mut messages = Vec::with_capacity(rows.len());
        for row in rows {
            if !row.try_get::<bool, _>("is_plain")? {
                return Ok(None);
            }
            messages.extend(MessageView::from_row(row)?);
        }
        messages.sort_by_key(|message| message.seq);
        let older = PageSide {
            found: messages.len() as i64,
            messages,
        };
        let newer = PageSide::default();
        Ok(Some((position, Some(Self { older, newer }))))
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
