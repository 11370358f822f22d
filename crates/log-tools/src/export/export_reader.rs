//! Reads an export, to verify it.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use data_dir::UsageError;
use domain::envelope::Envelope;

use super::manifest::Manifest;

/// A reader of an export in JSON lines that begins with the first event of the log.
pub struct ExportReader {
    manifest: Manifest,
    dir: PathBuf,
}

impl ExportReader {
    /// Opens the export in a directory.
    pub fn open(dir: &Path) -> Result<Self> {
        let manifest = Manifest::read(dir)?
            .with_context(|| format!("{} does not contain an export", dir.display()))
            .map_err(|error| UsageError(format!("{error:#}")))?;
        if manifest.format() != "jsonl" {
            return Err(
                UsageError("only exports in the format jsonl can be verified".into()).into(),
            );
        }
        if manifest.after() > 0 {
            let why =
                "this export does not begin at the start of the log and has no seals to verify";
            return Err(UsageError(why.into()).into());
        }
        let dir = dir.to_owned();
        Ok(Self { manifest, dir })
    }

    /// The id of the exported log.
    pub fn log_id(&self) -> &str {
        self.manifest.log_id()
    }

    /// The position up to which the export is complete.
    pub fn complete_to(&self) -> i64 {
        self.manifest.complete_to().position
    }

    /// Whether the export contains only selected events.
    pub fn is_filtered(&self) -> bool {
        self.manifest.is_filtered()
    }

    /// The events, in the order of the files.
    pub fn events(&self) -> Result<impl Iterator<Item = Result<Envelope>> + use<>> {
        let paths: Vec<PathBuf> = self
            .manifest
            .parts
            .iter()
            .map(|part| self.dir.join(&part.path))
            .collect();
        let files = paths.into_iter().map(|path| {
            let file = File::open(&path).with_context(|| path.display().to_string())?;
            Ok((path, BufReader::new(file)))
        });
        let files: Vec<_> = files.collect::<Result<_>>()?;
        Ok(files.into_iter().flat_map(|(path, file)| {
            file.lines().zip(1..).map(move |(line, number)| {
                let context = || format!("cannot parse {} line {number}", path.display());
                Envelope::from_json(line?.as_bytes()).with_context(context)
            })
        }))
    }
}
