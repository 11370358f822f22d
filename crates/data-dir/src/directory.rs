//! The paths in a data directory: the secret that tokens are signed with, the key of the seals, and
//! the run file.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use uuid::Uuid;

use crate::key_file;
use crate::run_file::{RunFile, RunInfo};
use crate::secret::SecretString;
use crate::usage_error::UsageError;

/// The path of a data directory. Constructing one creates nothing on disk.
#[derive(Debug, Clone)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// The directory at this path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The path of the directory.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Whether there is the database of an embedded Postgres here.
    pub fn has_database(&self) -> bool {
        embedded_servers::postgres_data_major(&self.0).is_some()
    }

    /// What a command says that needs a system and finds none here. Only services create one.
    pub fn no_system_error(&self) -> UsageError {
        let data = self.0.display();
        UsageError(format!(
            "there is no system in {data}: start one with `tidings up --data {data}`, name its \
             directory with --data, or its database with --database-url"
        ))
    }

    fn run_file_path(&self) -> PathBuf {
        self.0.join("run.json")
    }

    /// The path of the secret that tokens are signed with.
    pub fn secret_path(&self) -> PathBuf {
        self.0.join("auth-secret")
    }

    /// Loads the signing secret of this directory. Creates it on first use.
    pub fn load_or_create_secret(&self) -> Result<SecretString> {
        // Two random UUIDs: 244 bits from the operating system's generator, in 64 characters.
        let generate = || format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let text = key_file::read_or_create(&self.secret_path(), generate)?;
        Ok(SecretString::new(text.trim()))
    }

    /// Loads the signing secret of this directory, if it has one.
    pub fn load_secret(&self) -> Result<Option<SecretString>> {
        let text = key_file::read(&self.secret_path())?;
        Ok(text.map(|text| SecretString::new(text.trim())))
    }

    /// The default path of the key that signs seals.
    pub fn seal_key_path(&self) -> PathBuf {
        self.0.join("seal-key")
    }

    /// Writes the run file. Dropping the returned guard removes it.
    pub fn write_run_file(&self, running: &RunInfo) -> Result<RunFile> {
        fs::create_dir_all(&self.0)
            .with_context(|| format!("cannot create {}", self.0.display()))?;
        RunFile::write(self.run_file_path(), running)
    }

    /// Finds the system that runs on this directory. A run file whose process has ended is ignored.
    pub fn find_running(&self) -> Result<Option<RunInfo>> {
        RunInfo::read(&self.run_file_path())
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

    fn starting() -> RunInfo {
        RunInfo {
            pid: std::process::id(),
            is_starting: true,
            address: ([0, 0, 0, 0], 8080).into(),
            tls_cert: None,
            database_url: "postgres://a:b@c/d".into(),
            nats_url: "nats://x".into(),
            servers: vec![],
            webhook_allow: vec![],
            started_at: domain::time::Timestamp::from_millis(0),
        }
    }

    #[test]
    fn a_run_file_whose_lock_is_free_is_ignored() {
        let data = scratch_dir("crashed");
        let announced = data.write_run_file(&starting()).expect("writes");
        let remaining = fs::read(data.run_file_path()).expect("reads");
        drop(announced);
        // As after a crash, and this process has the process id that the file names.
        fs::write(data.run_file_path(), remaining).expect("writes");
        assert!(data.find_running().expect("reads").is_none());
        let again = data.write_run_file(&starting()).expect("writes");
        assert!(data.find_running().expect("reads").is_some());
        drop(again);
        fs::remove_dir_all(data.path()).expect("clean up");
    }

    #[test]
    fn a_running_system_is_found_until_it_ends() {
        let data = scratch_dir("running");
        let mut running = starting();
        let announced = data.write_run_file(&running).expect("writes");
        let found = data
            .find_running()
            .expect("reads")
            .expect("this process runs");
        assert_eq!(found.base_url(), "http://127.0.0.1:8080");
        assert!(found.is_starting);
        running.is_starting = false;
        announced.replace(&running).expect("writes");
        let found = data.find_running().expect("reads");
        assert!(found.is_some_and(|running| !running.is_starting));
        let second = data.write_run_file(&running).expect_err("it is locked");
        assert!(second.to_string().contains("run.lock"), "{second}");
        drop(announced);
        assert!(data.find_running().expect("reads").is_none());
        fs::remove_dir_all(data.path()).expect("clean up");
    }
}
