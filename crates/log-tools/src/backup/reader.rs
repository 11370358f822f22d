//! Reads a backup, after checking that it is complete and undamaged.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::BackupProgress;
use super::directory::{Digests, PrivateFile};
use super::manifest::{BackupManifest, BackupTable, MANIFEST_FILE};

/// The decompressed rows of a table.
pub(super) type TableRows = zstd::Decoder<'static, BufReader<File>>;

/// A complete backup whose files match their digests.
pub struct BackupReader {
    dir: PathBuf,
    /// What it contains.
    pub manifest: BackupManifest,
}

impl BackupReader {
    /// Opens a backup. Reads every file once, and refuses a backup that is incomplete, damaged, or
    /// newer than this program. The error says which.
    pub fn open(dir: &Path, mut on_progress: impl FnMut(BackupProgress<'_>)) -> Result<Self> {
        let digests = Digests::read(dir)?;
        let total: u64 = fs::read_dir(dir)?
            .filter_map(|entry| entry.ok()?.metadata().ok())
            .map(|metadata| metadata.len())
            .sum();
        let mut done = 0;
        digests.check(dir, |name, bytes| {
            done += bytes;
            on_progress(BackupProgress { name, done, total });
        })?;
        let path = dir.join(MANIFEST_FILE);
        let text = fs::read(&path)
            .with_context(|| format!("the backup is damaged: cannot read {}", path.display()))?;
        let manifest: BackupManifest = serde_json::from_slice(&text).with_context(|| {
            format!(
                "{} was not written by this version of Tidings",
                path.display()
            )
        })?;
        manifest.check()?;
        let tables = manifest.tables.iter().map(|table| &table.file);
        for file in tables.chain(&manifest.files) {
            if !digests.has(file) {
                bail!("the backup is damaged: {file} is missing in its list of digests");
            }
        }
        Ok(Self {
            dir: dir.to_owned(),
            manifest,
        })
    }

    /// Reads a key or the settings; `None` if the backup does not have this file.
    pub fn read_file(&self, name: &str) -> Result<Option<PrivateFile>> {
        if !self.manifest.files.iter().any(|file| file == name) {
            return Ok(None);
        }
        let path = self.dir.join(name);
        let content = fs::read(&path).with_context(|| path.display().to_string())?;
        Ok(Some(PrivateFile {
            name: name.to_owned(),
            content,
        }))
    }

    /// The rows of a table.
    pub(super) fn read_rows(&self, table: &BackupTable) -> Result<TableRows> {
        let path = self.dir.join(&table.file);
        let file = File::open(&path).with_context(|| path.display().to_string())?;
        Ok(zstd::Decoder::new(file)?)
    }
}
