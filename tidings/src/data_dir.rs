//! The data directory: the secret that tokens are signed with, and the run file with the address
//! of the running system. The subdirectory of the embedded servers belongs to `servers`.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use embedded_servers::{process, write_private_file};
use serde::{Deserialize, Serialize};

use crate::secret::SecretString;

/// The path of a data directory. Constructing one creates nothing on disk.
#[derive(Debug, Clone)]
pub struct DataDir(PathBuf);

/// The contents of `DATA/run.json`, in which a running system describes itself to other commands.
#[derive(Clone, Serialize, Deserialize)]
pub struct RunInfo {
    /// The process id.
    pub pid: u32,
    /// The address that it listens on.
    pub address: SocketAddr,
    /// The address of its Postgres. May contain a password.
    pub database_url: String,
    /// The address of its NATS server. May contain a password.
    pub nats_url: String,
    /// The embedded servers, as `Postgres 18.6 (fetched)`. Empty if it uses external servers.
    pub servers: Vec<String>,
    /// The time at which it started, in RFC 3339.
    pub started_at: domain::time::Timestamp,
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
        format!("http://{}", SocketAddr::new(ip, self.address.port()))
    }
}

impl DataDir {
    /// The directory at this path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The path of the directory.
    pub fn path(&self) -> &Path {
        &self.0
    }

    fn run_file_path(&self) -> PathBuf {
        self.0.join("run.json")
    }

    fn secret_path(&self) -> PathBuf {
        self.0.join("auth-secret")
    }

    /// Loads the signing secret of this directory. Creates it on first use, with mode 600.
    pub fn load_or_create_secret(&self) -> Result<SecretString> {
        let file = self.secret_path();
        if let Some(secret) = self.load_secret()? {
            return Ok(secret);
        }
        fs::create_dir_all(&self.0)
            .with_context(|| format!("cannot create {}", self.0.display()))?;
        // Two random UUIDs: 244 bits from the operating system's generator, in 64 characters.
        let text = format!(
            "{}{}",
            uuid::Uuid::new_v4().simple(),
            uuid::Uuid::new_v4().simple()
        );
        write_if_absent(&file, &text)
            .with_context(|| format!("cannot write {}", file.display()))?;
        // Another process may have been faster; then its secret is the one in the file.
        self.load_secret()?
            .with_context(|| format!("{} was removed while it was being created", file.display()))
    }

    /// Loads the signing secret of this directory, if it has one.
    pub fn load_secret(&self) -> Result<Option<SecretString>> {
        let file = self.secret_path();
        match fs::read_to_string(&file) {
            Ok(text) => Ok(Some(SecretString::new(text.trim()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
        }
    }

    /// The default path of the key that signs seals.
    pub fn seal_key_path(&self) -> PathBuf {
        self.0.join("seal-key")
    }

    /// Writes the run file. Dropping the returned guard removes it.
    pub fn write_run_file(&self, running: &RunInfo) -> Result<RunFile> {
        let file = self.run_file_path();
        fs::create_dir_all(&self.0)
            .with_context(|| format!("cannot create {}", self.0.display()))?;
        write_private_file(&file, &serde_json::to_string_pretty(running)?)
            .with_context(|| format!("cannot write {}", file.display()))?;
        Ok(RunFile(file))
    }

    /// Finds the system that runs on this directory. A run file whose process has ended is ignored.
    pub fn find_running(&self) -> Result<Option<RunInfo>> {
        let file = self.run_file_path();
        let text = match fs::read(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", file.display()));
            }
        };
        let running: RunInfo = serde_json::from_slice(&text)
            .with_context(|| format!("{} was not written by Tidings", file.display()))?;
        Ok(Some(running).filter(|running| process::exists(running.pid)))
    }
}

/// A guard that removes `run.json` when dropped.
#[derive(Debug)]
pub struct RunFile(PathBuf);

impl Drop for RunFile {
    fn drop(&mut self) {
        // A remaining file is ignored, because its process has ended.
        let _ = fs::remove_file(&self.0);
    }
}

/// Writes a file that only its owner can read. An existing file stays unchanged.
pub fn write_if_absent(path: &Path, text: &str) -> io::Result<()> {
    let fresh = path.with_extension(uuid::Uuid::new_v4().simple().to_string());
    write_private_file(&fresh, text)?;
    let linked = fs::hard_link(&fresh, path);
    fs::remove_file(&fresh)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn scratch_dir(name: &str) -> DataDir {
        DataDir::new(
            std::env::temp_dir().join(format!("tidings-data-{name}-{}", std::process::id())),
        )
    }

    #[test]
    fn the_secret_is_created_once_and_is_private() {
        let data = scratch_dir("secret");
        assert_eq!(data.load_secret().expect("reads"), None);
        let first = data.load_or_create_secret().expect("the secret is created");
        let again = data.load_or_create_secret().expect("the secret is read");
        let mode = fs::metadata(data.secret_path())
            .expect("the file exists")
            .permissions()
            .mode();
        fs::remove_dir_all(data.path()).expect("clean up");
        assert_eq!(first, again);
        assert_eq!(first.reveal().len(), 64);
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_run_file_of_a_dead_process_is_ignored() {
        let data = scratch_dir("running");
        let mut running = RunInfo {
            pid: std::process::id(),
            address: ([0, 0, 0, 0], 8080).into(),
            database_url: "postgres://a:b@c/d".into(),
            nats_url: "nats://x".into(),
            servers: vec![],
            started_at: domain::time::Timestamp::from_millis(0),
        };
        let announced = data.write_run_file(&running).expect("writes");
        let found = data
            .find_running()
            .expect("reads")
            .expect("this process runs");
        assert_eq!(found.base_url(), "http://127.0.0.1:8080");
        drop(announced);
        assert!(data.find_running().expect("reads").is_none());
        running.pid = u32::MAX / 2;
        let _announced = data.write_run_file(&running).expect("writes");
        assert!(data.find_running().expect("reads").is_none());
        fs::remove_dir_all(data.path()).expect("clean up");
    }
}
