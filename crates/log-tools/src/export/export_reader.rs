//! Reads an export, to verify it or to load it.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::iter;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use data_dir::UsageError;
use domain::envelope::Envelope;
use domain::history::{CursorReference, History};

use super::epochs;
use super::manifest::Manifest;
use super::parquet_reader;
use super::seals::SEALS_FILE;
use super::writer::file_digest;

/// A reader of an export.
pub struct ExportReader {
    manifest: Manifest,
    dir: PathBuf,
}

impl ExportReader {
    /// Opens the export in a directory to verify it: it is in JSON lines, and begins with the first
    /// event of the log.
    pub fn open(dir: &Path) -> Result<Self> {
        let export = Self::open_any(dir)?;
        if export.manifest.format() != "jsonl" {
            return Err(
                UsageError("only exports in the format jsonl can be verified".into()).into(),
            );
        }
        if export.after() > 0 {
            let why =
                "this export does not begin at the start of the log and has no seals to verify";
            return Err(UsageError(why.into()).into());
        }
        Ok(export)
    }

    /// Opens an export from which complete events can be read: CSV files cannot be read back
    /// without doubt.
    pub fn open_any(dir: &Path) -> Result<Self> {
        let manifest = Manifest::read(dir)?
            .with_context(|| format!("{} does not contain an export", dir.display()))
            .map_err(|error| UsageError(format!("{error:#}")))?;
        if !matches!(manifest.format(), "jsonl" | "parquet") {
            let text = format!(
                "{} contains an export in the format {}, from which events cannot be read: export \
                 as jsonl or parquet",
                dir.display(),
                manifest.format()
            );
            return Err(UsageError(text).into());
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

    /// The cursor of that position.
    pub fn cursor(&self) -> CursorReference {
        self.manifest.complete_to()
    }

    /// The export begins after this position.
    pub fn after(&self) -> i64 {
        self.manifest.after()
    }

    /// The number of events.
    pub fn event_count(&self) -> u64 {
        self.manifest.events()
    }

    /// Whether the export contains only selected events.
    pub fn is_filtered(&self) -> bool {
        self.manifest.is_filtered()
    }

    /// The file with the seals, if the export has one.
    pub fn seals_file(&self) -> Option<PathBuf> {
        let file = self.dir.join(SEALS_FILE);
        file.exists().then_some(file)
    }

    /// The epochs of the exported positions; `None` if an older release made the export.
    pub fn history(&self) -> Result<Option<History>> {
        epochs::read(&self.dir)
    }

    /// Compares every file with its digest. The error names the first one that differs.
    pub fn check_files(&self) -> Result<()> {
        for part in &self.manifest.parts {
            let path = self.dir.join(&part.path);
            let found = file_digest(&path, |_| ()).with_context(|| {
                format!("the export is damaged: cannot read {}", path.display())
            })?;
            if found != part.sha256 {
                bail!(
                    "the export is damaged: {} does not match its digest in the manifest",
                    path.display()
                );
            }
        }
        Ok(())
    }

    /// The events, in the order of the files. Files whose positions overlap, because other times
    /// than those of the log distribute the events, are merged.
    pub fn events(&self) -> impl Iterator<Item = Result<Envelope>> + use<> {
        let mut groups: Vec<(i64, Vec<PathBuf>)> = Vec::new();
        for part in &self.manifest.parts {
            let path = self.dir.join(&part.path);
            match groups.last_mut() {
                Some((last, paths)) if part.first <= *last => {
                    *last = part.last.max(*last);
                    paths.push(path);
                }
                _ => groups.push((part.last, vec![path])),
            }
        }
        groups.into_iter().flat_map(|(_, paths)| read_group(paths))
    }
}

/// The events of files that overlap. An export writes them together, so they fit into memory.
fn read_group(paths: Vec<PathBuf>) -> Box<dyn Iterator<Item = Result<Envelope>>> {
    let is_alone = paths.len() == 1;
    let events = paths.into_iter().flat_map(read_file);
    if is_alone {
        return Box::new(events);
    }
    match events.collect::<Result<Vec<Envelope>>>() {
        Ok(mut events) => {
            events.sort_by_key(|event| event.position);
            Box::new(events.into_iter().map(Ok))
        }
        Err(error) => Box::new(iter::once(Err(error))),
    }
}

/// The events of a file, which is opened when the first one is read: an export of years has more
/// files than a process may open at a time.
fn read_file(path: PathBuf) -> Box<dyn Iterator<Item = Result<Envelope>>> {
    if path.extension().is_some_and(|format| format == "parquet") {
        return parquet_reader::read_file(&path);
    }
    let file = match File::open(&path).with_context(|| path.display().to_string()) {
        Ok(file) => BufReader::new(file),
        Err(error) => return Box::new(iter::once(Err(error))),
    };
    Box::new(file.lines().zip(1..).map(move |(line, number)| {
        let context = || format!("cannot parse {} line {number}", path.display());
        Envelope::from_json(line?.as_bytes()).with_context(context)
    }))
}
