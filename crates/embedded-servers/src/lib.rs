//! Embedded servers: a real Postgres and a real nats-server that start and end with this process.
//!
//! The modules, in the order of a start:
//!
//! - [`ServerOptions`]: which servers to start. [`StartError`]: why they did not start.
//! - [`dirs`]: the directories, and the lock that lets one process at a time run servers in them.
//! - [`run_as`]: the user that the servers run as when this process is root.
//! - [`locate_programs`]: chooses the programs. [`find`] finds them, [`version`] parses their
//!   versions, and [`fetch`] downloads them. [`ProgramReport`] says which are found.
//! - `supervisor`: the thread that starts, polls, restarts and stops the servers.
//!   [`ServerRestart`] asks it to restart one that runs but does not work any more.
//! - `postgres_server` and `nats_server`: how each server is configured, started and stopped.
//! - `stale_process`: removes the remains of a killed predecessor.
//! - [`process`]: operating system calls that have no safe wrapper in `std`. The only `unsafe` code
//!   of the workspace. [`write_private_file`]: files that only their owner can read.
//!   [`sync_parent`]: names that survive a power loss.

#![deny(missing_docs)]

pub mod dirs;
mod error;
pub mod fetch;
pub mod find;
mod nats_server;
mod options;
mod postgres_server;
mod private_file;
pub mod process;
mod program_report;
mod programs;
pub mod run_as;
mod server_restart;
mod stale_process;
mod supervisor;
pub mod version;

pub use error::StartError;
pub use options::ServerOptions;
pub use private_file::{sync_parent, write_private_file};
pub use program_report::ProgramReport;
pub use programs::{find_psql, locate_programs};
pub use server_restart::ServerRestart;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};

use dirs::{DataDirLock, ServerDirs};
use error::file_error;
use find::ServerProgram;
use nats_server::NatsServer;
use postgres_server::PostgresServer;
use supervisor::SupervisedServer;

/// The running servers. They stop when this is dropped, when [`EmbeddedServers::stop`] is called,
/// and when the process ends for any reason.
pub struct EmbeddedServers {
    /// The address of Postgres, including the database `tidings`. May contain a password: do not
    /// log.
    pub database_url: String,
    /// The address of NATS. May contain a password: do not log.
    pub nats_url: String,
    /// The Postgres that was started, if one was.
    pub postgres: Option<ServerProgram>,
    /// The nats-server that was started, if one was.
    pub nats: Option<ServerProgram>,
    postgres_pid: Arc<AtomicU32>,
    nats_pid: Arc<AtomicU32>,
    nats_restart: ServerRestart,
    supervisor: Option<(Sender<()>, JoinHandle<()>)>,
    /// The directory of the socket of the embedded Postgres.
    socket_dir: Option<PathBuf>,
    _lock: DataDirLock,
}

impl fmt::Debug for EmbeddedServers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Servers")
            .field("postgres", &self.postgres)
            .field("nats", &self.nats)
            .finish_non_exhaustive()
    }
}

impl EmbeddedServers {
    /// The process id of the embedded Postgres. `None` while it is not running.
    pub fn postgres_pid(&self) -> Option<u32> {
        load_pid(&self.postgres_pid)
    }

    /// The process id of the embedded nats-server. `None` while it is not running.
    pub fn nats_pid(&self) -> Option<u32> {
        load_pid(&self.nats_pid)
    }

    /// Restarts the embedded nats-server on request. `None` if an external one is used.
    pub fn nats_restart(&self) -> Option<ServerRestart> {
        self.nats.as_ref().map(|_| self.nats_restart.clone())
    }

    /// Stops the servers and waits until they have ended. Postgres writes a checkpoint first.
    pub fn stop(mut self) {
        self.shut_down();
    }

