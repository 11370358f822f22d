//! Whether an index on disk is what was written.
//!
//! A flipped bit is seen neither by opening nor by searching, so everything is read against its checksum
//! now and then ([`verify`]). Between two such readings [`Stamps`] tell at the price of a few system
//! calls whether somebody has touched a file that nobody has any business to touch.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::{Index, IndexError};

/// What every segment has. One without positions opens all the same, and finds no phrase.
const PARTS: [&str; 6] = ["term", "idx", "pos", "fast", "fieldnorm", "store"];

/// How often a verification is begun again because a merge took segments away under it.
const TRIES: usize = 5;

/// Opens the index in a directory anew and reads all of it against its checksums.
pub fn verify(directory: &Path) -> Result<(), IndexError> {
    let mut tries = 1;
    loop {
        let before = segments(directory);
        match verify_once(directory) {
            // Only what is no longer used may go.
            Err(_)
                if tries < TRIES && before.is_ok() && before.ok() != segments(directory).ok() =>
            {
                tries += 1;
            }
            outcome => return outcome,
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
        let is_whole = index.library.directory().validate_checksum(&file);
        if !is_whole.map_err(tantivy::TantivyError::from)? {
            damaged.push(file);
        }
    }
    if damaged.is_empty() {
        Ok(())
    } else {
        Err(IndexError::Damaged(damaged))
    }
}

/// The segments of the last commit, by id.
fn segments(directory: &Path) -> Result<BTreeSet<String>, IndexError> {
    Index::open(directory)?.segments()
}

/// The files of these segments that are there, without their directory.
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

/// `0f3c….fast` is of segment `0f3c…`.
fn segment_of(file: &Path) -> &str {
    let name = file.to_str().unwrap_or_default();
    name.split_once('.').map_or(name, |(segment, _)| segment)
}

/// Length, time of the last change and number of a file.
type Stamp = (u64, i64, i64, u64);

/// The files of the last commit as they were when somebody looked.
#[derive(Debug, Default)]
pub struct Stamps {
    segments: BTreeSet<String>,
    files: BTreeMap<PathBuf, Stamp>,
}

impl Stamps {
    /// Looks at the files of an index.
    pub fn look(index: &Index, directory: &Path) -> Result<Self, IndexError> {
        let segments = index.segments()?;
        let mut files = BTreeMap::new();
        for file in segment_files(directory, &segments)? {
            match fs::metadata(directory.join(&file)) {
                Ok(found) => {
                    let stamp = (found.len(), found.mtime(), found.mtime_nsec(), found.ino());
                    files.insert(file, stamp);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Self { segments, files })
    }

    /// Whether a file was changed, or taken from a segment that is still there. Files never change
    /// once they are written; that a segment gets another list of what is deleted is no change.
    pub fn differ_from(&self, later: &Self) -> bool {
        self.files.iter().any(|(file, stamp)| {
            let is_deletions = file.extension().is_some_and(|ending| ending == "del");
            match later.files.get(file) {
                Some(now) => now != stamp,
                None => !is_deletions && later.segments.contains(segment_of(file)),
            }
        })
    }
}
