//! Live connections as clients have them.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderMap, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::feed::{Seen, seen};

/// How long a frame may take that has to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came over a connection.
#[derive(Debug)]
pub enum Heard {
    /// A frame.
    Frame(Value),
    /// The close, with its code.
    Closed(u16),
}

/// An open WebSocket.
pub struct Live {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Every entry that came.
    pub entries: Vec<Value>,
}

impl Live {
    /// Opens one at `127.0.0.1:port`, with a token, and a query such as `after=0`. An error is the status
    /// that was answered instead.
    pub async fn open(address: &str, token: &str, query: &str) -> Result<Self, u16> {
        let opened = Self::dial(address, token, query, &[]).await;
        opened
            .map(|(live, _)| live)
            .map_err(|answer| answer.status().as_u16())
    }

    /// The same with more headers, and with the answer as it came.
    pub async fn dial(
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

    /// The next frame, or the close.
    pub async fn hear(&mut self) -> Heard {
        let next = tokio::time::timeout(PATIENCE, self.next());
        next.await
            .unwrap_or_else(|_| panic!("nothing came for {PATIENCE:?}"))
    }

    async fn next(&mut self) -> Heard {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    let frame: Value = serde_json::from_str(&text)
                        .unwrap_or_else(|error| panic!("{error}: {text}"));
                    if frame["type"] == "entry" {
                        self.entries.push(frame["entry"].clone());
                    }
                    return Heard::Frame(frame);
                }
                Some(Ok(Message::Close(Some(CloseFrame { code, .. })))) => {
                    return Heard::Closed(code.into());
                }
                Some(Ok(Message::Close(None)) | Err(_)) | None => return Heard::Closed(0),
                Some(Ok(_)) => {}
            }
        }
    }

    /// The next frame, which has to be one.
    pub async fn frame(&mut self) -> Value {
        match self.hear().await {
            Heard::Frame(frame) => frame,
            Heard::Closed(code) => panic!("closed with {code}"),
        }
    }

    /// Hears frames until the connection is closed; gives the code.
    pub async fn closed(&mut self) -> u16 {
        loop {
            if let Heard::Closed(code) = self.hear().await {
                return code;
            }
        }
    }

    /// Hears frames until the backlog is through; gives the cursor.
    pub async fn caught_up(&mut self) -> i64 {
        loop {
            let frame = self.frame().await;
            if frame["type"] == "caught_up" {
                return frame["cursor"]
                    .as_i64()
                    .unwrap_or_else(|| panic!("{frame}"));
            }
        }
    }

    /// Hears frames until an entry at this position or later.
    pub async fn reaches(&mut self, position: i64) {
        while self.last() < position {
            self.frame().await;
        }
    }

    /// The position of the last entry, 0 if there was none.
    pub fn last(&self) -> i64 {
        self.entries.last().map_or(0, |entry| seen(entry).position)
    }

    /// What never changes of the entries.
    pub fn seen(&self) -> Vec<Seen> {
        self.entries.iter().map(seen).collect()
    }

    /// Acknowledges.
    pub async fn ack(&mut self, cursor: i64) {
        self.send(&json!({ "type": "ack", "cursor": cursor }).to_string())
            .await;
    }

    /// Sends a text.
    pub async fn send(&mut self, text: &str) {
        let sent = self.socket.send(Message::text(text)).await;
        sent.unwrap_or_else(|error| panic!("{error}"));
    }
}
