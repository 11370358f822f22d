//! Whether an index on disk is what was written.
//!
//! A flipped bit is seen neither by opening nor by searching, so everything is read against its checksum
//! now and then ([`verify`]). Between two such readings [`Index::look`] tells at the price of a few system
//! calls whether somebody has touched a file that nobody has any business to touch.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::stamps::Touched;
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

impl Index {
    /// From now on the files of the last commit, and those that this process writes, are watched. What
    /// is to be found out about them as they are now has to be found out after this.
    pub fn watch(&self) -> Result<(), IndexError> {
        if let Some(files) = &self.files {
            let present = segment_files(files.path(), &self.segments()?)?;
            files.stamps().take(&present)?;
        }
        Ok(())
    }

    /// What has been done to the watched files since the last look by somebody who has no business to.
    /// An error if they cannot be looked at, or the last commit cannot be read.
    pub fn look(&self) -> Result<Touched, IndexError> {
        self.segments()?;
        match &self.files {
            Some(files) => Ok(files.stamps().look()?),
            None => Ok(Touched::No),
        }
    }
}
