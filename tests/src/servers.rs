//! Real servers, started as `tidings up` starts its own: one Postgres for this test process, one
//! nats-server for each world. A killed one is started again by its keeper.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use embedded_servers::process::{Signal, send_signal};
use embedded_servers::{EmbeddedServers, ServerOptions, start};

use crate::eventually::{PATIENCE, wait_until};
use crate::process::{remove_after, scratch};

/// What is said where a server is not wanted.
const NONE: &str = "none";

/// The Postgres that this process's tests share. `TIDINGS_PG_BIN` chooses the version.
pub fn postgres() -> &'static EmbeddedServers {
    static SHARED: OnceLock<EmbeddedServers> = OnceLock::new();
    SHARED.get_or_init(|| {
        let dir = scratch().join("postgres");
        let servers = started(&ServerOptions {
            nats_url: Some(NONE.into()),
            ..ServerOptions::new(dir)
        });
        // It is never dropped, so the directory of its socket is not removed either.
        if let Some(socket) = socket_dir(&servers.database_url) {
            let left = remove_after(&socket);
            assert!(left.is_ok(), "{}: {left:?}", socket.display());
        }
        servers
    })
}

/// The `host` of a URL that leads to a socket, which is percent-encoded.
fn socket_dir(url: &str) -> Option<PathBuf> {
    let host = url.split_once("?host=")?.1;
    let mut parts = host.split('%');
    let mut path = parts.next()?.to_owned();
    for part in parts {
        let (code, rest) = part.split_at_checked(2)?;
        path.push(u8::from_str_radix(code, 16).ok()?.into());
        path.push_str(rest);
    }
    Some(path.into())
}

/// A nats-server of its own.
pub struct Nats {
    servers: Option<EmbeddedServers>,
    /// Where it is.
    pub url: String,
}

impl Nats {
    /// Starts one, its data in `dir`.
    pub fn start(dir: &Path) -> Self {
        let servers = started(&ServerOptions {
            database_url: Some(NONE.into()),
            ..ServerOptions::new(dir)
        });
        Self {
            url: servers.nats_url.clone(),
            servers: Some(servers),
        }
    }

    /// kill -9; answers when another process has taken its place.
    pub fn kill(&self) {
        if let Some(servers) = &self.servers {
            kill(servers, Which::Nats);
        }
    }

    /// Stops it for good.
    pub fn end(&mut self) {
        if let Some(servers) = self.servers.take() {
            servers.stop();
        }
    }
}

/// A Postgres and a nats-server that may be killed, their data in `dir`.
pub fn both(dir: &Path) -> EmbeddedServers {
    started(&ServerOptions::new(dir))
}

fn started(options: &ServerOptions) -> EmbeddedServers {
    match start(options) {
        Ok(servers) => servers,
        Err(error) => panic!("{error}"),
    }
}

/// Which of two servers is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The database.
    Postgres,
    /// The transport.
    Nats,
}

/// kill -9 of a server; answers when another process has taken its place.
pub fn kill(servers: &EmbeddedServers, which: Which) {
    let process = || match which {
        Which::Postgres => servers.postgres_pid(),
        Which::Nats => servers.nats_pid(),
    };
    let Some(old) = process() else {
        panic!("{which:?} does not run")
    };
    if let Err(error) = send_signal(old, Signal::Kill) {
        panic!("{which:?} cannot be killed: {error}");
    }
    let again = wait_until(PATIENCE, || process().is_some_and(|new| new != old));
    assert!(again, "{which:?} was not started again");
}
