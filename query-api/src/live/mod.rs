//! `GET /v1/live`: what sync would return arrives by itself, over a WebSocket or as server-sent events.
//!
//! - `frame`: what goes over a connection, either way.
//! - `hub`: one task a process that reads what the projection has committed for everybody connected.
//! - `asked`: what it asks for. `news`: what the bell says of whom a batch concerns. `audience`: who is connected.
//! - `feed`: what one connection is sent: backlog, then deliveries, and again what was not acknowledged.
//! - `socket`, `events`: the two transports.
//! - `admission`: how many there may be.
//! - `acks`: where acknowledgements go.
//! - `gossip`: who is online and who types, told between gateways.

mod acks;
mod admission;
mod asked;
mod audience;
mod events;
mod feed;
mod frame;
mod gossip;
mod hub;
mod news;
mod socket;

pub use acks::{Acks, NoAcks};
pub use admission::{Admission, MAX_LIVE};
pub use gossip::Gossip;
pub use hub::{Delivering, Hub, run};
pub use news::News;

use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::response::{IntoResponse, Response};
use domain::ids::DeviceId;
use http::HeaderMap;
use http::header::ACCEPT;
use http_edge::{Caller, Problem, Query};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::docs::OwnProblems;
use crate::failed::Unanswered;
use crate::params;
use crate::state::QueryState;
use feed::Feed;
use socket::Client;

/// Bytes of a client's frame.
const FRAME: usize = 64 * 1024;

/// What is kept for each connection to read into, and gathered before it is written. Frames of clients are
/// short, and larger ones still fit; the defaults are 128 KiB each.
const READ_BUFFER: usize = 1024;
const WRITE_BUFFER: usize = 4 * 1024;

/// Where to begin, and who is listening.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LiveQuery {
    /// The cursor after which to begin: of a sync, or the position of the last entry. Server-sent events
    /// resume with `Last-Event-ID`. Without either, at what the device has acknowledged, or else at the
    /// present.
    #[param(value_type = Option<i64>, minimum = 0)]
    after: Option<String>,
    /// The device: its acknowledgements are recorded, and what it has not acknowledged within 10 s is sent
    /// again. Connecting again replaces an earlier connection of the device.
    device: Option<String>,
}

/// What happens, as it happens.
///
/// A WebSocket, or server-sent events with `Accept: text/event-stream`. Frames of the server:
/// `{"type": "entry", "entry": {...}}`, an entry as `GET /v1/inbox/entries` returns it, in position order,
/// the backlog first, with `"more": true` where another entry of that position follows, which is no cursor yet;
/// `{"type": "caught_up", "cursor": N}` when the backlog is through;
/// `{"type": "problem", ...}` before a close; `{"type": "typing", "conversation_id", "user"}` and
/// `{"type": "presence", "user", "online", "last_seen"}` in between. Frames of a client:
/// `{"type": "ack", "cursor": N}`, `{"type": "typing", "conversation_id"}` (told in conversations of up to 100
/// members), `{"type": "watch", "users": [...]}` (at most 500, instead of those before; told of those with whom
/// one shares a conversation).
/// At the limit of live connections the answer is 503, `Retry-After` another for each. Close codes: 1013 the
/// service stops or its database is away (`retry_after` of the problem frame says when to come back), 4401 the token has ended, 4408 nothing was heard for a minute, 4409 the device has connected
/// again, 4410 the cursor is older than what is kept or beyond the log's head, 1008 a frame that cannot be read.
#[utoipa::path(
    get, path = "/v1/live", operation_id = "live", tag = "inbox",
    params(LiveQuery),
    responses(
        (status = 101, description = "A WebSocket."),
        (status = 200, description = "Server-sent events.", body = String, content_type = "text/event-stream"),
        OwnProblems,
    ),
)]
pub async fn live(
    State(state): State<QueryState>,
    caller: Caller,
    Query(query): Query<LiveQuery>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Unanswered> {
    let device = params::given(query.device.as_deref())
        .map(|device| {
            DeviceId::parse(device).map_err(|invalid| Problem::malformed("device", invalid.0))
        })
        .transpose()?;
    let after = params::position("after", query.after.as_deref())?;
    if let Ok(upgrade) = upgrade {
        let feed = Feed::begin(state.clone(), &caller.user, device, after).await?;
        let upgrade = upgrade
            .max_frame_size(FRAME)
            .max_message_size(FRAME)
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER);
        return Ok(upgrade.on_upgrade(move |socket| {
            let client = Client {
                here: state.gossip.enter(&caller.user, feed.connection()),
                feed,
                caller,
                acks: state.acks,
            };
            socket::serve(socket, client)
        }));
    }
    if !accepts_events(&headers) {
        let expected = "expected a WebSocket's upgrade, or Accept: text/event-stream";
        return Err(Problem::malformed("Accept", expected).into());
    }
    let resumed = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let after = params::position("Last-Event-ID", resumed)?.or(after);
    let feed = Feed::begin(state.clone(), &caller.user, device, after).await?;
    let here = state.gossip.enter(&caller.user, feed.connection());
    Ok(events::serve(feed, here, &caller).into_response())
}

fn accepts_events(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter();
    let mut texts = accepted.filter_map(|value| value.to_str().ok());
    texts.any(|text| text.to_ascii_lowercase().contains("text/event-stream"))
}
