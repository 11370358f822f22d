//! A WebSocket client that does as little as possible, because it shares the machine with what it
//! measures. It parses only the position of an entry. Frames from a server are not masked.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A frame from the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketFrame {
    /// An entry, with its position.
    Entry(i64),
    /// The backlog is complete.
    CaughtUp,
    /// Any other frame.
    Other,
}

/// An open connection.
pub struct ListenerSocket {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// The offset of the next frame in the buffer.
    at: usize,
}

impl ListenerSocket {
    /// Connects at the present and waits until the backlog is complete.
    pub async fn open(address: SocketAddr, token: &str) -> Result<Self> {
        let mut stream = TcpStream::connect(address).await.context("connect")?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET /v1/live HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\nconnection: Upgrade\r\n\
             upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut socket = Self {
            stream,
            buffer: Vec::with_capacity(512),
            at: 0,
        };
        socket.read_upgrade().await?;
        while socket.next_frame().await? != SocketFrame::CaughtUp {}
        Ok(socket)
    }

    async fn read_upgrade(&mut self) -> Result<()> {
        loop {
            let end = self.buffer.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                let is_open = self.buffer.starts_with(b"HTTP/1.1 101");
                ensure!(is_open, "{}", String::from_utf8_lossy(&self.buffer));
                self.at = end + 4;
                return Ok(());
            }
            self.read().await?;
        }
    }

    async fn read(&mut self) -> Result<()> {
        if self.at > 0 {
            self.buffer.drain(..self.at);
            self.at = 0;
        }
        self.buffer.reserve(256);
        let read = self.stream.read_buf(&mut self.buffer).await?;
        ensure!(read > 0, "the connection was closed");
        Ok(())
    }

    /// The next frame. Answers pings.
    pub async fn next_frame(&mut self) -> Result<SocketFrame> {
        loop {
            if let Some((code, body, end)) = parse_frame(&self.buffer[self.at..]) {
                let text = &self.buffer[self.at + body..self.at + end];
                let frame = match code {
                    0x1 => parse_text(text),
                    0x9 => {
                        // An empty pong with a zero mask.
                        self.stream.write_all(&[0x8a, 0x80, 0, 0, 0, 0]).await?;
                        Some(SocketFrame::Other)
                    }
                    0x8 => bail!("closed: {:?}", &text[..text.len().min(60)]),
                    _ => Some(SocketFrame::Other),
                };
                let shown_text = || String::from_utf8_lossy(text).into_owned();
                let frame = frame.with_context(shown_text)?;
                self.at += end;
                return Ok(frame);
            }
            self.read().await?;
        }
    }
}

/// The opcode of the first frame, and the start and the end of its body, once it is complete.
fn parse_frame(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (code, short) = (bytes.first()? & 0xf, usize::from(*bytes.get(1)? & 0x7f));
    let (body, length) = match short {
        126 => (
            4,
            usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)),
        ),
        127 => (
            10,
            u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize,
        ),
        short => (2, short),
    };
    (bytes.len() >= body + length).then_some((code, body, body + length))
}

/// Parses a text frame. `None` for a problem.
fn parse_text(text: &[u8]) -> Option<SocketFrame> {
    const ENTRY: &[u8] = br#"{"type":"entry","entry":{"position":"#;
    if let Some(rest) = text.strip_prefix(ENTRY) {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit());
        let position = digits.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        return Some(SocketFrame::Entry(position));
    }
    let has = |word: &[u8]| text.windows(word.len()).any(|part| part == word);
    if has(br#""type":"caught_up""#) {
        return Some(SocketFrame::CaughtUp);
    }
    (!has(br#""type":"problem""#)).then_some(SocketFrame::Other)
}
