//! Integrity checks for an index on disk.
//!
//! Neither opening nor searching detects a flipped bit, so [`verify`] reads everything and compares
//! checksums periodically. In between, [`Index::check_files`] detects files that were modified from
//! outside, at the cost of a few system calls.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::stamps::Touched;
use super::{Index, IndexError};

/// The extensions of the files that every segment has. A segment without positions still opens, but
/// finds no phrases.
const PARTS: [&str; 6] = ["term", "idx", "pos", "fast", "fieldnorm", "store"];

/// The maximum number of attempts at a verification while merges remove segments.
const TRIES: usize = 5;

/// Opens the index in a directory, reads all of it and compares its checksums.
pub fn verify(directory: &Path) -> Result<(), IndexError> {
    let mut attempts = 1;
    loop {
        let before = segments(directory);
        match verify_once(directory) {
            // Retry only if the set of segments changed: a merge may remove only files that are no
            // longer used.
            Err(_)
                if attempts < TRIES
                    && before.is_ok()
                    && before.ok() != segments(directory).ok() =>
            {
                attempts += 1;
            }
            result => return result,
        }
    }
}

fn verify_once(directory: &Path) -> Result<(), IndexError> {
    let index = Index::open(directory)?;
    index.checkpoint()?;
    let segments = index.segments()?;
    let files = segment_files(directory, &segments)?;
    let parts = |segment| PARTS.map(|part| PathBuf::from(format!("{segment}.{part}")));
    let mut damaged: Vec<PathBuf> = segments.iter().flat_map(parts).collect();
    damaged.retain(|part| !files.contains(part));
    for file in files {
        let is_intact = index.library.directory().validate_checksum(&file);
        if !is_intact.map_err(tantivy::TantivyError::from)? {
            damaged.push(file);
        }
    }
    if damaged.is_empty() {
        Ok(())
    } else {
        Err(IndexError::Damaged(damaged))
    }
}

/// Reads the ids of the last commit's segments.
fn segments(directory: &Path) -> Result<BTreeSet<String>, IndexError> {
    Index::open(directory)?.segments()
}

/// Lists the existing files of these segments, without their directory.
fn segment_files(
    directory: &Path,
    segments: &BTreeSet<String>,
) -> Result<BTreeSet<PathBuf>, IndexError> {
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        let name = Path::new(&name);
        if segments.contains(segment_of(name)) {
            files.insert(name.to_owned());
        }
    }
    Ok(files)
}

/// Returns the segment that a file belongs to: `0f3c….fast` belongs to `0f3c…`.
fn segment_of(file: &Path) -> &str {
    let name = file.to_str().unwrap_or_default();
    name.split_once('.').map_or(name, |(segment, _)| segment)
}

impl Index {
    /// Starts to watch the files of the last commit and those that this process writes. Verify
    /// their current content after this call, not before it.
    pub fn watch(&self) -> Result<(), IndexError> {
        if let Some(files) = &self.files {
            let present = segment_files(files.path(), &self.segments()?)?;
            files.stamps().take(&present)?;
        }
        Ok(())
    }

    /// Reports whether watched files were modified from outside since the previous check. Fails if
    /// the files or the last commit cannot be read.
    pub fn look(&self) -> Result<Touched, IndexError> {
        self.segments()?;
        match &self.files {
            Some(files) => Ok(files.stamps().look()?),
            None => Ok(Touched::No),
        }
    }
}
