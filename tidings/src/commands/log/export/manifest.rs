//! `manifest.json`: what an export holds, and how far it is. Replaced as a whole, after the file that it
//! newly names.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::commands::log::slice::Slice;
use crate::config::LogExportArgs;
use crate::usage::Usage;

const NAME: &str = "manifest.json";

/// What was asked for: only the same can be gone on with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    format: String,
    log_id: String,
    /// Events after this position.
    after: i64,
    types: Vec<String>,
    conversation: Option<String>,
    user: Option<String>,
}

impl Asked {
    /// By these arguments, of this log.
    pub fn of(args: &LogExportArgs, slice: &Slice, log_id: String) -> Self {
        Self {
            format: format!("{:?}", args.format).to_lowercase(),
            log_id,
            after: slice.after,
            types: slice.filter.types.clone(),
            conversation: args.slice.conversation.clone(),
            user: slice.filter.user.clone(),
        }
    }
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// From the export's directory on.
    pub path: String,
    /// The position of its first event.
    pub first: i64,
    /// The position of its last event.
    pub last: i64,
    /// How many.
    pub events: u64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of the file, in hexadecimal digits.
    pub sha256: String,
}

/// See the module.
#[derive(Debug, Serialize, Deserialize)]
pub struct Manifest {
    asked: Asked,
    /// Everything that was asked for up to this position is there.
    pub complete_to: i64,
    /// In position order.
    pub parts: Vec<File>,
    #[serde(skip)]
    dir: PathBuf,
}

impl Manifest {
    /// Of the export in a directory, or of a new one.
    pub fn open(dir: &Path, asked: Asked) -> Result<Self> {
        let Some(manifest) = Self::read(dir)? else {
            return Self::new(dir, asked);
        };
        if manifest.asked != asked {
            let there = serde_json::to_string(&manifest.asked)?;
            return Err(Usage(format!(
                "another export stands in {}: {there}; choose another directory",
                dir.display()
            ))
            .into());
        }
        Ok(manifest)
    }

    /// Of the export in a directory, if there is one.
    pub fn read(dir: &Path) -> Result<Option<Self>> {
        let path = dir.join(NAME);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        let mut manifest: Self = serde_json::from_str(&text)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        dir.clone_into(&mut manifest.dir);
        Ok(Some(manifest))
    }

    fn new(dir: &Path, asked: Asked) -> Result<Self> {
        fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
        let is_empty = fs::read_dir(dir)?.next().is_none();
        if !is_empty {
            return Err(Usage(format!(
                "{} holds something that is no export; choose another directory",
                dir.display()
            ))
            .into());
        }
        let manifest = Self {
            complete_to: asked.after,
            asked,
            parts: Vec::new(),
            dir: dir.to_owned(),
        };
        manifest.save()?;
        Ok(manifest)
    }

    /// One more file, with which everything up to a position is there.
    pub fn add(&mut self, file: File, complete_to: i64) -> Result<()> {
        self.parts.push(file);
        self.complete_to = complete_to;
        self.save()
    }

    /// Writes it.
    pub fn save(&self) -> Result<()> {
        let path = self.dir.join(NAME);
        let next = self.dir.join(".manifest.json.next");
        let mut json = serde_json::to_vec_pretty(self)?;
        json.push(b'\n');
        fs::write(&next, json).with_context(|| next.display().to_string())?;
        fs::rename(&next, &path).with_context(|| path.display().to_string())
    }

    /// `jsonl`, `csv` or `parquet`.
    pub fn format(&self) -> &str {
        &self.asked.format
    }

    /// Of which log.
    pub fn log_id(&self) -> &str {
        &self.asked.log_id
    }

    /// Events after this position.
    pub fn after(&self) -> i64 {
        self.asked.after
    }

    /// Whether only some of the events were asked for.
    pub fn is_selected(&self) -> bool {
        let Asked {
            types,
            conversation,
            user,
            ..
        } = &self.asked;
        !types.is_empty() || conversation.is_some() || user.is_some()
    }

    /// All events.
    pub fn events(&self) -> u64 {
        self.parts.iter().map(|part| part.events).sum()
    }

    /// All bytes.
    pub fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes).sum()
    }
}
