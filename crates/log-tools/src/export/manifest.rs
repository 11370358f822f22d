//! `manifest.json`: the content and the progress of an export. It is replaced atomically, after the
//! new file that it lists has been written.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use data_dir::UsageError;
use domain::history::{CursorReference, LogCursor};
use serde::{Deserialize, Serialize};

use super::format::ExportFormat;
use super::writer::put_in_place;
use crate::slice::LogSlice;

/// The file name of the manifest.
const MANIFEST_FILE: &str = "manifest.json";

/// The specification of an export. An export resumes only with the same specification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportSpec {
    format: String,
    log_id: String,
    /// The export begins after this position.
    after: i64,
    types: Vec<String>,
    conversation: Option<String>,
    user: Option<String>,
    /// Whether texts that a spreadsheet would run begin with an apostrophe. In CSV files of the
    /// first releases, and in other formats, they do not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    escaped_formulas: bool,
}

impl ExportSpec {
    /// The specification of an export of this slice of this log.
    pub fn new(format: ExportFormat, slice: &LogSlice, log_id: String) -> Self {
        let aggregate = slice.filter.aggregate.as_ref();
        Self {
            format: format.as_str().to_owned(),
            log_id,
            after: slice.after,
            types: slice.filter.event_types.clone(),
            conversation: aggregate.map(|(_, id)| id.clone()),
            user: slice.filter.user.clone(),
            escaped_formulas: format == ExportFormat::Csv,
        }
    }
}

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
    /// The files, in position order.
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
        if manifest.spec != asked {
            let spec = serde_json::to_string(&manifest.spec)?;
            return Err(UsageError(format!(
                "{} contains another export: {spec}; choose another directory",
                dir.display()
            ))
            .into());
        }
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
            complete_to: asked.after,
            cursor: None,
            spec: asked,
            parts: Vec::new(),
            dir: dir.to_owned(),
        };
        manifest.save()?;
        Ok(manifest)
    }

    /// Adds a file, with which the export is complete up to a cursor, and saves the manifest.
    pub fn add_file(&mut self, file: ManifestFile, complete_to: LogCursor) -> Result<()> {
        self.parts.push(file);
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
        &self.spec.format
    }

    /// The id of the exported log.
    pub fn log_id(&self) -> &str {
        &self.spec.log_id
    }

    /// The export begins after this position.
    pub fn after(&self) -> i64 {
        self.spec.after
    }

    /// Whether the export contains only selected events.
    pub fn is_filtered(&self) -> bool {
        let ExportSpec {
            types,
            conversation,
            user,
            ..
        } = &self.spec;
        !types.is_empty() || conversation.is_some() || user.is_some()
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
