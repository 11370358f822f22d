//! The embedded nats-server. It listens on a port of 127.0.0.1 that the operating system chooses.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};

use serde::Deserialize;

use super::StartError;
use super::find::Program;
use super::keeper::Service;
use super::leftover;
use super::place::{Place, failed};
use super::postgres::{open_log, quiet_environment};
use super::process::{self, Signal};

/// The largest message. An event that names 1,000 users of 128 four-byte characters fits.
const MAX_PAYLOAD_BYTES: u64 = 4 * 1024 * 1024;
/// The memory limit of all streams. Tidings has no stream in memory.
const MAX_MEMORY_STORE: &str = "64MB";
/// The disk limit of all streams. It is only an upper bound: the stream has its own limit, and if
/// the disk is full first, the mirror waits.
const MAX_FILE_STORE: &str = "64GB";

/// The nats-server, for the supervisor.
pub(super) struct Nats {
    program: Program,
    place: Place,
    log: PathBuf,
    password: Option<String>,
    /// Set by the first start and reused by restarts, because clients know it.
    port: Arc<OnceLock<u16>>,
}

/// The ports file, in which nats-server writes the addresses that it listens on.
#[derive(Deserialize)]
struct Ports {
    #[serde(default)]
    nats: Vec<String>,
}

impl Nats {
    pub(super) fn new(
        program: Program,
        place: Place,
        port: Arc<OnceLock<u16>>,
        password: Option<String>,
    ) -> Self {
        let log = place.servers.join("nats.log");
        Self {
            program,
            place,
            log,
            password,
            port,
        }
    }

    /// The address for clients.
    pub(super) fn url(port: u16, password: Option<&str>) -> String {
        match password {
            Some(password) => format!("nats://tidings:{password}@127.0.0.1:{port}"),
            None => format!("nats://127.0.0.1:{port}"),
        }
    }

    fn pid_file(&self) -> PathBuf {
        self.place.nats_ports().join("pid")
    }

    fn config_file(&self) -> PathBuf {
        self.place.servers.join("nats.conf")
    }

    fn config(&self) -> String {
        let port = self
            .port
            .get()
            .map_or_else(|| "-1".to_owned(), u16::to_string);
        let quoted = |path: PathBuf| serde_json::Value::from(path.to_string_lossy()).to_string();
        let authorization = self.password.as_ref().map_or_else(String::new, |password| {
            format!("authorization {{ user: tidings, password: \"{password}\" }}\n")
        });
        format!(
            "listen: \"127.0.0.1:{port}\"\n\
             server_name: tidings\n\
             pid_file: {}\n\
             ports_file_dir: {}\n\
             max_payload: {MAX_PAYLOAD_BYTES}\n\
             {authorization}\
             jetstream {{ store_dir: {}, max_memory_store: {MAX_MEMORY_STORE}, max_file_store: {MAX_FILE_STORE} }}\n",
            quoted(self.pid_file()),
            quoted(self.place.nats_ports()),
            quoted(self.place.nats_store()),
        )
    }

    fn ports_file(&self, pid: u32) -> PathBuf {
        self.place
            .nats_ports()
            .join(format!("nats-server_{pid}.ports"))
    }
}

impl Service for Nats {
    fn name(&self) -> &'static str {
        "nats-server"
    }

    fn prepare(&mut self) -> Result<(), StartError> {
        let pid_file = self.pid_file();
        leftover::stop(
            &pid_file,
            "nats-server",
            &self.config_file(),
            Signal::Terminate,
        )
        .map_err(failed(&pid_file))
    }

    fn command(&mut self) -> io::Result<Command> {
        for entry in fs::read_dir(self.place.nats_ports())? {
            fs::remove_file(entry?.path())?;
        }
        let config = self.config_file();
        write_private(&config, &self.config())?;
        if let Some(account) = &self.place.account {
            account.give(&config)?;
        }
        let log = open_log(&self.log)?;
        let mut command = Command::new(&self.program.path);
        quiet_environment(&mut command);
        command.arg("-c").arg(&config).current_dir("/");
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        process::harden(&mut command, Signal::Terminate, self.place.account.as_ref());
        Ok(command)
    }

    fn is_ready(&mut self, pid: u32) -> bool {
        let port = fs::read(self.ports_file(pid))
            .ok()
            .and_then(|json| serde_json::from_slice::<Ports>(&json).ok())
            .and_then(|ports| ports.nats.first()?.rsplit(':').next()?.parse().ok());
        match port {
            Some(port) => *self.port.get_or_init(|| port) == port,
            None => false,
        }
    }

    fn stop_signals(&self) -> (Signal, Signal) {
        (Signal::Terminate, Signal::Kill)
    }

    fn log(&self) -> &Path {
        &self.log
    }
}

/// Writes a file that only its owner can read.
pub(crate) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let fresh = path.with_extension(format!("new-{}", std::process::id()));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&fresh, path)
}
