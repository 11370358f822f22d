//! The feed over a WebSocket connection.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use domain::history::CursorReference;
use domain::ids::{ConversationId, DeviceId};
use domain::time::Timestamp;
use futures::SinkExt;
use http::StatusCode;
use http_edge::auth::CallerWatch;
use http_edge::extract::describe_json_error;
use http_edge::{Auth, Caller, Problem};
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};
use tungstenite::error::{Error as SocketError, ProtocolError};

use super::acks::Acks;
use super::admission::LiveTransport;
use super::frame::{ClientFrame, ServerFrame, SessionEnd, close, problem_frame};
use super::frame_limits::FrameLimiter;
use super::presence_service::{MAX_WATCHED, OnlineGuard, TypingChange};
use super::session::LiveSession;
use super::state::LiveState;
use crate::error::EndpointError;

/// How often the server sends a ping.
const PING_INTERVAL: Duration = Duration::from_secs(20);

/// How long a client may be silent before the server closes the connection. Pongs count as
/// activity.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// How long sending one frame may take.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);

/// How long closing may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a connection may take until its first frame, if that must bring the token.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(5);

/// Who has opened a connection.
///
/// A browser does not show a page why an upgrade was refused. So a token that is missing or refused
/// is reported over the connection.
pub enum Arrival {
    /// A user whose token has come with the upgrade.
    Identified(Box<SocketClient>),
    /// Someone whose first frame must bring the token.
    Anonymous(Box<FeedRequest>),
    /// Someone whose token is refused.
    Refused(Box<Problem>),
}

/// Serves a connection until it ends.
pub async fn serve(mut socket: WebSocket, arrival: Arrival) {
    let identified = match arrival {
        Arrival::Identified(client) => Ok(client),
        Arrival::Anonymous(request) => identify(&mut socket, *request).await,
        Arrival::Refused(problem) => Err(Some(SessionEnd::refused(*problem))),
    };
    let end = match identified {
        // The client, and with it the presence of the user, ends before the connection does.
        Ok(mut client) => run(&mut socket, &mut client).await,
        Err(end) => end,
    };
    // A client that has disconnected does not receive the reason.
    let _ = tokio::time::timeout(CLOSE_TIMEOUT, close_socket(&mut socket, end)).await;
}

/// What a connection asks for: a feed, and where it starts.
pub struct FeedRequest {
    /// The state of live delivery.
    pub state: LiveState,
    /// Verifies tokens.
    pub auth: Auth,
    /// The device that listens.
    pub device: Option<DeviceId>,
    /// The cursor after which the feed starts.
    pub after: Option<CursorReference>,
}

impl FeedRequest {
    /// Opens the feed of a user.
    pub async fn open(self, caller: Caller) -> Result<Box<SocketClient>, EndpointError> {
        let Self {
            state,
            auth,
            device,
            after,
        } = self;
        let watch = CallerWatch::new(&auth, caller);
        let transport = LiveTransport::WebSocket;
        let session = LiveSession::start(state.clone(), transport, watch, device, after).await?;
        let user = &session.caller().user;
        Ok(Box::new(SocketClient {
            online: state
                .presence
                .connect(user, session.device(), session.connection_id()),
            session,
            auth,
            acks: state.acks,
        }))
    }
}

/// Waits for the first frame, which must bring the token, and opens the feed of its user.
async fn identify(
    socket: &mut WebSocket,
    request: FeedRequest,
) -> Result<Box<SocketClient>, Option<SessionEnd>> {
    let deadline = Instant::now() + TOKEN_TIMEOUT;
    let text = loop {
        match tokio::time::timeout_at(deadline, socket.recv()).await {
            Ok(Some(Ok(Message::Text(text)))) => break text,
            Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => {}
            Ok(None | Some(Ok(Message::Close(_)))) => return Err(None),
            Ok(Some(Err(error))) => return Err(end_violated(error)),
            Ok(Some(Ok(Message::Binary(_)))) | Err(_) => {
                return Err(Some(SessionEnd::refused(Problem::token_missing())));
            }
        }
    };
    let frame = serde_json::from_str(&text)
        .map_err(|error| Some(end_malformed(describe_json_error(&error))))?;
    let ClientFrame::Token { token } = frame else {
        return Err(Some(SessionEnd::refused(Problem::token_missing())));
    };
    let caller = request.auth.verify_with_refetch(&token).await;
    let caller = Caller::clone(&*caller.map_err(|problem| Some(SessionEnd::refused(problem)))?);
    let opened = request.open(caller).await;
    opened.map_err(|error| Some(end_rejected(error.into_problem())))
}

