//! `DATA/run.json`, in which a running system describes itself to other commands, and
//! `DATA/run.lock`, which it holds. The lock shows whether the system still runs: after a crash or
//! a reboot, another process can have its process id.

use std::fs::{self, File, TryLockError};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use domain::time::Timestamp;
use embedded_servers::write_private_file;
use serde::{Deserialize, Serialize};

/// The name of the lock, beside `run.json`.
const LOCK_FILE: &str = "run.lock";

/// How often a system that starts tries to get the lock, and how long it waits in between. A
/// command that only looks holds it for a moment.
const LOCK_ATTEMPTS: u32 = 50;
const LOCK_INTERVAL: Duration = Duration::from_millis(20);

/// The contents of `DATA/run.json`.
#[derive(Clone, Serialize, Deserialize)]
pub struct RunInfo {
    /// The process id.
    pub pid: u32,
    /// Whether it does not serve requests yet.
    #[serde(default)]
    pub is_starting: bool,
    /// The address that it listens on.
    pub address: SocketAddr,
    /// The file of its TLS certificate, if it serves HTTPS.
    #[serde(default)]
    pub tls_cert: Option<PathBuf>,
    /// The address of its Postgres. May contain a password.
    pub database_url: String,
    /// The address of its NATS server. May contain a password.
    pub nats_url: String,
    /// The embedded servers, as `Postgres 18.6 (fetched)`. Empty if it uses external servers.
    pub servers: Vec<String>,
    /// The non-public networks that it delivers webhooks to, in CIDR notation.
    #[serde(default)]
    pub webhook_allow: Vec<String>,
    /// The time at which it started, in RFC 3339.
    pub started_at: Timestamp,
}

impl RunInfo {
    /// The base URL for programs on this machine. An unspecified address (`0.0.0.0`, `::`) becomes
    /// the loopback address.
    pub fn base_url(&self) -> String {
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        let scheme = self.tls_cert.as_ref().map_or("http", |_| "https");
        format!("{scheme}://{}", SocketAddr::new(ip, self.address.port()))
    }

    /// Reads the file. `None` if it does not exist, or if its process has ended.
    pub(crate) fn read(file: &Path) -> Result<Option<Self>> {
        let text = match fs::read(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", file.display()));
            }
        };
        let running: Self = serde_json::from_slice(&text)
            .with_context(|| format!("{} was not written by Tidings", file.display()))?;
        Ok(is_locked(&lock_path(file))?.then_some(running))
    }
}

/// The path of the lock beside the run file.
fn lock_path(run_file: &Path) -> PathBuf {
    run_file.with_file_name(LOCK_FILE)
}

/// Whether a process holds the lock.
fn is_locked(path: &Path) -> Result<bool> {
    let attempt = match File::open(path) {
        Ok(lock) => lock.try_lock_shared(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => Err(TryLockError::Error(error)),
    };
    match attempt {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot read {}", path.display()))
        }
    }
}

/// Acquires the lock, which this process then holds until the file is closed.
fn acquire_lock(path: &Path) -> Result<File> {
    let lock = File::options()
        .create(true)
        .write(true)
        .truncate(false)
        .open(path)
        .with_context(|| format!("cannot open {}", path.display()))?;
    for _ in 0..LOCK_ATTEMPTS {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) => thread::sleep(LOCK_INTERVAL),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
    }
    bail!(
        "another process runs a system on this data directory: it holds {}",
        path.display()
    )
}

/// A guard that removes `DATA/run.json` and releases the lock when dropped.
#[derive(Debug)]
pub struct RunFile {
    path: PathBuf,
    lock: File,
}

impl RunFile {
    /// Acquires the lock and writes the file.
    pub(crate) fn write(path: PathBuf, running: &RunInfo) -> Result<Self> {
        let lock = acquire_lock(&lock_path(&path))?;
        let written = Self { path, lock };
        written.replace(running)?;
        Ok(written)
    }

    /// Replaces the description of the system.
    pub fn replace(&self, running: &RunInfo) -> Result<()> {
        write_private_file(&self.path, &serde_json::to_string_pretty(running)?)
            .with_context(|| format!("cannot write {}", self.path.display()))
    }
}

impl Drop for RunFile {
    fn drop(&mut self) {
        // A remaining file is ignored, because nothing holds the lock.
        let _ = fs::remove_file(&self.path);
        // Closing the file is not enough: a process that another thread is just starting has it
        // too, until it runs its program.
        let _ = self.lock.unlock();
    }
}
