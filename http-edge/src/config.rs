//! Every number that bounds a connection or a request. The defaults are the documented values.

use std::time::Duration;

/// Bounds of the HTTP edge. `..EdgeConfig::default()` fills in the rest.
#[derive(Debug, Clone)]
pub struct EdgeConfig {
    /// Connections open at the same time, WebSockets included. One more is answered `503` and
    /// closed. Each costs one descriptor, and some 10 KiB when idle.
    pub max_connections: usize,
    /// How long a client may take from the first byte of a request to the end of its headers, and
    /// a new connection until its first byte.
    pub header_read_timeout: Duration,
    /// How long a connection may stay open between two requests. Longer than the idle time of
    /// common proxies and clients (60 s), so that it is they who close.
    pub keep_alive_timeout: Duration,
    /// How long a client may take to send a request's body.
    pub body_read_timeout: Duration,
    /// How long a client may leave a response unread before the connection is dropped.
    pub write_timeout: Duration,
    /// How long a handler may take until the response's headers. Bodies that go on for longer
    /// (live delivery, `follow=true`) are not cut.
    pub request_timeout: Duration,
    /// Bytes of request line and headers; more is `431`. There may be at most 100 headers.
    pub max_header_bytes: usize,
    /// Bytes of a JSON body; more is `413`.
    pub max_body: usize,
    /// Bytes of an NDJSON body; more is `413`.
    pub max_batch_body: usize,
    /// How long a shutdown waits for running requests.
    pub drain: Duration,
    /// How long a shutdown leaves idle connections open, so that clients that are in the middle of
    /// a conversation learn by `Connection: close` instead of by a reset.
    pub idle_grace: Duration,
    /// Origins (`https://chat.example.com`) whose pages may call this API and open WebSockets.
    /// A page that this server served itself always may.
    pub allowed_origins: Vec<String>,
}

impl Default for EdgeConfig {
    fn default() -> Self {
        Self {
            max_connections: 12_000,
            header_read_timeout: Duration::from_secs(10),
            keep_alive_timeout: Duration::from_secs(75),
            body_read_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
            request_timeout: Duration::from_secs(30),
            max_header_bytes: 16 * 1024,
            max_body: 256 * 1024,
            max_batch_body: 8 * 1024 * 1024,
            drain: Duration::from_secs(20),
            idle_grace: Duration::from_millis(500),
            allowed_origins: Vec::new(),
        }
    }
}