/// The client at the other end of a connection.
pub struct SocketClient {
    /// The feed of the client.
    pub session: LiveSession,
    /// Marks the user as online.
    pub online: OnlineGuard,
    /// Verifies newer tokens.
    pub auth: Auth,
    /// Records the acknowledgements of the client.
    pub acks: Arc<dyn Acks>,
}

async fn run(socket: &mut WebSocket, client: &mut SocketClient) -> Option<SessionEnd> {
    let mut silent_at = Instant::now() + IDLE_TIMEOUT;
    let mut pings = interval_at(Instant::now() + PING_INTERVAL, PING_INTERVAL);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut received_frames = FrameLimiter::default();
    loop {
        let token_ends = Instant::now() + client.session.caller().time_left();
        tokio::select! {
            frames = client.session.next_frames() => match frames {
                // A client that does not read must not delay its end.
                Ok(frames) => tokio::select! {
                    sent = send_all(socket, frames) => sent?,
                    end = client.session.refused() => return Some(end),
                },
                Err(end) => return Some(end),
            },
            received = socket.recv() => {
                silent_at = Instant::now() + IDLE_TIMEOUT;
                if !received_frames.admit(Instant::now()) {
                    let problem = client.session.refuse_reconnects();
                    return Some(SessionEnd::Problem(close::POLICY_VIOLATION, Box::new(problem)));
                }
                match received? {
                    Ok(Message::Text(text)) => {
                        match Box::pin(client.handle_frame(&text)).await {
                            Ok(frames) => send_all(socket, frames).await?,
                            Err(end) => return Some(end),
                        }
                    }
                    Ok(Message::Binary(_)) => return Some(end_malformed("expected text frames")),
                    Ok(Message::Ping(_) | Message::Pong(_)) => {}
                    Ok(Message::Close(_)) => return None,
                    Err(error) => return end_violated(error),
                }
            }
            _ = pings.tick() => send(socket, Message::Ping(bytes::Bytes::new())).await?,
            () = sleep_until(silent_at) => return Some(SessionEnd::Closed(close::IDLE_TIMEOUT, "idle_timeout")),
            () = sleep_until(token_ends) => return Some(SessionEnd::refused(Problem::token_expired())),
        }
    }
}

/// Sends frames with one flush. Returns `None` as [`send`] does.
async fn send_all(socket: &mut WebSocket, frames: Vec<ServerFrame>) -> Option<()> {
    let Some(last) = frames.len().checked_sub(1) else {
        return Some(());
    };
    for (index, frame) in frames.into_iter().enumerate() {
        let message = Message::Text(frame.to_json());
        if index == last {
            send(socket, message).await?;
        } else {
            let fed = tokio::time::timeout(SEND_TIMEOUT, socket.feed(message)).await;
            fed.ok()?.ok()?;
        }
    }
    Some(())
}

/// Sends a message. Returns `None` if the client has disconnected or does not read.
async fn send(socket: &mut WebSocket, message: Message) -> Option<()> {
    let sent = tokio::time::timeout(SEND_TIMEOUT, socket.send(message)).await;
    sent.ok()?.ok()
}

impl SocketClient {
    /// Handles a frame of the client and returns the frames of the response.
    async fn handle_frame(&mut self, text: &str) -> Result<Vec<ServerFrame>, SessionEnd> {
        let frame: ClientFrame = serde_json::from_str(text)
            .map_err(|error| end_malformed(describe_json_error(&error)))?;
        match frame {
            ClientFrame::Ack { cursor } => {
                let Some(device) = self.session.device() else {
                    return Ok(vec![ServerFrame::refuse("ack", &device_missing())]);
                };
                let caller = self.session.caller().clone();
                let device = device.as_str().to_owned();
                let acknowledged = self.acks.acknowledge(caller, device, cursor).await;
                acknowledged.map_err(end_rejected)?;
                self.session.record_ack(cursor.position);
                Ok(Vec::new())
            }
            ClientFrame::Typing { conversation_id } => {
                self.announce(TypingChange::Began, &conversation_id).await
            }
            ClientFrame::TypingStopped { conversation_id } => {
                self.announce(TypingChange::Stopped, &conversation_id).await
            }
            ClientFrame::Watch { users } => {
                if users.len() > MAX_WATCHED {
                    return Err(end_malformed(format!(
                        "at most {MAX_WATCHED} users can be watched"
                    )));
                }
                let watched = self.online.watch(users).await;
                watched.map_err(|error| end_rejected(error.to_problem()))
            }
            ClientFrame::Token { token } => self.renew_token(&token).await,
        }
    }

