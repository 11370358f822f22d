//! The key that signs seals. It is generated on first use and stored in a file that only its owner
//! can read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use event_log::seal::key::SealKey;

use crate::config::Config;
use crate::data_dir::{DataDir, write_new};
use crate::usage::Usage;

/// Loads the configured key, or generates and stores one if the file does not exist.
pub fn made(config: &Config) -> Result<SealKey> {
    let file = file(config);
    if let Some(key) = read(&file)? {
        return Ok(key);
    }
    if let Some(dir) = file.parent() {
        fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    }
    let fresh = SealKey::generate().to_hex();
    write_new(&file, &fresh).with_context(|| format!("cannot write {}", file.display()))?;
    // Another process may have been faster; then its key is the one in the file.
    read(&file)?
        .with_context(|| format!("{} was removed while it was being created", file.display()))
}

/// Loads the configured key, if its file exists.
pub fn existing(config: &Config) -> Result<Option<SealKey>> {
    read(&file(config))
}

fn file(config: &Config) -> PathBuf {
    let default = || DataDir::at(&config.data).seal_key_file();
    config.seals.seal_key.clone().unwrap_or_else(default)
}

fn read(file: &Path) -> Result<Option<SealKey>> {
    match fs::read_to_string(file) {
        Ok(text) => SealKey::parse(&text).map(Some).ok_or_else(|| {
            let expected = "expected a key of 32 bytes in hexadecimal digits";
            Usage(format!("{}: {expected}", file.display())).into()
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}
