//! `GET /v1/inbox/entries`: the sync feed over HTTP.

use axum::extract::State;
use axum::response::Response;
use domain::ids::DeviceId;
use http_edge::{Caller, Problem, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::docs::SyncProblems;
use crate::entry::Entry;
use crate::failed::Unanswered;
use crate::min_position::{Fresh, MinPosition, MinPositionQuery};
use crate::params::{self, Limit};
use crate::state::QueryState;
use crate::sync::{self, Pulled, Start};

/// Entries of one page.
const LIMIT: Limit = Limit {
    default: 200,
    max: 1_000,
};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EntriesQuery {
    /// The `cursor` of the page before; 0 begins with what is kept.
    #[param(value_type = Option<i64>, minimum = 0)]
    after: Option<String>,
    /// How many entries at most, unless a single position has more.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000, default = 200)]
    limit: Option<String>,
    /// Without `after`: begin at the cursor that this device has acknowledged, 0 if none.
    device: Option<String>,
}

/// A page of the sync feed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Entries {
    /// Oldest first.
    pub entries: Vec<Entry>,
    /// Pass it as `after`: a position of the log.
    pub cursor: i64,
    /// There is more now.
    pub has_more: bool,
}

/// What happened since a cursor.
#[utoipa::path(
    get, path = "/v1/inbox/entries", operation_id = "list_entries", tag = "inbox",
    params(EntriesQuery, MinPositionQuery),
    responses(
        (status = 200, description = "A page of entries.", body = Entries,
         headers(("Tidings-Position" = i64, description = "How far the read model is."))),
        SyncProblems,
    ),
)]
pub async fn entries(
    State(state): State<QueryState>,
    caller: Caller,
    Query(query): Query<EntriesQuery>,
    min_position: MinPosition,
) -> Result<Response, Unanswered> {
    let limit = LIMIT.parse(query.limit.as_deref())?;
    let after = params::position("after", query.after.as_deref())?;
    let device = params::given(query.device.as_deref())
        .map(|device| {
            DeviceId::parse(device).map_err(|invalid| Problem::malformed("device", invalid.0))
        })
        .transpose()?;
    let start = match (after, &device) {
        (Some(after), _) => Start::After(after),
        (None, Some(device)) => Start::Device(device),
        (None, None) => Start::After(0),
    };
    let fresh = min_position.reached().await?;
    let (position, pulled) = sync::pull(&state.pool, &caller.user, start, limit).await?;
    match pulled {
        Pulled::Page(sync::Page {
            entries,
            cursor,
            has_more,
        }) => fresh.answer(
            position,
            &Entries {
                entries,
                cursor,
                has_more,
            },
        ),
        Pulled::Expired { oldest } => fresh.refuse(position, expired(oldest)),
        Pulled::Ahead { after } => ahead(&state, &fresh, position, after).await,
    }
}

/// The cursor is ahead of the read model: it waits there, unless it is ahead of the log as well,
/// which then is not the log that it came from.
async fn ahead(
    state: &QueryState,
    fresh: &Fresh,
    position: i64,
    after: i64,
) -> Result<Response, Unanswered> {
    let head = state.reader.head().await?.position;
    if after > head {
        return fresh.refuse(position, cursor_ahead(head));
    }
    fresh.answer(
        position,
        &Entries {
            entries: Vec::new(),
            cursor: after,
            has_more: false,
        },
    )
}

/// `410 cursor_expired`.
pub fn expired(oldest: i64) -> Problem {
    Problem::gone(
        "cursor_expired",
        "Entries are no longer kept from this cursor on. Take GET /v1/inbox, go on from its \
         Tidings-Position, and page history as needed.",
    )
    .with("oldest", oldest)
}

/// `410 cursor_ahead`.
pub fn cursor_ahead(head: i64) -> Problem {
    Problem::gone(
        "cursor_ahead",
        "The log does not reach this cursor: it was restored from a backup. Take GET /v1/inbox and go \
         on from its Tidings-Position.",
    )
    .with("head", head)
}
