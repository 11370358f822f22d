//! A live connection as a client uses it.

use std::sync::Arc;
use std::time::Duration;

use futures::{SinkExt, StreamExt, TryStreamExt};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncWrite, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderMap, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use tokio_util::io::StreamReader;

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

/// The bytes of a WebSocket, with or without TLS.
trait SocketBytes: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> SocketBytes for T {}

/// An open WebSocket to `/v1/live`.
pub struct LiveSocket {
    socket: WebSocketStream<Box<dyn SocketBytes>>,
    /// Every entry received.
    pub entries: Vec<Value>,
    /// The reason of the close frame; empty before it.
    pub close_reason: String,
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

    /// The same with more headers, and without the header of the token if it is empty. Returns the
    /// headers of the response, or the whole response if it refused the upgrade.
    pub async fn open_with_headers(
        address: &str,
        token: &str,
        query: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<(Self, HeaderMap), Box<Response<Option<Vec<u8>>>>> {
        let stream = TcpStream::connect(address).await;
        let stream = stream.unwrap_or_else(|error| panic!("{address}: {error}"));
        Self::upgrade(Box::new(stream), address, token, query, headers).await
    }

    /// Connects over TLS and trusts only this certificate.
    pub async fn open_tls(address: &str, token: &str, query: &str, certificate: &str) -> Self {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes());
        roots
            .add(certificate.expect("a certificate"))
            .expect("a root");
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (host, _) = address.split_once(':').expect("a port");
        let name = ServerName::try_from(host.to_owned()).expect("a name");
        let stream = TcpStream::connect(address).await.expect("a connection");
        let connector = TlsConnector::from(Arc::new(config));
        let stream = connector.connect(name, stream).await.expect("a handshake");
        let opened = Self::upgrade(Box::new(stream), address, token, query, &[]).await;
        opened.expect("the upgrade succeeds").0
    }

    async fn upgrade(
        stream: Box<dyn SocketBytes>,
        address: &str,
        token: &str,
        query: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<(Self, HeaderMap), Box<Response<Option<Vec<u8>>>>> {
        let url = format!("ws://{address}/v1/live?{query}");
        let mut request = url
            .into_client_request()
            .unwrap_or_else(|error| panic!("{error}"));
        if !token.is_empty() {
            let bearer = format!("Bearer {token}").parse();
            let bearer = bearer.unwrap_or_else(|_| panic!("a token is ASCII"));
            request.headers_mut().insert("authorization", bearer);
        }
        for (name, value) in headers {
            let value = value.parse().unwrap_or_else(|error| panic!("{error}"));
            request.headers_mut().insert(*name, value);
        }
        match client_async(request, stream).await {
            Ok((socket, answer)) => {
                let live = Self {
                    socket,
                    entries: Vec::new(),
                    close_reason: String::new(),
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
                Some(Ok(Message::Close(Some(CloseFrame { code, reason })))) => {
                    self.close_reason = reason.to_string();
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

/// `/v1/live` as server-sent events.
pub struct LiveEvents {
    lines: Box<dyn AsyncBufRead + Unpin + Send>,
}

impl LiveEvents {
    /// Connects to a base URL and resumes after a cursor.
    pub async fn open(http: &reqwest::Client, base: &str, token: &str, cursor: &str) -> Self {
        let request = http
            .get(format!("{base}/v1/live"))
            .header("accept", "text/event-stream")
            .header("last-event-id", cursor)
            .bearer_auth(token);
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        let bytes = answer.bytes_stream().map_err(std::io::Error::other);
        Self {
            lines: Box::new(BufReader::new(StreamReader::new(Box::pin(bytes)))),
        }
    }

    /// The next frame; `None` at the end of the stream.
    pub async fn next_frame(&mut self) -> Option<Value> {
        let next = tokio::time::timeout(FRAME_TIMEOUT, self.read_frame());
        next.await
            .unwrap_or_else(|_| panic!("nothing came for {FRAME_TIMEOUT:?}"))
    }

    async fn read_frame(&mut self) -> Option<Value> {
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).await.expect("a line") == 0 {
                return None;
            }
            if let Some(data) = line.strip_prefix("data: ") {
                return Some(serde_json::from_str(data).expect("JSON"));
            }
        }
    }

    /// Reads until the entry at a position.
    pub async fn wait_for_position(&mut self, position: i64) {
        loop {
            let frame = self.next_frame().await;
            let frame = frame.unwrap_or_else(|| panic!("the events end before {position}"));
            if frame["entry"]["position"] == position {
                return;
            }
        }
    }
}
