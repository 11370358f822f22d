//! Integrity checks for an index on disk.
//!
//! Neither opening nor searching detects a flipped bit, so [`verify`] reads everything and compares
//! checksums periodically. In between, [`Index::check_files`] detects files that were modified from
//! outside, at the cost of a few system calls.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::error::IndexError;
use super::file_fingerprints::Tampering;
use super::handle::Index;

/// The extensions of the files that every segment has. A segment without positions still opens, but
/// finds no phrases.
const SEGMENT_EXTENSIONS: [&str; 6] = ["term", "idx", "pos", "fast", "fieldnorm", "store"];

/// The maximum number of attempts at a verification while merges remove segments.
const MAX_VERIFY_ATTEMPTS: usize = 5;

/// Opens the index in a directory, reads all of it and compares its checksums.
pub fn verify(directory: &Path) -> Result<(), IndexError> {
    let mut attempts = 1;
    loop {
        let before = read_segment_ids(directory);
        match verify_once(directory) {
            // Retry only if the set of segments changed: a merge may remove only files that are no
            // longer used.
            Err(_)
                if attempts < MAX_VERIFY_ATTEMPTS
                    && before.is_ok()
                    && before.ok() != read_segment_ids(directory).ok() =>
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
    let segments = index.segment_ids()?;
    let files = list_segment_files(directory, &segments)?;
    let parts = |segment| SEGMENT_EXTENSIONS.map(|part| PathBuf::from(format!("{segment}.{part}")));
    let mut damaged: Vec<PathBuf> = segments.iter().flat_map(parts).collect();
    damaged.retain(|part| !files.contains(part));
    for file in files {
        let is_intact = index.tantivy_index.directory().validate_checksum(&file);
        if !is_intact.map_err(tantivy::TantivyError::from)? {
            damaged.push(file);
        }
    }
    if damaged.is_empty() {
        Ok(())
    } else {
        Err(IndexError::Corrupted(damaged))
    }
}

/// Reads the ids of the last commit's segments.
fn read_segment_ids(directory: &Path) -> Result<BTreeSet<String>, IndexError> {
    Index::open(directory)?.segment_ids()
}

/// Lists the existing files of these segments, without their directory.
fn list_segment_files(
    directory: &Path,
    segments: &BTreeSet<String>,
) -> Result<BTreeSet<PathBuf>, IndexError> {
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        let name = Path::new(&name);
        if segments.contains(segment_id(name)) {
            files.insert(name.to_owned());
        }
    }
    Ok(files)
}

/// Returns the segment that a file belongs to: `0f3c….fast` belongs to `0f3c…`.
fn segment_id(file: &Path) -> &str {
    let name = file.to_str().unwrap_or_default();
    name.split_once('.').map_or(name, |(segment, _)| segment)
}

impl Index {
    /// Starts to watch the files of the last commit and those that this process writes. Verify
    /// their current content after this call, not before it.
    pub fn watch_files(&self) -> Result<(), IndexError> {
        if let Some(files) = &self.directory {
            let present = list_segment_files(files.path(), &self.segment_ids()?)?;
            files.fingerprints().record(&present)?;
        }
        Ok(())
    }

    /// Reports whether watched files were modified from outside since the previous check. Fails if
    /// the files or the last commit cannot be read.
    pub fn check_files(&self) -> Result<Tampering, IndexError> {
        self.segment_ids()?;
        match &self.directory {
            Some(files) => Ok(files.fingerprints().check()?),
            None => Ok(Tampering::None),
        }
    }
}
