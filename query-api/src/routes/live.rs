//! `GET /v1/live`: pushes the sync feed over a WebSocket or as server-sent events.

use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http_edge::auth::{CallerWatch, LIVE_SUBPROTOCOL, accepts_event_stream};
use http_edge::{Auth, Caller, Problem, Query};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::docs::CallerProblems;
use crate::error::EndpointError;
use crate::live::LiveTransport;
use crate::live::session::LiveSession;
use crate::live::sse;
use crate::live::state::LiveState;
use crate::live::websocket::{self, Arrival, FeedRequest};
use crate::params;

/// The maximum size of a client frame in bytes.
const MAX_FRAME_BYTES: usize = 64 * 1024;

/// The buffer sizes of each connection in bytes. Client frames are short, and larger ones still
/// work; the defaults are 128 KiB each.
const READ_BUFFER_CAPACITY: usize = 1024;
const WRITE_BUFFER_CAPACITY: usize = 4 * 1024;

/// Where the feed starts, and which device listens.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LiveParams {
    /// The cursor after which to start: that of a sync page, or of the last frame.
    /// Server-sent events resume with `Last-Event-ID`. Without either, the feed starts at the
    /// cursor that the device has acknowledged, or else at the current position.
    #[param(value_type = Option<String>, example = "0")]
    after: Option<String>,
    /// The device. Its acknowledgements are recorded, and entries that it has not acknowledged
    /// within 10 s are sent again. A new connection of the device replaces the earlier one.
    #[param(value_type = Option<String>, example = "phone")]
    device: Option<String>,
    /// The token, where a client cannot send the header: an `EventSource`, or a WebSocket of a
    /// browser.
    #[serde(rename = "access_token")]
    _access_token: Option<String>,
}

/// Delivers entries of the sync feed as they happen.
///
/// The response is a WebSocket, or server-sent events with `Accept: text/event-stream`. At the
/// limit of live connections it is 503, at the limit of those of the user 429, with a different
/// `Retry-After` for each client.
///
/// A WebSocket's token comes in the header, as `?access_token=`, as a subprotocol
/// (`Sec-WebSocket-Protocol: tidings.v1, bearer.<token>`, answered with `tidings.v1`), or in a
/// first frame within 5 s of the upgrade. A missing or refused token closes the connection with
/// 4401 after the upgrade, so that browsers see it. Server-sent events take the header or
/// `?access_token=`.
///
/// Server frames:
///
/// - `{"type": "entry", "entry": {...}, "cursor": C}`: an entry as `GET /v1/inbox/entries` returns
///   it, in position order and the backlog first. With `"more": true`, another entry at the same
///   position follows, and the cursor must not be used yet.
/// - `{"type": "caught_up", "cursor": C}`: the end of the backlog.
/// - `{"type": "problem", ...}`: the reason, before a close.
/// - `{"type": "refused", "frame", "code", "detail"}`: a frame of the client was not carried out;
///   the connection goes on.
/// - `{"type": "typing", "conversation_id", "user"}`, the same with `typing_stopped`, and
///   `{"type": "presence", "user", "online", "last_seen"}`: at any time.
/// - `{"type": "desk", "desk", "waiting", "open"}`: for agents of a service desk, at any time.
///
/// Client frames:
///
/// - `{"type": "token", "token": "..."}`: the first frame of a connection without a token, or a
///   newer token of the same user, answered with `{"type": "token_renewed", "expires_at"}`.
/// - `{"type": "ack", "cursor": C}`, over a connection that names its device; without one it is
///   answered with `refused` and the code `device_missing`.
/// - `{"type": "typing", "conversation_id"}`: delivered in conversations of up to 100 members, at
///   most once every 3 s for each user and conversation. `typing_stopped` in the same form ends it.
/// - `{"type": "watch", "users": [...]}`: at most 500 users, which replace the previous ones.
///   Presence is reported only for users who share a conversation with the caller.
///
/// A client may send 20 frames a second on average, and 100 at once. After more, new connections of
/// the user get `429 too_many_frames` for 5 s.
///
/// Close codes: 1002 a violation of the WebSocket protocol, 1007 a text that is not UTF-8, 1008 a
/// malformed frame or too many frames, 1009 a message over 64 KiB, 1013 the service is shutting
/// down or its database is unavailable (`retry_after` in the problem frame says when to reconnect),
/// 4401 the token is missing, refused, revoked or has expired, 4403 the user is deactivated or
/// banned or has removed the device, 4408 nothing was received for a minute, 4409
/// the device has connected again, 4410 the cursor is older than the retained entries, beyond the
/// head of the log, or of another history, or the history has changed because events were lost.
#[utoipa::path(
    get, path = "/v1/live", operation_id = "live", tag = "inbox",
    params(LiveParams),
    responses(
        (status = 101, description = "A WebSocket."),
        (status = 200, description = "Server-sent events.", body = String, content_type = "text/event-stream"),
        CallerProblems,
    ),
)]
pub async fn connect_live(
    State(state): State<LiveState>,
    auth: Auth,
    caller: Result<Caller, Problem>,
    Query(query): Query<LiveParams>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, EndpointError> {
    let device = params::parse_device(query.device.as_deref())?;
    let after = params::parse_cursor("after", query.after.as_deref())?;
    if let Ok(upgrade) = upgrade {
        let request = FeedRequest {
            state,
            auth,
            device,
            after,
        };
        let arrival = match caller {
            Ok(caller) => Arrival::Identified(request.open(caller).await?),
            Err(problem) if problem.code() == Problem::token_missing().code() => {
                Arrival::Anonymous(Box::new(request))
            }
            Err(problem) => Arrival::Refused(Box::new(problem)),
        };
        let upgrade = upgrade
            .protocols([LIVE_SUBPROTOCOL])
            .max_frame_size(MAX_FRAME_BYTES)
            .max_message_size(MAX_FRAME_BYTES)
            .read_buffer_size(READ_BUFFER_CAPACITY)
            .write_buffer_size(WRITE_BUFFER_CAPACITY);
        return Ok(upgrade.on_upgrade(move |socket| websocket::serve(socket, arrival)));
    }
    let caller = caller?;
    if !accepts_event_stream(&headers) {
        let expected = "expected a WebSocket upgrade, or Accept: text/event-stream";
        return Err(Problem::malformed("Accept", expected).into());
    }
    let last_event_id = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let after = params::parse_cursor("Last-Event-ID", last_event_id)?.or(after);
    let transport = LiveTransport::EventStream;
    let watch = CallerWatch::new(&auth, caller);
    let session = LiveSession::start(state.clone(), transport, watch, device, after).await?;
    let user = &session.caller().user;
    let online = state
        .presence
        .connect(user, session.device(), session.connection_id());
    Ok(sse::serve(session, online).into_response())
}