    /// Notifies the other members of a conversation. An invalid id is treated like an unknown one,
    /// which has no members to notify.
    async fn announce(
        &self,
        change: TypingChange,
        conversation: &str,
    ) -> Result<Vec<ServerFrame>, SessionEnd> {
        if let Ok(conversation) = ConversationId::parse(conversation) {
            let announced = self.online.announce_typing(change, &conversation).await;
            announced.map_err(|error| end_rejected(error.to_problem()))?;
        }
        Ok(Vec::new())
    }

    /// Continues with a newer token of the same user.
    async fn renew_token(&mut self, token: &str) -> Result<Vec<ServerFrame>, SessionEnd> {
        let caller = self.auth.verify_with_refetch(token).await;
        let caller = caller.map_err(SessionEnd::refused)?;
        let caller = Caller::clone(&caller).continuing(self.session.caller());
        let caller = caller.map_err(SessionEnd::refused)?;
        let seconds = i64::try_from(caller.expires_at).unwrap_or(i64::MAX);
        let expires_at = Timestamp::from_millis(seconds.saturating_mul(1_000));
        self.session.renew_caller(caller);
        let renewed = json!({"type": "token_renewed", "expires_at": expires_at});
        Ok(vec![ServerFrame::ephemeral("token_renewed", &renewed)])
    }
}

/// Why an acknowledgement over a connection without a device is not recorded.
fn device_missing() -> Problem {
    Problem::unprocessable(
        "device_missing",
        "This connection names no device, so its acknowledgements are not recorded. Connect with \
         `device=`, or use `POST /v1/inbox/ack`.",
    )
}

fn end_malformed(reason: impl Into<String>) -> SessionEnd {
    let problem = Problem::malformed("frame", reason);
    SessionEnd::Problem(close::POLICY_VIOLATION, Box::new(problem))
}

/// Ends a session whose client does not keep to the WebSocket protocol. `None` if the client has
/// disconnected.
fn end_violated(error: axum::Error) -> Option<SessionEnd> {
    let error = error.into_inner();
    let (code, reason) = match error.downcast_ref::<SocketError>()? {
        SocketError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => return None,
        SocketError::Protocol(_) => (close::PROTOCOL_ERROR, "a frame violates RFC 6455"),
        SocketError::Utf8(_) => (close::INVALID_UTF8, "a text frame is not UTF-8"),
        SocketError::Capacity(_) => (close::TOO_LARGE, "a message is larger than 64 KiB"),
        _ => return None,
    };
    Some(SessionEnd::Closed(code, reason))
}

fn end_rejected(problem: Problem) -> SessionEnd {
    let status = problem.status();
    let code = if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS {
        close::POLICY_VIOLATION
    } else {
        close::TRY_AGAIN_LATER
    };
    SessionEnd::Problem(code, Box::new(problem))
}

/// Sends the reason and a close frame, or answers the close frame of the client.
async fn close_socket(socket: &mut WebSocket, end: Option<SessionEnd>) -> Option<()> {
    let (code, reason) = match end {
        None => return SinkExt::close(socket).await.ok(),
        Some(SessionEnd::Closed(code, reason)) => (code, Utf8Bytes::from_static(reason)),
        Some(SessionEnd::Problem(code, error)) => {
            let text = problem_frame(&error);
            send(socket, Message::Text(text.into())).await?;
            (code, Utf8Bytes::from_static(error.code()))
        }
    };
    send(socket, Message::Close(Some(CloseFrame { code, reason }))).await
}
