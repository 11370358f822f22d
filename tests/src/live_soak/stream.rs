//! A live connection over a WebSocket or server-sent events, read only as fast as the device wants.

use anyhow::{Context, Result, bail, ensure};
use futures::{SinkExt, StreamExt};
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::device_log::LiveFrame;
use crate::feed::parse_cursor;

/// The receive buffer and the segment size of a slow reader. Both are small, so that the server
/// soon notices that the device does not read; its own send buffer depends on the segment size.
const RECEIVE_BUFFER_BYTES: u32 = 8 * 1024;
const SEGMENT_BYTES: u32 = 536;

/// Where a connection starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamStart {
    /// After a position.
    After(i64),
    /// After what the device has acknowledged, otherwise at the present.
    Recorded,
}

/// The parameters of a connection.
#[derive(Debug, Clone)]
pub struct StreamParams<'a> {
    /// `127.0.0.1:port`.
    pub address: &'a str,
    /// The token.
    pub token: &'a str,
    /// The name of the device, if it is sent.
    pub device: Option<&'a str>,
    /// Where to start.
    pub start: StreamStart,
    /// Whether to use server-sent events instead of a WebSocket.
    pub server_sent_events: bool,
    /// Whether to use small buffers.
    pub small_buffers: bool,
}

/// What a connection delivered.
#[derive(Debug)]
pub enum StreamEvent {
    /// A frame and the position at which to resume, which only server-sent events have.
    Frame(LiveFrame, Option<i64>),
    /// The connection was closed with this code, or 0 without one.
    Closed(u16),
}

/// An open connection.
pub enum LiveStream {
    /// A WebSocket.
    WebSocket(Box<WebSocketStream<TcpStream>>),
    /// Server-sent events, with the bytes that were read but not parsed yet.
    ServerSentEvents(TcpStream, Vec<u8>),
}

impl LiveStream {
    /// Connects. Returns `None` without a response or after a 503; try again later.
    pub async fn open(params: &StreamParams<'_>) -> Result<Option<Self>> {
        let socket = TcpSocket::new_v4()?;
        if params.small_buffers {
            socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES)?;
            SockRef::from(&socket).set_tcp_mss(SEGMENT_BYTES)?;
        }
        let Ok(stream) = socket.connect(params.address.parse()?).await else {
            return Ok(None);
        };
        let mut query = String::new();
        if let Some(device) = params.device {
            query.push_str(&format!("device={device}"));
        }
        if params.server_sent_events {
            return Self::open_server_sent_events(stream, params, &query).await;
        }
        if let StreamStart::After(after) = params.start {
            query.push_str(&format!("&after={after}"));
        }
        let url = format!("ws://{}/v1/live?{query}", params.address);
        let mut request = url.into_client_request()?;
        let bearer = format!("Bearer {}", params.token).parse()?;
        request.headers_mut().insert("authorization", bearer);
        match tokio_tungstenite::client_async(request, stream).await {
            Ok((socket, _)) => Ok(Some(Self::WebSocket(Box::new(socket)))),
            Err(Error::Http(answer)) => {
                ensure!(answer.status() == 503, "{}: {query}", answer.status());
                Ok(None)
            }
            // The process was killed at that moment.
            Err(_) => Ok(None),
        }
    }

    async fn open_server_sent_events(
        mut stream: TcpStream,
        params: &StreamParams<'_>,
        query: &str,
    ) -> Result<Option<Self>> {
        let last = match params.start {
            StreamStart::After(after) => format!("last-event-id: {after}\r\n"),
            StreamStart::Recorded => String::new(),
        };
        // HTTP/1.0, so that the body is not chunked.
        let request = format!(
            "GET /v1/live?{query} HTTP/1.0\r\nhost: soak\r\naccept: text/event-stream\r\n{last}authorization: Bearer {}\r\n\r\n",
            params.token
        );
        if stream.write_all(request.as_bytes()).await.is_err() {
            return Ok(None);
        }
        let mut buffer = Vec::new();
        loop {
            if let Some(end) = buffer.windows(4).position(|it| it == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
                let status = head.split(' ').nth(1).unwrap_or_default();
                if status == "503" {
                    return Ok(None);
                }
                ensure!(status == "200", "{head}");
                buffer.drain(..end + 4);
                return Ok(Some(Self::ServerSentEvents(stream, buffer)));
            }
            match stream.read_buf(&mut buffer).await {
                Ok(0) | Err(_) => return Ok(None),
                Ok(_) => {}
            }
        }
    }

    /// The next frame, or the close. Cancel safe.
    pub async fn next_event(&mut self) -> Result<StreamEvent> {
        match self {
            Self::WebSocket(socket) => loop {
                match socket.next().await {
                    Some(Ok(Message::Text(text))) => {
                        return Ok(StreamEvent::Frame(LiveFrame::parse(&text)?, None));
                    }
                    Some(Ok(Message::Close(Some(close)))) => {
                        return Ok(StreamEvent::Closed(close.code.into()));
                    }
                    Some(Ok(Message::Close(None)) | Err(_)) | None => {
                        return Ok(StreamEvent::Closed(0));
                    }
                    Some(Ok(_)) => {}
                }
            },
            Self::ServerSentEvents(stream, buffer) => loop {
                if let Some(end) = buffer.windows(2).position(|it| it == b"\n\n") {
                    let event: Vec<u8> = buffer.drain(..end + 2).collect();
                    if let Some(event) = parse_event(std::str::from_utf8(&event)?)? {
                        return Ok(event);
                    }
                    continue;
                }
                match stream.read_buf(buffer).await {
                    Ok(0) | Err(_) => return Ok(StreamEvent::Closed(0)),
                    Ok(_) => {}
                }
            },
        }
    }

    /// Acknowledges over a WebSocket, without waiting for the outcome.
    pub async fn ack(&mut self, cursor: i64) -> Result<()> {
        let Self::WebSocket(socket) = self else {
            bail!("server-sent events cannot carry acks");
        };
        let text = serde_json::json!({ "type": "ack", "cursor": cursor }).to_string();
        // A closed connection is noticed when the next frame is read.
        let _ = socket.send(Message::text(text)).await;
        Ok(())
    }
}

/// Parses an event. A comment is `None`.
fn parse_event(text: &str) -> Result<Option<StreamEvent>> {
    let field = |name: &str| {
        let mut lines = text.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    };
    let Some(data) = field("data") else {
        return Ok(None);
    };
    let id = field("id")
        .map(|id| parse_cursor(id).context("the id is not a cursor"))
        .transpose()?;
    let frame = LiveFrame::parse(data)?;
    Ok(Some(StreamEvent::Frame(frame, id)))
}
