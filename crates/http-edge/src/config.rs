//! Every limit on a connection or a request. The defaults are the documented values.

use std::time::Duration;

use ipnet::IpNet;

use crate::concurrency::DEFAULT_REQUESTS_PER_USER;
use crate::known_parameters::KnownParameters;
use crate::origins::AllowedOrigins;

/// Limits and timeouts of the HTTP edge.
#[derive(Debug, Clone)]
pub struct EdgeConfig {
    /// Maximum number of open connections, including WebSockets. Any further connection is
    /// answered with `503` and closed. Each costs one file descriptor, and about 10 KiB when idle.
    pub max_connections: usize,
    /// How long a client may take for the TLS handshake.
    pub handshake_timeout: Duration,
    /// How long a client may take from the first byte of a request to the end of its headers. A
    /// new connection has the same time to send its first byte.
    pub header_read_timeout: Duration,
    /// How long a connection may stay open between two requests. Longer than the idle timeout of
    /// common proxies and clients (60 s), so that they close the connection first.
    pub keep_alive_timeout: Duration,
    /// How long a client may take to send a request body.
    pub body_read_timeout: Duration,
    /// How long a client may take to read 64 KiB, or all that there is, before the connection is
    /// dropped.
    pub write_timeout: Duration,
    /// How long a handler may take to produce the response headers. Longer-running bodies (live
    /// delivery, `follow=true`) are not interrupted.
    pub request_timeout: Duration,
    /// The routes of uploads. A `PUT` there takes as long as its body arrives: the time for the
    /// whole does not apply, that without any byte does.
    pub upload_routes: &'static [&'static str],
    /// Maximum bytes of request line and headers; more is `431`. At most 100 headers are allowed.
    pub max_header_bytes: usize,
    /// Maximum bytes of a JSON body; more is `413`.
    pub max_body_bytes: usize,
    /// Maximum bytes of an NDJSON body; more is `413`.
    pub max_batch_body_bytes: usize,
    /// Maximum number of requests of one user at a time, including answers that have not been
    /// written; more is `429`. 0 means no limit.
    pub max_requests_per_user: usize,
    /// How long a shutdown waits for running requests before it closes their connections.
    pub drain_timeout: Duration,
    /// How long a shutdown leaves idle connections open, so that an active client receives
    /// `Connection: close` with its next response instead of a reset.
    pub idle_grace: Duration,
    /// The query parameters of each operation; others are refused.
    pub parameters: KnownParameters,
    /// Whether each request has a line in the log.
    pub log_requests: bool,
    /// The origins whose pages may call this API and open WebSockets.
    pub allowed_origins: AllowedOrigins,
    /// The networks of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
}

impl Default for EdgeConfig {
    fn default() -> Self {
        Self {
            max_connections: 12_000,
            handshake_timeout: Duration::from_secs(10),
            header_read_timeout: Duration::from_secs(10),
            keep_alive_timeout: Duration::from_secs(75),
            body_read_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
            request_timeout: Duration::from_secs(30),
            upload_routes: &[],
            max_header_bytes: 16 * 1024,
            max_body_bytes: 256 * 1024,
            max_batch_body_bytes: 8 * 1024 * 1024,
            max_requests_per_user: DEFAULT_REQUESTS_PER_USER,
            drain_timeout: Duration::from_secs(20),
            idle_grace: Duration::from_millis(500),
            parameters: KnownParameters::default(),
            log_requests: false,
            allowed_origins: AllowedOrigins::default(),
            trusted_proxies: Vec::new(),
        }
    }
}
