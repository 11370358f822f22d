//! The embedded Postgres. It is only reachable through a Unix socket in a private directory.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::StartError;
use super::find::Program;
use super::keeper::{Service, tail};
use super::leftover;
use super::place::{Place, failed};
use super::process::{self, Signal};

/// The superuser that is created for Tidings.
pub const USER: &str = "tidings";
/// The database that is created for Tidings.
pub const DATABASE: &str = "tidings";

/// A log file larger than this is rotated at a start; one rotated file is kept.
pub(super) const LOG_BYTES: u64 = 8 * 1024 * 1024;
/// The line of postmaster.pid (counted from 0) that says `ready` once connections are accepted.
const STATUS_LINE: usize = 7;

/// Settings for one small machine. Those that make acknowledged writes durable are explicit, so
/// that no default and no file in the data directory can weaken them.
const SETTINGS: [&str; 20] = [
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "max_connections=120",
    "superuser_reserved_connections=3",
    "full_page_writes=on",
    "synchronous_commit=on",
    "shared_buffers=256MB",
    "effective_cache_size=1GB",
    "work_mem=8MB",
    "maintenance_work_mem=128MB",
    "max_wal_size=2GB",
    "min_wal_size=256MB",
    "checkpoint_timeout=15min",
    "random_page_cost=1.1",
    "jit=off",
    "log_checkpoints=off",
    // A duplicate key is an error to the server, and its statement is a whole batch.
    "log_min_error_statement=fatal",
    "logging_collector=off",
    "timezone=UTC",
    "log_timezone=UTC",
];

/// The Postgres server, for the supervisor.
pub(super) struct Postgres {
    program: Program,
    place: Place,
    data: PathBuf,
    log: PathBuf,
    fsync: bool,
}

/// Reads the major version that the Postgres data requires, if there is data.
pub(super) fn bound_to(servers_dir: &Path) -> Option<u32> {
    fs::read_to_string(servers_dir.join("postgres/PG_VERSION"))
        .ok()?
        .trim()
        .parse()
        .ok()
}

impl Postgres {
    pub(super) fn new(program: Program, place: Place, fsync: bool) -> Self {
        let data = place.postgres_data();
        let log = place.servers.join("postgres.log");
        Self {
            program,
            place,
            data,
            log,
            fsync,
        }
    }

    /// The address for clients.
    pub(super) fn url(dirs: &Place) -> String {
        let socket_dir = dirs.run.to_string_lossy();
        let escaped =
            percent_encoding::utf8_percent_encode(&socket_dir, percent_encoding::NON_ALPHANUMERIC);
        format!("postgres://{USER}@localhost/{DATABASE}?host={escaped}")
    }

    fn run(&self, program: &str) -> Command {
        let mut command = Command::new(self.program.path.join(program));
        quiet_environment(&mut command);
        command.current_dir("/");
        command
    }

    /// Creates the data directory under a temporary name, so that an incomplete one is never used.
    fn initialise(&self) -> Result<(), StartError> {
        let fresh = self.place.servers.join("postgres.new");
        if fresh.exists() {
            fs::remove_dir_all(&fresh).map_err(failed(&fresh))?;
        }
        tracing::info!(version = %self.program.version, "creating a Postgres data directory");
        let mut initdb = self.run("initdb");
        initdb.arg("-D").arg(&fresh).args([
            "-U",
            USER,
            "--locale=C",
            "-E",
            "UTF8",
            "--data-checksums",
            "--auth-local=trust",
            "--auth-host=reject",
            "--no-instructions",
        ]);
        if !self.fsync {
            initdb.arg("--no-sync");
        }
        self.finish(initdb, None)?;
        let mut single = self.run("postgres");
        single
            .args(["--single", "-j", "-D"])
            .arg(&fresh)
            .arg("postgres");
        self.finish(single, Some(&format!("CREATE DATABASE {DATABASE};\n\n")))?;
        fs::rename(&fresh, &self.data).map_err(failed(&self.data))
    }

    /// Runs a program to completion, with its output in the log.
    fn finish(&self, mut command: Command, input: Option<&str>) -> Result<(), StartError> {
        let log = open_log(&self.log).map_err(failed(&self.log))?;
        let stderr = log.try_clone().map_err(failed(&self.log))?;
        command.stdin(Stdio::piped()).stdout(log).stderr(stderr);
        process::harden(&mut command, Signal::Kill, self.place.account.as_ref());
        let outcome = command.spawn().and_then(|mut child| {
            if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
                stdin.write_all(input.as_bytes())?;
            }
            child.wait()
        });
        match outcome {
            Ok(status) if status.success() => Ok(()),
            Ok(_) => Err(StartError::Died {
                server: "Postgres",
                log: tail(&self.log),
            }),
            Err(error) => Err(failed(&self.program.path)(error)),
        }
    }
}

impl Service for Postgres {
    fn name(&self) -> &'static str {
        "Postgres"
    }

    fn prepare(&mut self) -> Result<(), StartError> {
        let pid_file = self.data.join("postmaster.pid");
        leftover::stop(&pid_file, "postgres", &self.data, Signal::Interrupt)
            .map_err(failed(&pid_file))?;
        if self.data.join("PG_VERSION").is_file() {
            Ok(())
        } else {
            self.initialise()
        }
    }

    fn command(&mut self) -> io::Result<Command> {
        leftover::remove_stale_pid_file(&self.data.join("postmaster.pid"), &self.data)?;
        let log = open_log(&self.log)?;
        let mut command = self.run("postgres");
        command
            .arg("-D")
            .arg(&self.data)
            .arg("-k")
            .arg(&self.place.run);
        let fsync = if self.fsync { "fsync=on" } else { "fsync=off" };
        for setting in SETTINGS.iter().chain([&fsync]) {
            command.args(["-c", setting]);
        }
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        process::harden(&mut command, Signal::Interrupt, self.place.account.as_ref());
        Ok(command)
    }

    fn is_ready(&mut self, pid: u32) -> bool {
        let Ok(text) = fs::read_to_string(self.data.join("postmaster.pid")) else {
            return false;
        };
        let mut lines = text.lines();
        let ours = lines
            .next()
            .is_some_and(|line| line.trim() == pid.to_string());
        ours && lines
            .nth(STATUS_LINE - 1)
            .is_some_and(|line| line.trim() == "ready")
    }

    fn stop_signals(&self) -> (Signal, Signal) {
        (Signal::Interrupt, Signal::Quit)
    }

    fn log(&self) -> &Path {
        &self.log
    }
}

/// Removes client settings and the secrets of Tidings from the environment of a server.
pub(super) fn quiet_environment(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let for_clients = text.starts_with("PG") || text.starts_with("LC_") || text == "LANGUAGE";
        if for_clients
            || text.starts_with("TIDINGS_")
            || text == "DATABASE_URL"
            || text == "NATS_URL"
        {
            command.env_remove(&name);
        }
    }
    command.env("LC_ALL", "C");
}

/// Opens a server's log for appending. This process opens the file, so its owner does not matter.
pub(super) fn open_log(path: &Path) -> io::Result<File> {
    if fs::metadata(path).is_ok_and(|log| log.len() > LOG_BYTES) {
        fs::rename(path, path.with_extension("log.1"))?;
    }
    File::options().create(true).append(true).open(path)
}
