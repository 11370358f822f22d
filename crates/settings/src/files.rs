//! The options about files.

use std::path::Path;

use clap::Args;
use data_dir::UsageError;
use file_store::{FileStore, StoreLocation};

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
        let opened = FileStore::open(&location, &data.join("uploads"));
        opened.map_err(|error| {
            UsageError(format!("--file-store (TIDINGS_FILES) {location}: {error}"))
        })
    }
}
