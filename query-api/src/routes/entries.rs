//! `GET /v1/inbox/entries`: the sync feed over HTTP.

use axum::extract::State;
use axum::response::Response;
use domain::history::LogCursor;
use http_edge::{Caller, Query};
use metrics::counter;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::consistency::min_position::MinPosition;
use crate::consistency::position_params::MinPositionParams;
use crate::consistency::read_state::ReadState;
use crate::docs::{CallerProblems, CursorProblem};
use crate::error::EndpointError;
use crate::idle_feeds;
use crate::page::MAX_PAGE_BYTES;
use crate::params::{self, PageLimit, ReactionsForm};
use crate::sql::entry_view::FeedEntry;
use crate::sync::{self, FeedPageSize, FeedStart, SyncOutcome};

/// The number of entries per page.
const PAGE_LIMIT: PageLimit = PageLimit {
    default: 200,
    max: 1_000,
};

/// Selects the page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EntriesParams {
    /// The `cursor` of the previous page; 0 starts at the oldest retained entry.
    #[param(value_type = Option<String>, example = "0")]
    after: Option<String>,
    /// The maximum number of entries; a single position with more is returned whole. A page also
    /// ends at 1 MiB.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000, default = 200)]
    limit: Option<String>,
    /// Without `after`: start at the cursor that this device has acknowledged, or at 0 if it has
    /// not acknowledged any.
    #[param(value_type = Option<String>, example = "phone")]
    device: Option<String>,
    /// `summary`: in the messages, the number of users by reaction key and the first ten of them,
    /// instead of lists.
    #[param(value_type = Option<ReactionsForm>, inline, example = "summary")]
    reactions: Option<String>,
}

/// A page of the sync feed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Entries)]
pub struct EntriesPage {
    /// The entries, oldest first.
    pub entries: Vec<FeedEntry>,
    /// What to pass as `after` for the next page: a log position, a dot and the tag of its history.
    #[schema(value_type = String, example = "1234.5f3a9c21")]
    pub cursor: LogCursor,
    /// Whether there are more entries now.
    pub has_more: bool,
}

impl EntriesPage {
    /// A page of a feed without an entry up to this position.
    async fn empty(state: &ReadState, position: i64) -> Result<Self, EndpointError> {
        counter!("tidings_idle_syncs_total", "answer" => "memory").increment(1);
        Ok(Self {
            entries: Vec::new(),
            cursor: state.history.cursor_at(position).await?,
            has_more: false,
        })
    }
}

/// Returns what happened since a cursor.
#[utoipa::path(
    get, path = "/v1/inbox/entries", operation_id = "list_entries", tag = "inbox",
    params(EntriesParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of entries.", body = EntriesPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        CursorProblem,
    ),
)]
pub async fn list_entries(
    State(state): State<ReadState>,
    caller: Caller,
    Query(query): Query<EntriesParams>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let limit = PAGE_LIMIT.parse(query.limit.as_deref())?;
    let after = params::parse_cursor("after", query.after.as_deref())?;
    let device = params::parse_device(query.device.as_deref())?;
    let is_summary = params::parse_reactions_form(query.reactions.as_deref())?;
    let start = match (after, &device) {
        (Some(after), _) => FeedStart::After(after.position),
        (None, Some(device)) => FeedStart::Device(device),
        (None, None) => FeedStart::After(0),
    };
    if let Some(after) = after {
        state.history.check(after).await?;
    }
    let at_least = min_position.at_least;
    let guard = min_position.wait().await?;
    let idle_to = match start {
        FeedStart::After(after) => state.idle_feeds.find_idle(&caller.user, after, at_least),
        FeedStart::Device(_) => None,
    };
    if let Some(position) = idle_to.filter(|_| state.idle_feeds.answers()) {
        return guard.respond(position, &EntriesPage::empty(&state, position).await?);
    }
    let size = FeedPageSize {
        entries: limit,
        bytes: MAX_PAGE_BYTES,
    };
    let (position, outcome) = sync::read_page(state.feed(), &caller.user, start, size).await?;
    if let Some(position) = idle_to {
        idle_feeds::verify(&caller.user, position, &outcome);
    }
    let (mut entries, cursor, has_more) = match outcome {
        SyncOutcome::Page(page) => (page.entries, page.cursor, page.has_more),
        // The page is empty and keeps the cursor, until the read model has reached it.
        SyncOutcome::Ahead { after } => (Vec::new(), after, false),
        SyncOutcome::InvalidCursor(problem) => return guard.reject(position, *problem),
    };
    if is_summary {
        entries.iter_mut().for_each(FeedEntry::summarize_reactions);
    }
    if entries.is_empty() && !has_more {
        state.idle_feeds.remember(&caller.user).await;
    }
    let cursor = state.history.cursor_at(cursor).await?;
    guard.respond(
        position,
        &EntriesPage {
            entries,
            cursor,
            has_more,
        },
    )
}
