//! A WebSocket below the level of messages: it sends any bytes, also those that violate the
//! protocol, and reads the frames of the server.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long the server may take to send an expected frame.
const FRAME_TIMEOUT: Duration = Duration::from_secs(30);

/// The bit of the last fragment of a message, in the first byte of a frame.
pub const FINAL: u8 = 0x80;
/// The opcode of a text frame.
pub const TEXT: u8 = 0x1;
/// The opcode of a close frame.
pub const CLOSE: u8 = 0x8;

/// A frame of the server.
#[derive(Debug, Clone, PartialEq)]
pub enum RawFrame {
    /// A text frame, parsed as JSON.
    Text(Value),
    /// A close frame with its code; 1005 without one.
    Close(u16),
    /// Any other opcode.
    Other(u8),
    /// The end of the connection, in place of a frame.
    End,
}

/// An open WebSocket.
pub struct RawSocket {
    stream: TcpStream,
}

impl RawSocket {
    /// Opens a WebSocket to `/v1/live`.
    pub async fn open(address: &str, token: &str, query: &str) -> Self {
        let opened = Self::try_open(address, token, query).await;
        opened.unwrap_or_else(|status| panic!("the upgrade was refused with {status}"))
    }

    /// The same. The error is the status of the response that refused the upgrade.
    pub async fn try_open(address: &str, token: &str, query: &str) -> Result<Self, u16> {
        let request = format!(
            "GET /v1/live?{query} HTTP/1.1\r\nhost: {address}\r\nupgrade: websocket\r\n\
             connection: Upgrade\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nauthorization: Bearer {token}\r\n\r\n"
        );
        let mut stream = TcpStream::connect(address).await.expect("the port is open");
        let sent = stream.write_all(request.as_bytes()).await;
        sent.expect("the server reads");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("a response"));
        }
        let head = String::from_utf8_lossy(&head);
        let status = head.get(9..12).and_then(|status| status.parse().ok());
        match status {
            Some(101) => Ok(Self { stream }),
            status => Err(status.unwrap_or_else(|| panic!("no status in {head}"))),
        }
    }

    /// Sends a masked frame, as clients must. `first` has the opcode and the flags.
    pub async fn send_frame(&mut self, first: u8, payload: &[u8]) -> std::io::Result<()> {
        self.stream
            .write_all(&encode_frame(first, payload, true))
            .await
    }

    /// Sends a text frame.
    pub async fn send_text(&mut self, text: &str) -> std::io::Result<()> {
        self.send_frame(FINAL | TEXT, text.as_bytes()).await
    }

    /// Sends any bytes.
    pub async fn send_bytes(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Reads the next frame.
    pub async fn next_frame(&mut self) -> RawFrame {
        let read = tokio::time::timeout(FRAME_TIMEOUT, self.read_frame()).await;
        let read = read.unwrap_or_else(|_| panic!("no frame in {FRAME_TIMEOUT:?}"));
        read.unwrap_or(RawFrame::End)
    }

    /// Waits for the next frame, however long it takes.
    pub async fn wait_for_frame(&mut self) -> RawFrame {
        self.read_frame().await.unwrap_or(RawFrame::End)
    }

    /// Reads until the connection ends and returns all frames.
    pub async fn read_to_end(&mut self) -> Vec<RawFrame> {
        let mut frames = Vec::new();
        loop {
            match self.next_frame().await {
                RawFrame::End => return frames,
                frame => frames.push(frame),
            }
        }
    }

    async fn read_frame(&mut self) -> std::io::Result<RawFrame> {
        let first = self.stream.read_u8().await?;
        let length = match self.stream.read_u8().await? {
            126 => u64::from(self.stream.read_u16().await?),
            127 => self.stream.read_u64().await?,
            short => u64::from(short),
        };
        let mut payload = vec![0; usize::try_from(length).expect("a short frame")];
        self.stream.read_exact(&mut payload).await?;
        Ok(match first & 0xf {
            TEXT => RawFrame::Text(serde_json::from_slice(&payload).expect("JSON")),
            CLOSE => RawFrame::Close(match payload[..] {
                [high, low, ..] => u16::from_be_bytes([high, low]),
                _ => 1005,
            }),
            other => RawFrame::Other(other),
        })
    }
}

/// Encodes a frame.
pub fn encode_frame(first: u8, payload: &[u8], masked: bool) -> Vec<u8> {
    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let flag = if masked { 0x80 } else { 0 };
    let mut frame = vec![first];
    match payload.len() {
        short @ 0..126 => frame.push(flag | short as u8),
        medium @ 126..=0xffff => {
            frame.push(flag | 126);
            frame.extend((medium as u16).to_be_bytes());
        }
        long => {
            frame.push(flag | 127);
            frame.extend((long as u64).to_be_bytes());
        }
    }
    if masked {
        frame.extend(KEY);
        let masked = payload.iter().zip(KEY.iter().cycle());
        frame.extend(masked.map(|(byte, key)| byte ^ key));
    } else {
        frame.extend(payload);
    }
    frame
}
