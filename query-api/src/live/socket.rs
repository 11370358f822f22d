//! The feed over a WebSocket connection.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures::SinkExt as _;
use http_edge::{Caller, Problem};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

use super::acks::Acks;
use super::feed::Feed;
use super::frame::{ClientFrame, End, Frame, close, problem};
use super::gossip::{Here, WATCHED};

/// How often the server sends a ping.
const PING_EVERY: Duration = Duration::from_secs(20);

/// How long a client may be silent before the server closes the connection. Pongs count as
/// activity.
const SILENCE: Duration = Duration::from_secs(60);

/// How long sending one frame may take.
const SEND_WITHIN: Duration = Duration::from_secs(30);

/// How long closing may take.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);

/// Serves a connection until it ends.
pub async fn serve(mut socket: WebSocket, mut client: Client) {
    let end = talk(&mut socket, &mut client).await;
    drop(client);
    // A client that has disconnected does not receive the reason.
    let _ = tokio::time::timeout(CLOSE_WITHIN, say_goodbye(socket, end)).await;
}

/// The client at the other end of a connection.
pub struct Client {
    /// The feed of the client.
    pub feed: Feed,
    /// Marks the user as online.
    pub here: Here,
    /// The authenticated user.
    pub caller: Caller,
    /// Records the acknowledgements of the client.
    pub acks: Arc<dyn Acks>,
}

async fn talk(socket: &mut WebSocket, client: &mut Client) -> Option<End> {
    let token_ends = Instant::now() + client.caller.time_left();
    let mut silent_at = Instant::now() + SILENCE;
    let mut pings = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            frames = client.feed.next() => match frames {
                Ok(frames) => {
                    send_all(socket, frames).await?;
                }
                Err(end) => return Some(end),
            },
            received = socket.recv() => {
                silent_at = Instant::now() + SILENCE;
                match received? {
                    Ok(Message::Text(text)) => {
                        match Box::pin(client.take(&text)).await {
                            Ok(frames) => send_all(socket, frames).await?,
                            Err(end) => return Some(end),
                        }
                    }
                    Ok(Message::Binary(_)) => return Some(unreadable("expected text frames")),
                    Ok(Message::Ping(_) | Message::Pong(_)) => {}
                    Ok(Message::Close(_)) | Err(_) => return None,
                }
            }
            _ = pings.tick() => send(socket, Message::Ping(bytes::Bytes::new())).await?,
            () = sleep_until(silent_at) => return Some(End::Closed(close::SILENT, "nothing was received for a minute")),
            () = sleep_until(token_ends) => return Some(End::Closed(close::UNAUTHORIZED, "the token has expired")),
        }
    }
}

/// Sends frames with one flush. Returns `None` as [`send`] does.
async fn send_all(socket: &mut WebSocket, frames: Vec<Frame>) -> Option<()> {
    let Some(last) = frames.len().checked_sub(1) else {
        return Some(());
    };
    for (index, frame) in frames.into_iter().enumerate() {
        let message = Message::Text(frame.json());
        if index == last {
            send(socket, message).await?;
        } else {
            let fed = tokio::time::timeout(SEND_WITHIN, socket.feed(message)).await;
            fed.ok()?.ok()?;
        }
    }
    Some(())
}

/// Sends a message. Returns `None` if the client has disconnected or does not read.
async fn send(socket: &mut WebSocket, message: Message) -> Option<()> {
    let sent = tokio::time::timeout(SEND_WITHIN, socket.send(message)).await;
    sent.ok()?.ok()
}

impl Client {
    /// Handles a frame of the client and returns the frames of the response.
    async fn take(&mut self, text: &str) -> Result<Vec<Frame>, End> {
        let frame: ClientFrame =
            serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?;
        match frame {
            ClientFrame::Ack { cursor } => {
                if let Some(device) = self.feed.device() {
                    let (user, device) = (self.caller.user.clone(), device.as_str().to_owned());
                    let acknowledged = self.acks.acknowledge(user, device, cursor).await;
                    acknowledged.map_err(refused)?;
                }
                self.feed.acknowledged(cursor);
                Ok(Vec::new())
            }
            ClientFrame::Typing { conversation_id } => {
                let typed = self.here.types_in(conversation_id).await;
                typed.map_err(|error| refused(error.problem()))?;
                Ok(Vec::new())
            }
            ClientFrame::Watch { users } => {
                if users.len() > WATCHED {
                    return Err(unreadable(format!(
                        "at most {WATCHED} users can be watched"
                    )));
                }
                let watched = self.here.watch(users).await;
                watched.map_err(|error| refused(error.problem()))
            }
        }
    }
}

fn unreadable(reason: impl Into<String>) -> End {
    let problem = Problem::malformed("frame", reason);
    End::Problem(close::POLICY, Box::new(problem))
}

fn refused(problem: Problem) -> End {
    let code = if problem.status().is_client_error() {
        close::POLICY
    } else {
        close::TRY_AGAIN
    };
    End::Problem(code, Box::new(problem))
}

async fn say_goodbye(mut socket: WebSocket, end: Option<End>) -> Option<()> {
    let (code, reason) = match end? {
        End::Closed(code, reason) => (code, Utf8Bytes::from_static(reason)),
        End::Problem(code, error) => {
            let text = problem(&error);
            send(&mut socket, Message::Text(text.into())).await?;
            (code, Utf8Bytes::from_static("see the problem frame"))
        }
    };
    let message = Message::Close(Some(CloseFrame { code, reason }));
    send(&mut socket, message).await
}
