//! Reading an export again, to verify it.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use domain::envelope::Envelope;

use super::manifest::Manifest;
use crate::usage::Usage;

/// An export in JSON lines that begins with the first event of the log.
pub struct Exported {
    manifest: Manifest,
    dir: PathBuf,
}

impl Exported {
    /// The one in a directory.
    pub fn open(dir: &Path) -> Result<Self> {
        let manifest = Manifest::read(dir)?
            .with_context(|| format!("{} holds no export", dir.display()))
            .map_err(|error| Usage(format!("{error:#}")))?;
        if manifest.format() != "jsonl" {
            return Err(Usage("only exports in JSON lines can be verified".into()).into());
        }
        if manifest.after() > 0 {
            let why = "this export begins in the middle of the log, where no chain of seals begins";
            return Err(Usage(why.into()).into());
        }
        let dir = dir.to_owned();
        Ok(Self { manifest, dir })
    }

    /// Of which log.
    pub fn log_id(&self) -> &str {
        self.manifest.log_id()
    }

    /// How far it is.
    pub fn complete_to(&self) -> i64 {
        self.manifest.complete_to
    }

    /// Whether it holds only some of the events.
    pub fn is_selected(&self) -> bool {
        self.manifest.is_selected()
    }

    /// The events, as they stand in the files.
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
                let place = || format!("{} line {number} cannot be read", path.display());
                Envelope::from_json(line?.as_bytes()).with_context(place)
            })
        }))
    }
}
