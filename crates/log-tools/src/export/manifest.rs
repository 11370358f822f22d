//! `manifest.json`: the content and the progress of an export. It is replaced atomically, after the
//! new file that it lists has been written.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use data_dir::UsageError;
use domain::history::{CursorReference, LogCursor};
use serde::{Deserialize, Serialize};

use super::spec::ExportSpec;
use super::writer::{FILE_PREFIX, put_in_place};

/// The file name of the manifest.
const MANIFEST_FILE: &str = "manifest.json";

/// The folder of the files. It contains nothing else, because some readers open everything in it.
const EVENTS_DIR: &str = "events";

/// One file of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
    /// The path, relative to the directory of the export.
    pub path: String,
    /// The position of its first event.
    pub first: i64,
    /// The position of its last event.
    pub last: i64,
    /// The number of events.
    pub events: u64,
    /// The size in bytes.
    pub bytes: u64,
    /// The SHA-256 digest of the file, in hexadecimal.
    pub sha256: String,
}

/// The manifest of an export.
#[derive(Debug, Serialize, Deserialize)]
pub struct Manifest {
    #[serde(rename = "asked")]
    spec: ExportSpec,
    /// The export contains every selected event up to this position.
    complete_to: i64,
    /// The cursor of `complete_to`, which also names the history. The first releases did not
    /// record it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cursor: Option<CursorReference>,
    /// The folder of the files. In exports of the first releases, they are next to the manifest.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    folder: String,
    /// The files, in the order of their first positions.
    pub parts: Vec<ManifestFile>,
    #[serde(skip)]
    dir: PathBuf,
}

impl Manifest {
    /// Opens the manifest of the export in a directory, or creates one.
    pub fn open(dir: &Path, asked: ExportSpec) -> Result<Self> {
        let Some(manifest) = Self::read(dir)? else {
            return Self::new(dir, asked);
        };
        if let Some(difference) = manifest.spec.describe_difference(&asked) {
            return Err(UsageError(format!(
                "{} contains an export {difference}; choose another directory",
                dir.display()
            ))
            .into());
        }
        manifest.remove_unlisted_files()?;
        Ok(manifest)
    }

    /// Reads the manifest of the export in a directory, if there is one.
    pub fn read(dir: &Path) -> Result<Option<Self>> {
        let path = dir.join(MANIFEST_FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        let mut manifest: Self = serde_json::from_str(&text)
            .with_context(|| format!("cannot parse {}", path.display()))?;
        dir.clone_into(&mut manifest.dir);
        Ok(Some(manifest))
    }

    fn new(dir: &Path, asked: ExportSpec) -> Result<Self> {
        fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
        let is_empty = fs::read_dir(dir)?.next().is_none();
        if !is_empty {
            return Err(UsageError(format!(
                "{} is not empty and does not contain an export; choose another directory",
                dir.display()
            ))
            .into());
        }
        let manifest = Self {
            complete_to: asked.after(),
            cursor: None,
            folder: EVENTS_DIR.to_owned(),
            spec: asked,
            parts: Vec::new(),
            dir: dir.to_owned(),
        };
        manifest.save()?;
        Ok(manifest)
    }

    /// Removes files that an interrupted run has completed but not listed. The events in them are
    /// exported again, and may be distributed differently.
    fn remove_unlisted_files(&self) -> Result<()> {
        let listed: HashSet<PathBuf> = self
            .parts
            .iter()
            .map(|part| self.dir.join(&part.path))
            .collect();
        let folder = self.dir.join(&self.folder);
        if !folder.is_dir() {
            return Ok(());
        }
        for day in fs::read_dir(&folder)? {
            let day = day?.path();
            if !has_prefix(&day, "day=") {
                continue;
            }
            for file in fs::read_dir(&day)? {
                let file = file?.path();
                if has_prefix(&file, FILE_PREFIX) && !listed.contains(&file) {
                    fs::remove_file(&file).with_context(|| file.display().to_string())?;
                }
            }
        }
        Ok(())
    }

    /// Adds files, with which the export is complete up to a cursor, and saves the manifest.
    pub fn add_files(&mut self, files: Vec<ManifestFile>, complete_to: LogCursor) -> Result<()> {
        self.parts.extend(files);
        self.set_complete_to(complete_to);
        self.save()
    }

    /// Records that the export is complete up to a cursor.
    pub fn set_complete_to(&mut self, cursor: LogCursor) {
        self.complete_to = cursor.position;
        self.cursor = Some(cursor.into());
    }

    /// The export contains every selected event up to this cursor, which is a bare position before
    /// the first event is exported.
    pub fn complete_to(&self) -> CursorReference {
        self.cursor
            .unwrap_or_else(|| CursorReference::bare(self.complete_to))
    }

    /// Writes the manifest atomically.
    pub fn save(&self) -> Result<()> {
        let path = self.dir.join(MANIFEST_FILE);
        let next = self.dir.join(".manifest.json.next");
        let mut json = serde_json::to_vec_pretty(self)?;
        json.push(b'\n');
        let mut file = File::create(&next).with_context(|| next.display().to_string())?;
        let written = file.write_all(&json);
        written.with_context(|| next.display().to_string())?;
        put_in_place(&file, &next, &path)
    }

    /// `jsonl`, `csv` or `parquet`.
    pub fn format(&self) -> &str {
        self.spec.format()
    }

    /// The id of the exported log.
    pub fn log_id(&self) -> &str {
        self.spec.log_id()
    }

    /// The export begins after this position.
    pub fn after(&self) -> i64 {
        self.spec.after()
    }

    /// Whether the export contains only selected events.
    pub fn is_filtered(&self) -> bool {
        self.spec.is_filtered()
    }

    /// The folder of the files, relative to the directory of the export.
    pub fn folder(&self) -> PathBuf {
        PathBuf::from(&self.folder)
    }

    /// The total number of events.
    pub fn events(&self) -> u64 {
        self.parts.iter().map(|part| part.events).sum()
    }

    /// The total size in bytes.
    pub fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes).sum()
    }
}

fn has_prefix(path: &Path, prefix: &str) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with(prefix))
}
