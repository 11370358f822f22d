//! The embedded nats-server. It listens on 127.0.0.1, at a port that the operating system chooses
//! unless one is configured.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};

use serde::Deserialize;
use uuid::Uuid;

use crate::dirs::ServerDirs;
use crate::error::{StartError, file_error};
use crate::find::ServerProgram;
use crate::postgres_server::{open_log, remove_client_environment};
use crate::private_file::write_private_file;
use crate::process::{self, Signal};
use crate::stale_process;
use crate::supervisor::ManagedServer;

/// The largest message. An event that names 1,000 users of 128 four-byte characters fits.
const MAX_PAYLOAD_BYTES: u64 = 4 * 1024 * 1024;
/// The memory limit of all streams. Tidings has no stream in memory.
const MAX_MEMORY_STORE: &str = "64MB";
/// The disk limit of all streams. It is only an upper bound: the stream has its own limit, and if
/// the disk is full first, the mirror waits.
const MAX_FILE_STORE: &str = "64GB";

/// The nats-server, for the supervisor.
pub(crate) struct NatsServer {
    program: ServerProgram,
    dirs: ServerDirs,
    log: PathBuf,
    password: Option<String>,
    /// Configured, or set by the first start and reused by restarts, because clients know it.
    port: Arc<OnceLock<u16>>,
}

/// The ports file, in which nats-server writes the addresses that it listens on.
#[derive(Deserialize)]
struct PortsFile {
    #[serde(default)]
    nats: Vec<String>,
}

impl NatsServer {
    pub(crate) fn new(
        program: ServerProgram,
        dirs: ServerDirs,
        port: Arc<OnceLock<u16>>,
        password: Option<String>,
    ) -> Self {
        let log = dirs.servers.join("nats.log");
        Self {
            program,
            dirs,
            log,
            password,
            port,
        }
    }

    /// The address for clients.
    pub(crate) fn url(port: u16, password: Option<&str>) -> String {
        match password {
            Some(password) => format!("nats://tidings:{password}@127.0.0.1:{port}"),
            None => format!("nats://127.0.0.1:{port}"),
        }
    }

    /// The password for clients. It is kept, so that a client that knows the address can connect
    /// again after a restart of the system.
    pub(crate) fn load_or_create_password(dirs: &ServerDirs) -> Result<String, StartError> {
        let file = dirs.servers.join("nats-password");
        match fs::read_to_string(&file) {
            // Its digits need no quotes, neither in the configuration nor in an address.
            Ok(kept) if Uuid::try_parse(&kept).is_ok() => return Ok(kept),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(file_error(&file)(error)),
        }
        let password = Uuid::new_v4().simple().to_string();
        write_private_file(&file, &password).map_err(file_error(&file))?;
        Ok(password)
    }

    fn pid_file(&self) -> PathBuf {
        self.dirs.nats_ports_dir().join("pid")
    }

    fn config_file(&self) -> PathBuf {
        self.dirs.servers.join("nats.conf")
    }

    fn render_config(&self) -> String {
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
            quoted(self.dirs.nats_ports_dir()),
            quoted(self.dirs.nats_store_dir()),
        )
    }

    fn ports_file(&self, pid: u32) -> PathBuf {
        self.dirs
            .nats_ports_dir()
            .join(format!("nats-server_{pid}.ports"))
    }
}

impl ManagedServer for NatsServer {
    fn name(&self) -> &'static str {
        "nats-server"
    }

    fn prepare(&mut self) -> Result<(), StartError> {
        let pid_file = self.pid_file();
        stale_process::stop_stale_process(
            &pid_file,
            "nats-server",
            &self.config_file(),
            Signal::Terminate,
        )
        .map_err(file_error(&pid_file))
    }

    fn build_command(&mut self) -> io::Result<Command> {
        for entry in fs::read_dir(self.dirs.nats_ports_dir())? {
            fs::remove_file(entry?.path())?;
        }
        let config = self.config_file();
        write_private_file(&config, &self.render_config())?;
        if let Some(account) = &self.dirs.account {
            account.take_ownership(&config)?;
        }
        let log = open_log(&self.log)?;
        let mut command = Command::new(&self.program.path);
        remove_client_environment(&mut command);
        command.arg("-c").arg(&config).current_dir("/");
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        process::configure_child(&mut command, Signal::Terminate);
        if let Some(account) = &self.dirs.account {
            account.apply_to(&mut command);
        }
        Ok(command)
    }

    fn is_ready(&mut self, pid: u32) -> bool {
        let port = fs::read(self.ports_file(pid))
            .ok()
            .and_then(|json| serde_json::from_slice::<PortsFile>(&json).ok())
            .and_then(|ports| ports.nats.first()?.rsplit(':').next()?.parse().ok());
        match port {
            Some(port) => *self.port.get_or_init(|| port) == port,
            None => false,
        }
    }

    fn stop_signals(&self) -> (Signal, Signal) {
        (Signal::Terminate, Signal::Kill)
    }

    fn log_path(&self) -> &Path {
        &self.log
    }

    fn data_dir(&self) -> PathBuf {
        self.dirs.nats_store_dir()
    }
}
