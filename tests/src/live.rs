//! A live connection as a client uses it.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderMap, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::feed::{FeedEntryKey, cursor_position, entry_key};

/// How long an expected frame may take.
const FRAME_TIMEOUT: Duration = Duration::from_secs(30);

/// What a connection delivered.
#[derive(Debug)]
pub enum SocketEvent {
    /// A frame.
    Frame(Value),
    /// The connection was closed with this code.
    Closed(u16),
}

/// An open WebSocket to `/v1/live`.
pub struct LiveSocket {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Every entry received.
    pub entries: Vec<Value>,
}

impl LiveSocket {
    /// Connects to `127.0.0.1:port` with a token and a query such as `after=0`. The error is the
    /// status of the response that refused the upgrade.
    pub async fn open(address: &str, token: &str, query: &str) -> Result<Self, u16> {
        let opened = Self::open_with_headers(address, token, query, &[]).await;
        opened
            .map(|(live, _)| live)
            .map_err(|answer| answer.status().as_u16())
    }

    /// The same with more headers. Returns the headers of the response, or the whole response if it
    /// refused the upgrade.
    pub async fn open_with_headers(
        address: &str,
        token: &str,
        query: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<(Self, HeaderMap), Box<Response<Option<Vec<u8>>>>> {
        let url = format!("ws://{address}/v1/live?{query}");
        let mut request = url
            .into_client_request()
            .unwrap_or_else(|error| panic!("{error}"));
        let bearer = format!("Bearer {token}").parse();
        request.headers_mut().insert(
            "authorization",
            bearer.unwrap_or_else(|_| panic!("a token is ASCII")),
        );
        for (name, value) in headers {
            let value = value.parse().unwrap_or_else(|error| panic!("{error}"));
            request.headers_mut().insert(*name, value);
        }
        match connect_async(request).await {
            Ok((socket, answer)) => {
                let live = Self {
                    socket,
                    entries: Vec::new(),
                };
                Ok((live, answer.headers().clone()))
            }
            Err(Error::Http(answer)) => Err(answer),
            Err(error) => panic!("{error}"),
        }
    }

    /// The next frame, or the close of the connection.
    pub async fn next_event(&mut self) -> SocketEvent {
        let next = tokio::time::timeout(FRAME_TIMEOUT, self.read_event());
        next.await
            .unwrap_or_else(|_| panic!("nothing came for {FRAME_TIMEOUT:?}"))
    }

    async fn read_event(&mut self) -> SocketEvent {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    let frame: Value = serde_json::from_str(&text)
                        .unwrap_or_else(|error| panic!("{error}: {text}"));
                    if frame["type"] == "entry" {
                        self.entries.push(frame["entry"].clone());
                    }
                    return SocketEvent::Frame(frame);
                }
                Some(Ok(Message::Close(Some(CloseFrame { code, .. })))) => {
                    return SocketEvent::Closed(code.into());
                }
                Some(Ok(Message::Close(None)) | Err(_)) | None => return SocketEvent::Closed(0),
                Some(Ok(_)) => {}
            }
        }
    }

    /// The next frame. Panics if the connection is closed.
    pub async fn next_frame(&mut self) -> Value {
        match self.next_event().await {
            SocketEvent::Frame(frame) => frame,
            SocketEvent::Closed(code) => panic!("closed with {code}"),
        }
    }

    /// Reads until the connection is closed and returns the close code.
    pub async fn wait_for_close(&mut self) -> u16 {
        loop {
            if let SocketEvent::Closed(code) = self.next_event().await {
                return code;
            }
        }
    }

    /// Reads until the backlog is complete and returns its cursor.
    pub async fn wait_until_caught_up(&mut self) -> i64 {
        loop {
            let frame = self.next_frame().await;
            if frame["type"] == "caught_up" {
                return cursor_position(&frame["cursor"]);
            }
        }
    }

    /// Reads until an entry at this position or a later one.
    pub async fn wait_for_position(&mut self, position: i64) {
        while self.last_position() < position {
            self.next_frame().await;
        }
    }

    /// The position of the last entry, or 0 if there was none.
    pub fn last_position(&self) -> i64 {
        self.entries
            .last()
            .map_or(0, |entry| entry_key(entry).position)
    }

    /// The keys of all entries received.
    pub fn entry_keys(&self) -> Vec<FeedEntryKey> {
        self.entries.iter().map(entry_key).collect()
    }

    /// Sends an acknowledgement.
    pub async fn ack(&mut self, cursor: i64) {
        self.send(&json!({ "type": "ack", "cursor": cursor }).to_string())
            .await;
    }

    /// Sends a text frame.
    pub async fn send(&mut self, text: &str) {
        let sent = self.socket.send(Message::text(text)).await;
        sent.unwrap_or_else(|error| panic!("{error}"));
    }
}
