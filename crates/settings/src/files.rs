//! The options about files.

use std::path::Path;
use std::time::Duration;

use clap::Args;
use data_dir::UsageError;
use file_store::{FileStore, StoreConfig, StoreLocation};

use super::parse::parse_duration;

/// Where files are, and how large they may be.
#[derive(Debug, Clone, Args)]
pub struct FileArgs {
    /// Store of uploaded files: a directory, or a bucket such as `s3://bucket/prefix` with the
    /// variables `AWS_*` [default: files in the data directory].
    #[arg(
        long,
        global = true,
        env = "TIDINGS_FILES",
        value_name = "DIR|s3://BUCKET/PREFIX"
    )]
    pub file_store: Option<StoreLocation>,

    /// Time for which the service of a bucket may send nothing before it counts as away.
    #[arg(long, global = true, env = "TIDINGS_FILE_TIMEOUT", value_name = "DURATION",
        default_value = "30s", value_parser = parse_file_timeout)]
    pub file_timeout: Duration,

    /// Maximum size of a file in bytes.
    #[arg(long, global = true, env = "TIDINGS_MAX_FILE", value_name = "BYTES", default_value_t = 104_857_600,
        value_parser = clap::value_parser!(u64).range(1..=1_099_511_627_776))]
    pub max_file: u64,

    /// Maximum size of all files of a user in bytes [default: no limit].
    #[arg(long, global = true, env = "TIDINGS_FILE_QUOTA", value_name = "BYTES",
        value_parser = clap::value_parser!(u64).range(1..))]
    pub file_quota: Option<u64>,
}

impl FileArgs {
    /// Where the bytes of files are, with this data directory.
    pub fn location(&self, data: &Path) -> StoreLocation {
        let default = || StoreLocation::Directory(data.join("files"));
        self.file_store.clone().unwrap_or_else(default)
    }

    /// Opens the store. Uploads that are not complete are in the data directory, if the store is a
    /// bucket.
    pub fn open(&self, data: &Path) -> Result<FileStore, UsageError> {
        let location = self.location(data);
        let variables = std::env::vars_os();
        let opened = FileStore::open(&StoreConfig {
            location: location.clone(),
            uploads: data.join("uploads"),
            variables: variables
                .filter_map(|(name, value)| {
                    Some((name.into_string().ok()?, value.into_string().ok()?))
                })
                .collect(),
            timeout: self.file_timeout,
        });
        opened.map_err(|error| {
            UsageError(format!("--file-store (TIDINGS_FILES) {location}: {error}"))
        })
    }
}

/// A time within which a service can answer at all.
fn parse_file_timeout(text: &str) -> Result<Duration, String> {
    let timeout = parse_duration(text)?;
    let range = Duration::from_millis(100)..=Duration::from_secs(600);
    let expected = || "expected between 100ms and 10m".to_owned();
    range
        .contains(&timeout)
        .then_some(timeout)
        .ok_or_else(expected)
}
