//! Runs the commands of `tidings` and measures them.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use embedded_servers::EmbeddedServers;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::Value;
use tests::service::{run_tidings, service_env};

/// With which `tidings import` ends if it skipped something.
const SKIPPED_EXIT_CODE: i32 = 3;

/// Runs commands on one system.
pub struct CommandRunner {
    dir: PathBuf,
    env: Vec<(&'static str, String)>,
}

impl CommandRunner {
    /// A runner for the system with these servers and this directory.
    pub fn new(dir: &Path, servers: &EmbeddedServers) -> Self {
        Self {
            dir: dir.to_owned(),
            env: service_env(&servers.database_url, &servers.nats_url),
        }
    }

    /// Imports a file into the running system. Real files have lines that are skipped.
    pub async fn import(&self, file: &Path) -> Result<()> {
        let file = file.to_str().context("the path is not UTF-8")?;
        let codes = [0, SKIPPED_EXIT_CODE];
        self.run_to(&["import", file], &codes).await.map(|_| ())
    }

    /// Runs a command that must succeed and returns how long it took.
    pub async fn run(&self, arguments: &[&str]) -> Result<Duration> {
        self.run_to(arguments, &[0]).await
    }

    /// Runs a command that must end with one of these exit codes.
    async fn run_to(&self, arguments: &[&str], codes: &[i32]) -> Result<Duration> {
        let data = self.dir.join("data");
        let data = data.to_str().context("the path is not UTF-8")?;
        let arguments = [arguments, &["--data", data]].concat();
        let start = Instant::now();
        let output = run_tidings(&arguments, &self.env).await;
        let duration = start.elapsed();
        let error = String::from_utf8_lossy(&output.stderr);
        let code = output.status.code();
        let is_expected = code.is_some_and(|code| codes.contains(&code));
        ensure!(is_expected, "{arguments:?}: {error}");
        Ok(duration)
    }

    /// Runs an export, checks that it has every event, and returns how long it took.
    pub async fn export(&self, format: &str, events: i64) -> Result<Duration> {
        let dir = self.dir.join(format);
        let path = dir.to_str().context("the path is not UTF-8")?;
        let duration = self
            .run(&["log", "export", path, "--format", format])
            .await?;
        let manifest = std::fs::read(dir.join("manifest.json"))?;
        let manifest: Value = serde_json::from_slice(&manifest)?;
        let mut rows = 0;
        for part in manifest["parts"].as_array().context("no parts")? {
            rows += count_rows(format, &dir.join(part["path"].as_str().context("no path")?))?;
        }
        ensure!(
            rows == events,
            "the {format} export has {rows} of {events} events"
        );
        Ok(duration)
    }
}

fn count_rows(format: &str, file: &Path) -> Result<i64> {
    if format == "parquet" {
        let reader = SerializedFileReader::new(std::fs::File::open(file)?)?;
        return Ok(reader.metadata().file_metadata().num_rows());
    }
    let text = std::fs::read_to_string(file)?;
    // The texts have no line breaks. A CSV file starts with a header.
    let lines = text.lines().count() as i64;
    Ok(lines - i64::from(format == "csv"))
}
