//! Detects index files that were modified from outside.
//!
//! Index files never change once they are written. A file's fingerprint is recorded as soon as it
//! is written, and checked periodically and once more when the file is removed: a merge that read a
//! damaged segment has copied the damage into a new one, whose checksum is valid.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tantivy::directory::{AntiCallToken, TerminatingWrite, WritePtr};

/// The result of a check: whether files were modified since the previous one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touched {
    /// No file was modified.
    No,
    /// A file in use was modified or is missing; a full verification tells whether it is damaged.
    Here,
    /// A file had been modified when it was removed after a merge; the merged segment may contain
    /// the damage, and verification cannot detect it.
    Gone,
}

/// The length, modification time (seconds and nanoseconds) and inode number of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp(u64, i64, i64, u64);

impl From<Metadata> for Stamp {
    fn from(file: Metadata) -> Self {
        Self(file.len(), file.mtime(), file.mtime_nsec(), file.ino())
    }
}

/// The fingerprints of an index's files, as they were when written.
#[derive(Debug, Clone)]
pub(super) struct Stamps {
    directory: Arc<Path>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<PathBuf, Watched>,
    has_lost_a_touched_one: bool,
}

#[derive(Debug)]
struct Watched {
    written: Stamp,
    /// As of the last check, so that each modification is reported once.
    seen: Option<Stamp>,
}

impl Stamps {
    pub fn within(directory: &Path) -> Self {
        Self {
            directory: directory.into(),
            state: Arc::default(),
        }
    }

    /// Records the fingerprints of existing files.
    pub fn take(&self, files: &BTreeSet<PathBuf>) -> io::Result<()> {
        for file in files {
            let Some(written) = self.now(file)? else {
                continue;
            };
            let seen = Some(written);
            let watched = Watched { written, seen };
            self.state().files.insert(file.clone(), watched);
        }
        Ok(())
    }

    /// Wraps a writer so that the file's fingerprint is recorded when it is complete.
    pub fn on(&self, file: &Path, writer: WritePtr) -> WritePtr {
        BufWriter::new(Box::new(Stamped {
            stamps: self.clone(),
            file: file.to_owned(),
            writer,
        }))
    }

    /// Checks a file for the last time before it is removed, and stops watching it.
    pub fn leave(&self, file: &Path) -> io::Result<()> {
        let now = self.now(file)?;
        let mut state = self.state();
        let watched = state.files.remove(file);
        state.has_lost_a_touched_one |= watched.is_some_and(|file| now != Some(file.written));
        Ok(())
    }

    /// Checks all watched files. Reports each modification once.
    pub fn look(&self) -> io::Result<Touched> {
        let files: Vec<PathBuf> = self.state().files.keys().cloned().collect();
        let mut tampering = Touched::No;
        for file in files {
            let now = self.now(&file)?;
            // A file that was removed in the meantime was checked at that point.
            if let Some(watched) = self.state().files.get_mut(&file)
                && watched.seen != now
            {
                watched.seen = now;
                tampering = Touched::Here;
            }
        }
        if std::mem::take(&mut self.state().has_lost_a_touched_one) {
            tampering = Touched::Gone;
        }
        Ok(tampering)
    }

    fn now(&self, file: &Path) -> io::Result<Option<Stamp>> {
        match fs::metadata(self.directory.join(file)) {
            Ok(metadata) => Ok(Some(metadata.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A writer that records the fingerprint of its file when it is closed.
struct Stamped {
    stamps: Stamps,
    file: PathBuf,
    writer: WritePtr,
}

impl Write for Stamped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl TerminatingWrite for Stamped {
    fn terminate_ref(&mut self, token: AntiCallToken) -> io::Result<()> {
        self.writer.terminate_ref(token)?;
        self.stamps.take(&BTreeSet::from([self.file.clone()]))
    }
}
