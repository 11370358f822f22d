//! `GET /v1/inbox/entries`: the sync feed over HTTP.

use axum::extract::State;
use axum::response::Response;
use domain::ids::DeviceId;
use http_edge::{Caller, Problem, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::consistency::min_position::{FreshnessGuard, MinPosition};
use crate::consistency::position_params::MinPositionParams;
use crate::consistency::read_state::ReadState;
use crate::docs::SyncProblems;
use crate::error::EndpointError;
use crate::params::{self, PageLimit};
use crate::sql::entry_view::FeedEntry;
use crate::sync::{self, FeedStart, SyncOutcome};

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
    #[param(value_type = Option<i64>, minimum = 0)]
    after: Option<String>,
    /// The maximum number of entries; a single position with more is returned whole.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000, default = 200)]
    limit: Option<String>,
    /// Without `after`: start at the cursor that this device has acknowledged, or at 0 if it has
    /// not acknowledged any.
    device: Option<String>,
}

/// A page of the sync feed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Entries)]
pub struct EntriesPage {
    /// The entries, oldest first.
    pub entries: Vec<FeedEntry>,
    /// The log position to pass as `after` for the next page.
    pub cursor: i64,
    /// Whether there are more entries now.
    pub has_more: bool,
}

/// Returns what happened since a cursor.
#[utoipa::path(
    get, path = "/v1/inbox/entries", operation_id = "list_entries", tag = "inbox",
    params(EntriesParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of entries.", body = EntriesPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."))),
        SyncProblems,
    ),
)]
pub async fn list_entries(
    State(state): State<ReadState>,
    caller: Caller,
    Query(query): Query<EntriesParams>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let limit = PAGE_LIMIT.parse(query.limit.as_deref())?;
    let after = params::parse_position("after", query.after.as_deref())?;
    let device = params::non_empty(query.device.as_deref())
        .map(|device| {
            DeviceId::parse(device).map_err(|invalid| Problem::malformed("device", invalid.0))
        })
        .transpose()?;
    let start = match (after, &device) {
        (Some(after), _) => FeedStart::After(after),
        (None, Some(device)) => FeedStart::Device(device),
        (None, None) => FeedStart::After(0),
    };
    let guard = min_position.wait().await?;
    let (position, outcome) = sync::read_page(&state.pool, &caller.user, start, limit).await?;
    match outcome {
        SyncOutcome::Page(sync::FeedPage {
            entries,
            cursor,
            has_more,
        }) => guard.respond(
            position,
            &EntriesPage {
                entries,
                cursor,
                has_more,
            },
        ),
        SyncOutcome::Expired { oldest } => guard.reject(position, cursor_expired(oldest)),
        SyncOutcome::Ahead { after } => respond_ahead(&state, &guard, position, after).await,
    }
}

/// Responds to a cursor that is ahead of the read model. The page is empty and keeps the cursor,
/// unless the cursor is ahead of the log as well: then it comes from a different log.
async fn respond_ahead(
    state: &ReadState,
    guard: &FreshnessGuard,
    position: i64,
    after: i64,
) -> Result<Response, EndpointError> {
    let head = state.reader.head().await?.position;
    if after > head {
        return guard.reject(position, cursor_ahead(head));
    }
    guard.respond(
        position,
        &EntriesPage {
            entries: Vec::new(),
            cursor: after,
            has_more: false,
        },
    )
}

/// The problem `410 cursor_expired`: entries after this cursor have been deleted.
pub fn cursor_expired(oldest: i64) -> Problem {
    Problem::gone(
        "cursor_expired",
        "The entries after this cursor have been deleted. Call GET /v1/inbox, resume from its \
         Tidings-Position, and page through the history as needed.",
    )
    .with_member("oldest", oldest)
}

/// The problem `410 cursor_ahead`: the cursor is beyond the head of the log.
pub fn cursor_ahead(head: i64) -> Problem {
    Problem::gone(
        "cursor_ahead",
        "The cursor is beyond the end of the log, which was restored from a backup. Call GET \
         /v1/inbox and resume from its Tidings-Position.",
    )
    .with_member("head", head)
}
