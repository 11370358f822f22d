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
pub enum Tampering {
    /// No file was modified.
    None,
    /// A file in use was modified or is missing; a full verification tells whether it is damaged.
    Present,
    /// A file had been modified when it was removed after a merge; the merged segment may contain
    /// the damage, and verification cannot detect it.
    Merged,
}

/// The length, modification time (seconds and nanoseconds) and inode number of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileFingerprint(u64, i64, i64, u64);

impl From<Metadata> for FileFingerprint {
    fn from(file: Metadata) -> Self {
        Self(file.len(), file.mtime(), file.mtime_nsec(), file.ino())
    }
}

/// The fingerprints of an index's files, as they were when written.
#[derive(Debug, Clone)]
pub(super) struct FileFingerprints {
    directory: Arc<Path>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<PathBuf, WatchedFile>,
    has_removed_tampered: bool,
}

#[derive(Debug)]
struct WatchedFile {
    written: FileFingerprint,
    /// As of the last check, so that each modification is reported once.
    last_seen: Option<FileFingerprint>,
}

impl FileFingerprints {
    pub fn new(directory: &Path) -> Self {
        Self {
            directory: directory.into(),
            state: Arc::default(),
        }
    }

    /// Records the fingerprints of existing files.
    pub fn record(&self, files: &BTreeSet<PathBuf>) -> io::Result<()> {
        for file in files {
            let Some(written) = self.read(file)? else {
                continue;
            };
            let seen = Some(written);
            let watched = WatchedFile {
                written,
                last_seen: seen,
            };
            self.lock().files.insert(file.clone(), watched);
        }
        Ok(())
    }

    /// Wraps a writer so that the file's fingerprint is recorded when it is complete.
    pub fn wrap_writer(&self, file: &Path, writer: WritePtr) -> WritePtr {
        BufWriter::new(Box::new(FingerprintingWriter {
            fingerprints: self.clone(),
            file: file.to_owned(),
            writer,
        }))
    }

    /// Checks a file for the last time before it is removed, and stops watching it.
    pub fn record_removal(&self, file: &Path) -> io::Result<()> {
        let now = self.read(file)?;
        let mut state = self.lock();
        let watched = state.files.remove(file);
        state.has_removed_tampered |= watched.is_some_and(|file| now != Some(file.written));
        Ok(())
    }

    /// Checks all watched files. Reports each modification once.
    pub fn check(&self) -> io::Result<Tampering> {
        let files: Vec<PathBuf> = self.lock().files.keys().cloned().collect();
        let mut tampering = Tampering::None;
        for file in files {
            let now = self.read(&file)?;
            // A file that was removed in the meantime was checked at that point.
            if let Some(watched) = self.lock().files.get_mut(&file)
                && watched.last_seen != now
            {
                watched.last_seen = now;
                tampering = Tampering::Present;
            }
        }
        if std::mem::take(&mut self.lock().has_removed_tampered) {
            tampering = Tampering::Merged;
        }
        Ok(tampering)
    }

    fn read(&self, file: &Path) -> io::Result<Option<FileFingerprint>> {
        match fs::metadata(self.directory.join(file)) {
            Ok(metadata) => Ok(Some(metadata.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A writer that records the fingerprint of its file when it is closed.
struct FingerprintingWriter {
    fingerprints: FileFingerprints,
    file: PathBuf,
    writer: WritePtr,
}

impl Write for FingerprintingWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl TerminatingWrite for FingerprintingWriter {
    fn terminate_ref(&mut self, token: AntiCallToken) -> io::Result<()> {
        self.writer.terminate_ref(token)?;
        self.fingerprints
            .record(&BTreeSet::from([self.file.clone()]))
    }
}
