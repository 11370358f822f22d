//! Reads an export, to verify it.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::iter;
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

    /// The number of events in it.
    pub fn event_count(&self) -> u64 {
        self.manifest.events()
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
    let file = match File::open(&path).with_context(|| path.display().to_string()) {
        Ok(file) => BufReader::new(file),
        Err(error) => return Box::new(iter::once(Err(error))),
    };
    Box::new(file.lines().zip(1..).map(move |(line, number)| {
        let context = || format!("cannot parse {} line {number}", path.display());
        Envelope::from_json(line?.as_bytes()).with_context(context)
    }))
}