    fn shut_down(&mut self) {
        if let Some((stop, handle)) = self.supervisor.take() {
            drop(stop);
            if handle.join().is_err() {
                tracing::error!("the server supervisor panicked");
            }
        }
        if let Some(run) = self.socket_dir.take() {
            // An error only leaves an empty directory behind.
            let _ = std::fs::remove_dir(run);
        }
    }
}

impl Drop for EmbeddedServers {
    fn drop(&mut self) {
        self.shut_down();
    }
}

fn load_pid(pid: &AtomicU32) -> Option<u32> {
    Some(pid.load(Ordering::Acquire)).filter(|pid| *pid != 0)
}

/// Starts the servers that `options` has no address for, and waits until they accept connections.
/// Blocks: for half a second on a new data directory, and longer while programs are fetched or
/// Postgres recovers.
pub fn start(options: &ServerOptions) -> Result<EmbeddedServers, StartError> {
    let lock = DataDirLock::acquire(&options.data)?;
    let pids = [Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0))];
    let mut servers = EmbeddedServers {
        database_url: options.database_url.clone().unwrap_or_default(),
        nats_url: options.nats_url.clone().unwrap_or_default(),
        postgres: None,
        nats: None,
        postgres_pid: pids[0].clone(),
        nats_pid: pids[1].clone(),
        nats_restart: ServerRestart::default(),
        supervisor: None,
        socket_dir: None,
        _lock: lock,
    };
    if options.database_url.is_some() && options.nats_url.is_some() {
        return Ok(servers);
    }
    let dirs = ServerDirs::prepare(&options.data)?;
    servers.socket_dir = Some(dirs.socket_dir.clone());
    let mut supervised = Vec::new();
    if options.database_url.is_none() {
        let program = programs::find_postgres(options, &dirs)?;
        servers.database_url = PostgresServer::url(&dirs);
        servers.postgres = Some(program.clone());
        let service = PostgresServer::new(program, dirs.clone(), options.fsync);
        supervised.push(SupervisedServer::new(
            Box::new(service),
            pids[0].clone(),
            ServerRestart::default(),
        ));
    }
    let nats_port = Arc::new(OnceLock::new());
    let mut password = None;
    if options.nats_url.is_none() {
        let program = programs::find_nats(options, &dirs)?;
        if options.nats_password {
            password = Some(NatsServer::load_or_create_password(&dirs)?);
        }
        if let Some(port) = options.nats_port {
            nats_port.get_or_init(|| port.get());
        }
        servers.nats = Some(program.clone());
        let service = NatsServer::new(program, dirs, nats_port.clone(), password.clone());
        supervised.push(SupervisedServer::new(
            Box::new(service),
            pids[1].clone(),
            servers.nats_restart.clone(),
        ));
    }
    servers.supervisor = Some(start_supervisor(supervised)?);
    if let Some(port) = nats_port.get() {
        servers.nats_url = NatsServer::url(*port, password.as_deref());
    }
    Ok(servers)
}

/// The major version of Postgres that a data directory requires, if Postgres data exists in it.
pub fn postgres_data_major(data: &Path) -> Option<u32> {
    postgres_server::read_data_major(&data.join("servers"))
}

/// Starts the supervisor thread, and waits until all servers are up.
fn start_supervisor(
    mut supervised: Vec<SupervisedServer>,
) -> Result<(Sender<()>, JoinHandle<()>), StartError> {
    let (stop, stopped) = mpsc::channel();
    let (up, startup) = mpsc::channel();
    let handle = thread::Builder::new()
        .name("supervisor".into())
        .spawn(move || {
            let outcome = supervisor::start_all(&mut supervised);
            let running = outcome.is_ok();
            if up.send(outcome).is_ok() && running {
                supervisor::supervise(&mut supervised, &stopped);
            }
        });
    let handle = handle.map_err(file_error(Path::new("the server supervisor thread")))?;
    match startup.recv() {
        Ok(Ok(())) => Ok((stop, handle)),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(StartError::Unusable(
            "The server supervisor panicked.".into(),
        )),
    }
}
