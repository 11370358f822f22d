//! The key that signs seals. It is generated on first use and stored in a file that only its owner
//! can read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use log_integrity::seal::key::SealKey;

use crate::config::SystemConfig;
use crate::data_dir::{DataDir, write_if_absent};
use crate::usage_error::UsageError;

/// Loads the configured key, or generates and stores one if the file does not exist.
pub fn load_or_create(config: &SystemConfig) -> Result<SealKey> {
    let file = key_path(config);
    if let Some(key) = read_key(&file)? {
        return Ok(key);
    }
    if let Some(dir) = file.parent() {
        fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    }
    let fresh = SealKey::generate().to_hex();
    write_if_absent(&file, &fresh).with_context(|| format!("cannot write {}", file.display()))?;
    // Another process may have been faster; then its key is the one in the file.
    read_key(&file)?
        .with_context(|| format!("{} was removed while it was being created", file.display()))
}

/// Loads the configured key, if its file exists.
pub fn load(config: &SystemConfig) -> Result<Option<SealKey>> {
    read_key(&key_path(config))
}

fn key_path(config: &SystemConfig) -> PathBuf {
    let default = || DataDir::new(&config.data).seal_key_path();
    config.seals.seal_key.clone().unwrap_or_else(default)
}

fn read_key(file: &Path) -> Result<Option<SealKey>> {
    match fs::read_to_string(file) {
        Ok(text) => SealKey::parse(&text).map(Some).ok_or_else(|| {
            let expected = "expected a key of 32 bytes in hexadecimal digits";
            UsageError(format!("{}: {expected}", file.display())).into()
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}
