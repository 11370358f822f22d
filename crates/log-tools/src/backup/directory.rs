//! The directory of a backup: private files, and their digests in `SHA256SUMS`.

use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use data_dir::UsageError;

use crate::export::{HashedFile, file_digest};

/// The file with the digests, written last.
pub(super) const DIGESTS_FILE: &str = "SHA256SUMS";

/// A small file of a backup with a secret, such as a key.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateFile {
    /// The name of the file.
    pub name: String,
    /// Its content.
    pub content: Vec<u8>,
}

/// A directory that is being filled. Only its owner can read what is in it.
pub(super) struct NewDirectory {
    path: PathBuf,
    digests: String,
}

impl NewDirectory {
    /// Creates the directory. It may exist if it is empty.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let created = DirBuilder::new().recursive(true).mode(0o700).create(path);
        created.with_context(|| format!("cannot create {}", path.display()))?;
        if fs::read_dir(path)?.next().is_some() {
            let text = format!("{} is not empty; choose a new directory", path.display());
            return Err(UsageError(text).into());
        }
        Ok(Self {
            path: path.to_owned(),
            digests: String::new(),
        })
    }

    /// Creates a file in it.
    pub(super) fn create_file(&self, name: &str) -> Result<HashedFile> {
        let path = self.path.join(name);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        Ok(HashedFile::new(file.with_context(|| {
            format!("cannot create {}", path.display())
        })?))
    }

    /// Syncs a complete file, and remembers its digest.
    pub(super) fn finish_file(&mut self, name: &str, mut file: HashedFile) -> Result<u64> {
        file.flush()?;
        let (bytes, digest) = file.sync()?;
        // Writing to a String cannot fail.
        let _ = writeln!(self.digests, "{digest}  {name}");
        Ok(bytes)
    }

    /// Writes a small file.
    pub(super) fn write_file(&mut self, name: &str, content: &[u8]) -> Result<()> {
        let mut file = self.create_file(name)?;
        file.write_all(content)?;
        self.finish_file(name, file)?;
        Ok(())
    }

    /// Completes the backup: writes the digests, and syncs the directory.
    pub(super) fn finish(self) -> Result<()> {
        let unfinished = format!("{DIGESTS_FILE}.unfinished");
        let mut file = self.create_file(&unfinished)?;
        file.write_all(self.digests.as_bytes())?;
        file.flush()?;
        file.sync()?;
        fs::rename(self.path.join(unfinished), self.path.join(DIGESTS_FILE))?;
        File::open(&self.path)?.sync_all()?;
        Ok(())
    }
}

/// The digests of a complete backup.
pub(super) struct Digests(Vec<(String, String)>);

impl Digests {
    /// Reads `SHA256SUMS`.
    pub(super) fn read(dir: &Path) -> Result<Self> {
        let path = dir.join(DIGESTS_FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => bail!(
                "{} is not a complete backup: {DIGESTS_FILE}, which is written last, is missing",
                dir.display()
            ),
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        let entry = |line: &str| {
            let (digest, name) = line.split_once("  ")?;
            (!name.contains('/')).then(|| (name.to_owned(), digest.to_owned()))
        };
        let entries: Option<Vec<_>> = text.lines().map(entry).collect();
        let entries = entries.filter(|entries| !entries.is_empty());
        entries
            .map(Self)
            .with_context(|| format!("{} is damaged: it is no list of digests", path.display()))
    }

    /// Whether the list has this file.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(listed, _)| listed == name)
    }

    /// Compares every file with its digest. The error names the first one that differs.
    pub(super) fn check(&self, dir: &Path, mut on_read: impl FnMut(&str, u64)) -> Result<()> {
        for (name, expected) in &self.0 {
            let path = dir.join(name);
            let found = file_digest(&path, |bytes| on_read(name, bytes)).with_context(|| {
                format!("the backup is damaged: cannot read {}", path.display())
            })?;
            if found != *expected {
                bail!(
                    "the backup is damaged: {} does not match its digest in {DIGESTS_FILE}",
                    path.display()
                );
            }
        }
        Ok(())
    }
}
