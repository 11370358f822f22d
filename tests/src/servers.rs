//! Real servers, started as `tidings up` starts its own: one Postgres for this test process and a
//! nats-server for each world. Their supervisor restarts a killed server.

use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use embedded_servers::process::{Signal, send_signal};
use embedded_servers::{EmbeddedServers, ServerOptions, start};
use eventually::{DEFAULT_TIMEOUT, poll_blocking};

use crate::process::{remove_dir_at_exit, scratch_dir};

/// The URL for a server that is not needed.
const NO_SERVER: &str = "none";

/// The Postgres that the tests of this process share. `TIDINGS_PG_BIN` selects the version.
pub fn shared_postgres() -> &'static EmbeddedServers {
    static SHARED: OnceLock<EmbeddedServers> = OnceLock::new();
    SHARED.get_or_init(|| {
        let dir = scratch_dir().join("postgres");
        let servers = start_or_panic(&ServerOptions {
            nats_url: Some(NO_SERVER.into()),
            ..ServerOptions::new(dir)
        });
        // The static is never dropped, so the directory of its socket is removed separately.
        if let Some(socket) = socket_dir(&servers.database_url) {
            let left = remove_dir_at_exit(&socket);
            assert!(left.is_ok(), "{}: {left:?}", socket.display());
        }
        servers
    })
}

/// The directory of the socket: the percent-encoded `host` of the URL.
pub(crate) fn socket_dir(url: &str) -> Option<PathBuf> {
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

/// A nats-server.
pub struct NatsInstance {
    servers: Option<EmbeddedServers>,
    /// Its URL.
    pub url: String,
}

impl NatsInstance {
    /// Starts a nats-server with its data in `dir`.
    pub fn start(dir: &Path) -> Self {
        Self::start_with(&ServerOptions::new(dir))
    }

    /// The same with a password, which is in its URL.
    pub fn start_with_password(dir: &Path) -> Self {
        Self::start_with(&ServerOptions {
            nats_password: true,
            ..ServerOptions::new(dir)
        })
    }

    /// The same on a port of 127.0.0.1 that is known before it starts.
    pub fn start_at(dir: &Path, port: u16) -> Self {
        Self::start_with(&ServerOptions {
            nats_port: NonZeroU16::new(port),
            ..ServerOptions::new(dir)
        })
    }

    fn start_with(options: &ServerOptions) -> Self {
        let servers = start_or_panic(&ServerOptions {
            database_url: Some(NO_SERVER.into()),
            ..options.clone()
        });
        Self {
            url: servers.nats_url.clone(),
            servers: Some(servers),
        }
    }

    /// Kills it with SIGKILL and waits until it was restarted.
    pub fn kill(&self) {
        if let Some(servers) = &self.servers {
            kill(servers, ServerKind::Nats);
        }
    }

    /// Stops it permanently.
    pub fn stop(&mut self) {
        if let Some(servers) = self.servers.take() {
            servers.stop();
        }
    }
}

/// The nats-server program that the tests use, found or fetched.
pub fn nats_program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let mut instance = NatsInstance::start(&scratch_dir().join("nats-program"));
        let program = instance.servers.as_ref().and_then(|s| s.nats.clone());
        instance.stop();
        match program {
            Some(program) => program.path,
            None => panic!("no nats-server was started"),
        }
    })
}

/// Starts a Postgres with its data in `dir`, for services that use the NATS at this URL.
pub fn start_postgres(dir: &Path, nats_url: &str) -> EmbeddedServers {
    start_or_panic(&ServerOptions {
        nats_url: Some(nats_url.to_owned()),
        ..ServerOptions::new(dir)
    })
}

/// Starts a Postgres and a nats-server with their data in `dir`. They can be killed.
pub fn start_both(dir: &Path) -> EmbeddedServers {
    start_or_panic(&ServerOptions::new(dir))
}

fn start_or_panic(options: &ServerOptions) -> EmbeddedServers {
    match start(options) {
        Ok(servers) => servers,
        Err(error) => panic!("{error}"),
    }
}

/// One of the two servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerKind {
    /// Postgres.
    Postgres,
    /// nats-server.
    Nats,
}

/// Kills a server with SIGKILL and waits until it was restarted.
pub fn kill(servers: &EmbeddedServers, which: ServerKind) {
    let process = || match which {
        ServerKind::Postgres => servers.postgres_pid(),
        ServerKind::Nats => servers.nats_pid(),
    };
    let Some(old) = process() else {
        panic!("{which:?} does not run")
    };
    if let Err(error) = send_signal(old, Signal::Kill) {
        panic!("{which:?} cannot be killed: {error}");
    }
    let restarted = poll_blocking(DEFAULT_TIMEOUT, || process().is_some_and(|new| new != old));
    assert!(restarted, "{which:?} was not restarted");
}
