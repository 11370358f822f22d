//! A live connection over either transport, read only as fast as its owner wants.

use anyhow::{Context, Result, bail, ensure};
use futures::{SinkExt, StreamExt};
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::journal::Frame;

/// Bytes that wait unread at the end of a slow reader, about, and bytes of a segment. Little, so that the server
/// soon notices that nobody reads: how much waits at its own end goes by the segments.
const UNREAD: u32 = 8 * 1024;
const SEGMENT: u32 = 536;

/// Where a connection begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// After a position.
    After(i64),
    /// At what the device has acknowledged, or at the present.
    Told,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// `127.0.0.1:port`.
    pub address: &'a str,
    /// The token.
    pub token: &'a str,
    /// The device, if it is named.
    pub device: Option<&'a str>,
    /// Where to begin.
    pub start: Start,
    /// Server-sent events instead of a WebSocket.
    pub events: bool,
    /// Little is to wait unread on the way.
    pub narrow: bool,
}

/// What came.
#[derive(Debug)]
pub enum Heard {
    /// A frame, and where to resume according to the server: server-sent events alone say so.
    Frame(Frame, Option<i64>),
    /// The end, with its code; 0 where there is none.
    Closed(u16),
}

/// An open connection.
pub enum Stream {
    /// A WebSocket.
    Socket(Box<WebSocketStream<TcpStream>>),
    /// Server-sent events, and what was read of them and not yet used.
    Events(TcpStream, Vec<u8>),
}

impl Stream {
    /// Opens one. `None` if nobody answers, or with 503: try again later.
    pub async fn open(asked: &Asked<'_>) -> Result<Option<Self>> {
        let socket = TcpSocket::new_v4()?;
        if asked.narrow {
            socket.set_recv_buffer_size(UNREAD)?;
            SockRef::from(&socket).set_tcp_mss(SEGMENT)?;
        }
        let Ok(stream) = socket.connect(asked.address.parse()?).await else {
            return Ok(None);
        };
        let mut query = String::new();
        if let Some(device) = asked.device {
            query.push_str(&format!("device={device}"));
        }
        if asked.events {
            return Self::events(stream, asked, &query).await;
        }
        if let Start::After(after) = asked.start {
            query.push_str(&format!("&after={after}"));
        }
        let url = format!("ws://{}/v1/live?{query}", asked.address);
        let mut request = url.into_client_request()?;
        let bearer = format!("Bearer {}", asked.token).parse()?;
        request.headers_mut().insert("authorization", bearer);
        match tokio_tungstenite::client_async(request, stream).await {
            Ok((socket, _)) => Ok(Some(Self::Socket(Box::new(socket)))),
            Err(Error::Http(answer)) => {
                ensure!(answer.status() == 503, "{}: {query}", answer.status());
                Ok(None)
            }
            // It was killed at that moment.
            Err(_) => Ok(None),
        }
    }

    async fn events(mut stream: TcpStream, asked: &Asked<'_>, query: &str) -> Result<Option<Self>> {
        let last = match asked.start {
            Start::After(after) => format!("last-event-id: {after}\r\n"),
            Start::Told => String::new(),
        };
        // Of HTTP/1.0, so that the body comes as it is.
        let request = format!(
            "GET /v1/live?{query} HTTP/1.0\r\nhost: soak\r\naccept: text/event-stream\r\n{last}authorization: Bearer {}\r\n\r\n",
            asked.token
        );
        if stream.write_all(request.as_bytes()).await.is_err() {
            return Ok(None);
        }
        let mut unused = Vec::new();
        loop {
            if let Some(end) = unused.windows(4).position(|it| it == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&unused[..end]).into_owned();
                let status = head.split(' ').nth(1).unwrap_or_default();
                if status == "503" {
                    return Ok(None);
                }
                ensure!(status == "200", "{head}");
                unused.drain(..end + 4);
                return Ok(Some(Self::Events(stream, unused)));
            }
            match stream.read_buf(&mut unused).await {
                Ok(0) | Err(_) => return Ok(None),
                Ok(_) => {}
            }
        }
    }

    /// What comes next. Nothing is lost if this is dropped before it has ended.
    pub async fn hear(&mut self) -> Result<Heard> {
        match self {
            Self::Socket(socket) => loop {
                match socket.next().await {
                    Some(Ok(Message::Text(text))) => {
                        return Ok(Heard::Frame(Frame::read(&text)?, None));
                    }
                    Some(Ok(Message::Close(Some(close)))) => {
                        return Ok(Heard::Closed(close.code.into()));
                    }
                    Some(Ok(Message::Close(None)) | Err(_)) | None => return Ok(Heard::Closed(0)),
                    Some(Ok(_)) => {}
                }
            },
            Self::Events(stream, unused) => loop {
                if let Some(end) = unused.windows(2).position(|it| it == b"\n\n") {
                    let event: Vec<u8> = unused.drain(..end + 2).collect();
                    if let Some(heard) = event_of(std::str::from_utf8(&event)?)? {
                        return Ok(heard);
                    }
                    continue;
                }
                match stream.read_buf(unused).await {
                    Ok(0) | Err(_) => return Ok(Heard::Closed(0)),
                    Ok(_) => {}
                }
            },
        }
    }

    /// Acknowledges over a WebSocket; what becomes of it shows later.
    pub async fn ack(&mut self, cursor: i64) -> Result<()> {
        let Self::Socket(socket) = self else {
            bail!("server-sent events go one way");
        };
        let text = serde_json::json!({ "type": "ack", "cursor": cursor }).to_string();
        // Whether it is still open, the next frame tells.
        let _ = socket.send(Message::text(text)).await;
        Ok(())
    }
}

/// An event, or nothing for a comment.
fn event_of(text: &str) -> Result<Option<Heard>> {
    let field = |name: &str| {
        let mut lines = text.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    };
    let Some(data) = field("data") else {
        return Ok(None);
    };
    let id = field("id").map(str::parse::<i64>).transpose();
    let frame = Frame::read(data)?;
    Ok(Some(Heard::Frame(
        frame,
        id.context("an id is a position")?,
    )))
}
