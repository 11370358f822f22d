//! What the commands do.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::Value;
use tests::service::{run_tidings, service_env};
use embedded_servers::EmbeddedServers;

/// The commands of one system.
pub struct Commands {
    dir: PathBuf,
    env: Vec<(&'static str, String)>,
}

impl Commands {
    /// On these servers.
    pub fn of(dir: &Path, servers: &EmbeddedServers) -> Self {
        Self {
            dir: dir.to_owned(),
            env: service_env(&servers.database_url, &servers.nats_url),
        }
    }

    /// Imports a file into the running system.
    pub async fn import(&self, file: &Path) -> Result<()> {
        let file = file.to_str().context("a path is UTF-8")?;
        self.timed(&["import", file]).await.map(|_| ())
    }

    /// How long a command takes.
    pub async fn timed(&self, arguments: &[&str]) -> Result<Duration> {
        let data = self.dir.join("data");
        let data = data.to_str().context("a path is UTF-8")?;
        let arguments = [arguments, &["--data", data]].concat();
        let began = Instant::now();
        let output = run_tidings(&arguments, &self.env).await;
        let took = began.elapsed();
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{arguments:?}: {said}");
        Ok(took)
    }

    /// How long an export takes, which must hold every event.
    pub async fn export(&self, format: &str, events: i64) -> Result<Duration> {
        let dir = self.dir.join(format);
        let path = dir.to_str().context("a path is UTF-8")?;
        let took = self
            .timed(&["log", "export", path, "--format", format])
            .await?;
        let manifest = std::fs::read(dir.join("manifest.json"))?;
        let manifest: Value = serde_json::from_slice(&manifest)?;
        let mut rows = 0;
        for part in manifest["parts"].as_array().context("parts")? {
            rows += self.rows(format, &dir.join(part["path"].as_str().context("a path")?))?;
        }
        ensure!(
            rows == events,
            "the {format} export holds {rows} of {events} events"
        );
        Ok(took)
    }

    fn rows(&self, format: &str, file: &Path) -> Result<i64> {
        if format == "parquet" {
            let reader = SerializedFileReader::new(std::fs::File::open(file)?)?;
            return Ok(reader.metadata().file_metadata().num_rows());
        }
        let text = std::fs::read_to_string(file)?;
        // Texts here hold no line breaks; a CSV file begins with its names.
        let lines = text.lines().count() as i64;
        Ok(lines - i64::from(format == "csv"))
    }
}
