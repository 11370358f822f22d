//! The key that signs seals.

use std::path::Path;

use anyhow::Result;
use log_integrity::seal::key::SealKey;

use crate::key_file;
use crate::usage_error::UsageError;

/// Loads the key, or generates and stores one if the file does not exist.
pub fn load_or_create(file: &Path) -> Result<SealKey> {
    parse(
        file,
        &key_file::read_or_create(file, || SealKey::generate().to_hex())?,
    )
}

/// Loads the key, if its file exists.
pub fn load(file: &Path) -> Result<Option<SealKey>> {
    key_file::read(file)?
        .map(|text| parse(file, &text))
        .transpose()
}

fn parse(file: &Path, text: &str) -> Result<SealKey> {
    SealKey::parse(text).ok_or_else(|| {
        let expected = "expected a key of 32 bytes in hexadecimal digits";
        UsageError(format!("{}: {expected}", file.display())).into()
    })
}
