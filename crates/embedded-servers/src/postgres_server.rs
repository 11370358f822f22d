//! The embedded Postgres. It is only reachable through a Unix socket in a private directory.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::dirs::ServerDirs;
use crate::error::{StartError, file_error};
use crate::find::ServerProgram;
use crate::private_file::sync_parent;
use crate::process::{self, Signal};
use crate::stale_process;
use crate::supervisor::{ManagedServer, read_tail};

/// The superuser that is created for Tidings.
pub const POSTGRES_USER: &str = "tidings";
/// The database that is created for Tidings.
pub const POSTGRES_DATABASE: &str = "tidings";

/// A log file larger than this is rotated at a start; one rotated file is kept.
pub(crate) const MAX_LOG_BYTES: u64 = 8 * 1024 * 1024;
/// The line of postmaster.pid (counted from 0) that says `ready` once connections are accepted.
const PID_FILE_STATUS_LINE: usize = 7;

/// Settings for one small machine. Those that make acknowledged writes durable are explicit, so
/// that no default and no file in the data directory can weaken them.
const POSTGRES_SETTINGS: [&str; 20] = [
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
pub(crate) struct PostgresServer {
    program: ServerProgram,
    dirs: ServerDirs,
    data: PathBuf,
    log: PathBuf,
    fsync: bool,
}

/// Reads the major version that the Postgres data requires, if there is data.
pub(crate) fn read_data_major(servers_dir: &Path) -> Option<u32> {
    fs::read_to_string(servers_dir.join("postgres/PG_VERSION"))
        .ok()?
        .trim()
        .parse()
        .ok()
}

impl PostgresServer {
    pub(crate) fn new(program: ServerProgram, dirs: ServerDirs, fsync: bool) -> Self {
        let data = dirs.postgres_data_dir();
        let log = dirs.servers.join("postgres.log");
        Self {
            program,
            dirs,
            data,
            log,
            fsync,
        }
    }

    /// The address for clients.
    pub(crate) fn url(dirs: &ServerDirs) -> String {
        let socket_dir = dirs.socket_dir.to_string_lossy();
        let escaped =
            percent_encoding::utf8_percent_encode(&socket_dir, percent_encoding::NON_ALPHANUMERIC);
        format!("postgres://{POSTGRES_USER}@localhost/{POSTGRES_DATABASE}?host={escaped}")
    }

    fn program_command(&self, program: &str) -> Command {
        let mut command = Command::new(self.program.path.join(program));
        remove_client_environment(&mut command);
        command.current_dir("/");
        command
    }

    /// Ties the command to this process, and runs it as the servers' user.
    fn configure(&self, command: &mut Command, on_orphaned: Signal) {
        process::configure_child(command, on_orphaned);
        if let Some(account) = &self.dirs.account {
            account.apply_to(command);
        }
    }

    /// Creates the data directory under a temporary name, so that an incomplete one is never used.
    fn initialize(&self) -> Result<(), StartError> {
        let fresh = self.dirs.servers.join("postgres.new");
        if fresh.exists() {
            fs::remove_dir_all(&fresh).map_err(file_error(&fresh))?;
        }
        tracing::info!(version = %self.program.version, "creating a Postgres data directory");
        let mut initdb = self.program_command("initdb");
        initdb.arg("-D").arg(&fresh).args([
            "-U",
            POSTGRES_USER,
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
        self.run_to_completion(initdb, None)?;
        let mut single = self.program_command("postgres");
        single
            .args(["--single", "-j", "-D"])
            .arg(&fresh)
            .arg("postgres");
        self.run_to_completion(
            single,
            Some(&format!("CREATE DATABASE {POSTGRES_DATABASE};\n\n")),
        )?;
        let renamed = fs::rename(&fresh, &self.data).and_then(|()| sync_parent(&self.data));
        renamed.map_err(file_error(&self.data))
    }

    /// Runs a program to completion, with its output in the log.
    fn run_to_completion(
        &self,
        mut command: Command,
        input: Option<&str>,
    ) -> Result<(), StartError> {
        let log = open_log(&self.log).map_err(file_error(&self.log))?;
        let stderr = log.try_clone().map_err(file_error(&self.log))?;
        command.stdin(Stdio::piped()).stdout(log).stderr(stderr);
        self.configure(&mut command, Signal::Kill);
        let outcome = command.spawn().and_then(|mut child| {
            if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
                stdin.write_all(input.as_bytes())?;
            }
            child.wait()
        });
        match outcome {
            Ok(status) if status.success() => Ok(()),
            Ok(_) => Err(StartError::Exited {
                server: "Postgres",
                log: read_tail(&self.log),
            }),
            Err(error) => Err(file_error(&self.program.path)(error)),
        }
    }
}

impl ManagedServer for PostgresServer {
    fn name(&self) -> &'static str {
        "Postgres"
    }

    fn prepare(&mut self) -> Result<(), StartError> {
        let pid_file = self.data.join("postmaster.pid");
        stale_process::stop_stale_process(&pid_file, "postgres", &self.data, Signal::Interrupt)
            .map_err(file_error(&pid_file))?;
        if self.data.join("PG_VERSION").is_file() {
            Ok(())
        } else {
            self.initialize()
        }
    }

    fn build_command(&mut self) -> io::Result<Command> {
        stale_process::remove_stale_pid_file(&self.data.join("postmaster.pid"), &self.data)?;
        let log = open_log(&self.log)?;
        let mut command = self.program_command("postgres");
        command
            .arg("-D")
            .arg(&self.data)
            .arg("-k")
            .arg(&self.dirs.socket_dir);
        let fsync = if self.fsync { "fsync=on" } else { "fsync=off" };
        for setting in POSTGRES_SETTINGS.iter().chain([&fsync]) {
            command.args(["-c", setting]);
        }
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        self.configure(&mut command, Signal::Interrupt);
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
            .nth(PID_FILE_STATUS_LINE - 1)
            .is_some_and(|line| line.trim() == "ready")
    }

    fn stop_signals(&self) -> (Signal, Signal) {
        (Signal::Interrupt, Signal::Quit)
    }

    fn log_path(&self) -> &Path {
        &self.log
    }

    fn data_dir(&self) -> PathBuf {
        self.dirs.postgres_data_dir()
    }
}

/// Removes client settings and the secrets of Tidings from the environment of a server.
pub(crate) fn remove_client_environment(command: &mut Command) {
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
pub(crate) fn open_log(path: &Path) -> io::Result<File> {
    if fs::metadata(path).is_ok_and(|log| log.len() > MAX_LOG_BYTES) {
        fs::rename(path, path.with_extension("log.1"))?;
    }
    File::options().create(true).append(true).open(path)
}
