//! `DATA/run.json`, in which a running system describes itself to other commands.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use domain::time::Timestamp;
use embedded_servers::{process, write_private_file};
use serde::{Deserialize, Serialize};

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
        Ok(Some(running).filter(|running| process::exists(running.pid)))
    }
}

/// A guard that removes `DATA/run.json` when dropped.
#[derive(Debug)]
pub struct RunFile(PathBuf);

impl RunFile {
    /// Writes the file.
    pub(crate) fn write(file: PathBuf, running: &RunInfo) -> Result<Self> {
        let written = Self(file);
        written.replace(running)?;
        Ok(written)
    }

    /// Replaces the description of the system.
    pub fn replace(&self, running: &RunInfo) -> Result<()> {
        write_private_file(&self.0, &serde_json::to_string_pretty(running)?)
            .with_context(|| format!("cannot write {}", self.0.display()))
    }
}

impl Drop for RunFile {
    fn drop(&mut self) {
        // A remaining file is ignored, because its process has ended.
        let _ = fs::remove_file(&self.0);
    }
}
