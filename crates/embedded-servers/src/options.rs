//! Which servers to start, and with which programs.

use std::num::NonZeroU16;
use std::path::PathBuf;

/// The options of [`start`](crate::start).
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// The data directory. Created if it does not exist.
    pub data: PathBuf,
    /// The `fsync` setting of Postgres. Off only for tests: the log refuses to open without it.
    pub fsync: bool,
    /// The directory of the Postgres programs. If `None`, they are found or fetched.
    pub pg_bin: Option<PathBuf>,
    /// The nats-server program. If `None`, it is found or fetched.
    pub nats_bin: Option<PathBuf>,
    /// The address of an external Postgres. If given, none is started.
    pub database_url: Option<String>,
    /// The address of an external NATS. If given, none is started.
    pub nats_url: Option<String>,
    /// Whether the nats-server requires a password, which is then part of its address. Without one,
    /// every user of this machine can read the stream; but clients that ignore credentials in an
    /// address can connect too.
    pub nats_password: bool,
    /// The port of the nats-server. If `None`, the system chooses one at each start.
    pub nats_port: Option<NonZeroU16>,
    /// Whether missing programs may be fetched.
    pub fetch: bool,
}

impl ServerOptions {
    /// Options for both servers in this directory, with `fsync`. The programs are those that
    /// `TIDINGS_PG_BIN` and `TIDINGS_NATS_BIN` name; otherwise they are found or fetched.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        let path = |name| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        Self {
            data: data.into(),
            fsync: true,
            pg_bin: path("TIDINGS_PG_BIN"),
            nats_bin: path("TIDINGS_NATS_BIN"),
            database_url: None,
            nats_url: None,
            nats_password: false,
            nats_port: None,
            fetch: true,
        }
    }
}
