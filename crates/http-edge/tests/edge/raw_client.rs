//! A client that sends exact bytes and reads one response at a time.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A limit that no test reaches unless something hangs.
pub const TEST_TIMEOUT: Duration = Duration::from_secs(20);

pub struct RawClient {
    pub stream: TcpStream,
    buffer: Vec<u8>,
}

#[derive(Debug)]
pub struct RawResponse {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl RawResponse {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub fn is_closing(&self) -> bool {
        self.header("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }

    pub fn problem(&self) -> Value {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{self:?}"
        );
        let problem: Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem["status"], self.status);
        problem
    }
}

impl RawClient {
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self::from_stream(stream)
    }

    pub fn from_stream(stream: TcpStream) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    pub async fn get(&mut self, path: &str) -> Option<RawResponse> {
        self.send(get(path)).await;
        self.read_response().await
    }

    /// Reads the next response; `None` if the server closes the connection instead.
    pub async fn read_response(&mut self) -> Option<RawResponse> {
        tokio::time::timeout(TEST_TIMEOUT, self.parse_response())
            .await
            .expect("the server does not respond")
    }

    async fn parse_response(&mut self) -> Option<RawResponse> {
        let head = loop {
            if let Some(end) = self
                .buffer
                .windows(4)
                .position(|window| window == b"\r\n\r\n")
            {
                break self.buffer.drain(..end + 4).collect::<Vec<u8>>();
            }
            if self.fill().await == 0 {
                assert!(
                    self.buffer.is_empty(),
                    "the connection closed in the middle of a response"
                );
                return None;
            }
        };
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .unwrap()
            .split(' ')
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        let mut reply = RawResponse {
            status,
            headers,
            body: Vec::new(),
        };
        let length = reply
            .header("content-length")
            .map_or(0, |length| length.parse().unwrap());
        while self.buffer.len() < length {
            assert_ne!(
                self.fill().await,
                0,
                "the connection closed in the middle of a body"
            );
        }
        reply.body = self.buffer.drain(..length).collect();
        Some(reply)
    }

    /// Reads the available bytes; 0 at the end of the connection, even after a reset.
    async fn fill(&mut self) -> usize {
        self.stream.read_buf(&mut self.buffer).await.unwrap_or(0)
    }

    /// Asserts that the server neither closes the connection nor sends anything during `time`.
    pub async fn assert_open_for(&mut self, time: Duration) {
        let received = tokio::time::timeout(time, self.fill()).await;
        assert!(
            received.is_err(),
            "received {received:?} bytes: {:?}",
            self.buffer
        );
    }

    /// Waits until the server has closed the connection, and returns the bytes it sent before.
    pub async fn wait_until_closed(&mut self) -> Vec<u8> {
        let reading = async { while self.fill().await > 0 {} };
        tokio::time::timeout(TEST_TIMEOUT, reading)
            .await
            .expect("the server does not close the connection");
        std::mem::take(&mut self.buffer)
    }
}

pub fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: tidings\r\n\r\n")
}

pub fn post(path: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: tidings\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len(),
    )
}
