//! A client that sends a request and does not read the answer.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};

/// The receive buffer: small, so that the answer stays with the server.
const RECEIVE_BUFFER_BYTES: u32 = 4 * 1024;

/// How long an answer may take to begin.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// The length of `HTTP/1.1 200`.
const STATUS_BYTES: usize = 12;

/// An open connection with an answer that is not read.
pub struct SlowReader {
    stream: TcpStream,
}

impl SlowReader {
    /// Sends a GET request with this token.
    pub async fn open(address: &str, token: &str, path: &str) -> std::io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES)?;
        let address = address.parse().map_err(std::io::Error::other)?;
        let mut stream = socket.connect(address).await?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        Ok(Self { stream })
    }

    /// Waits for the beginning of the answer, without taking it, and returns its status; 0 if the
    /// connection was closed instead.
    pub async fn status(&self) -> u16 {
        let mut start = [0; STATUS_BYTES];
        let peek = async {
            loop {
                match self.stream.peek(&mut start).await {
                    Ok(0) | Err(_) => return 0,
                    Ok(STATUS_BYTES) => break,
                    Ok(_) => eventually::pause(Duration::from_millis(1)).await,
                }
            }
            let status = std::str::from_utf8(&start[9..]).unwrap_or_default();
            status.parse().unwrap_or(0)
        };
        let answered = tokio::time::timeout(ANSWER_TIMEOUT, peek).await;
        answered.unwrap_or_else(|_| panic!("no answer in {ANSWER_TIMEOUT:?}"))
    }
}
