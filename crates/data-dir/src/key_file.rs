//! Files with a key: created once, with mode 600, and read back.

use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Context as _, Result};
use embedded_servers::{sync_parent, write_private_file};

/// Reads a file, if it exists.
pub(crate) fn read(file: &Path) -> Result<Option<String>> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}

/// Reads a file. Creates it with the text that `generate` returns if it does not exist.
pub(crate) fn read_or_create(file: &Path, generate: impl FnOnce() -> String) -> Result<String> {
    if let Some(text) = read(file)? {
        return Ok(text);
    }
    if let Some(dir) = file.parent() {
        fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    }
    write_if_absent(file, &generate())
        .with_context(|| format!("cannot write {}", file.display()))?;
    // Another process may have been faster; then its text is the one in the file.
    read(file)?
        .with_context(|| format!("{} was removed while it was being created", file.display()))
}

/// Writes a file that only its owner can read. An existing file stays unchanged.
fn write_if_absent(file: &Path, text: &str) -> io::Result<()> {
    let fresh = file.with_extension(uuid::Uuid::new_v4().simple().to_string());
    write_private_file(&fresh, text)?;
    let linked = fs::hard_link(&fresh, file);
    fs::remove_file(&fresh)?;
    // Without it, a power loss could take the key, and what it has signed could not be verified.
    sync_parent(file)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}
