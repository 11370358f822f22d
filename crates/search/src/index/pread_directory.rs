//! A tantivy directory that reads files with `pread` instead of `mmap`. If a mapped file is
//! truncated while it is read, SIGBUS kills the whole process; here, only that read returns an
//! error.
//!
//! What every search needs (dictionaries, columns, lengths) is read once and cached for as long as
//! a segment is open; postings are read on demand. Reopening a segment, as every refresh does,
//! reuses the open files.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use tantivy::HasLen;
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    Directory, DirectoryLock, FileHandle, Lock, MmapDirectory, OwnedBytes, WatchCallback,
    WatchHandle, WritePtr,
};

use super::file_fingerprints::FileFingerprints;

/// The extensions of files that are cached in memory as a whole.
const CACHED_EXTENSIONS: [&str; 4] = ["term", "fast", "fieldnorm", "del"];

/// A directory that reads files itself and records fingerprints of files that are written and
/// removed. Everything else is delegated to tantivy's [`MmapDirectory`].
#[derive(Clone)]
pub(super) struct PreadDirectory {
    path: Arc<Path>,
    mmap_directory: MmapDirectory,
    open_files: Arc<Mutex<HashMap<PathBuf, Weak<SegmentFile>>>>,
    fingerprints: FileFingerprints,
}

impl PreadDirectory {
    pub fn open(path: &Path) -> Result<Self, tantivy::TantivyError> {
        Ok(Self {
            path: path.into(),
            mmap_directory: MmapDirectory::open(path)?,
            open_files: Arc::default(),
            fingerprints: FileFingerprints::new(path),
        })
    }

    /// Returns the path of the directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the fingerprints of the files.
    pub fn fingerprints(&self) -> &FileFingerprints {
        &self.fingerprints
    }

    fn open_file(&self, name: &Path) -> io::Result<Arc<SegmentFile>> {
        let mut open = self
            .open_files
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = open.get(name).and_then(Weak::upgrade) {
            return Ok(file);
        }
        open.retain(|_, file| file.strong_count() > 0);
        let file = Arc::new(SegmentFile::open(&self.path.join(name))?);
        open.insert(name.to_owned(), Arc::downgrade(&file));
        Ok(file)
    }
}

impl fmt::Debug for PreadDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Files").field(&self.path).finish()
    }
}

/// An open file that is complete.
struct SegmentFile {
    file: File,
    length: usize,
    is_cached: bool,
    content: OnceLock<OwnedBytes>,
}

impl SegmentFile {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
        let ending = path.extension().and_then(|ending| ending.to_str());
        Ok(Self {
            file,
            length,
            is_cached: ending.is_some_and(|ending| CACHED_EXTENSIONS.contains(&ending)),
            content: OnceLock::new(),
        })
    }

    fn read(&self, range: Range<usize>) -> io::Result<OwnedBytes> {
        let mut bytes = vec![0; range.len()];
        self.file.read_exact_at(&mut bytes, range.start as u64)?;
        Ok(OwnedBytes::new(bytes))
    }
}

impl fmt::Debug for SegmentFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, {} bytes", self.file, self.length)
    }
}

impl HasLen for SegmentFile {
    fn len(&self) -> usize {
        self.length
    }
}

impl FileHandle for SegmentFile {
    fn read_bytes(&self, range: Range<usize>) -> io::Result<OwnedBytes> {
        if range.start > range.end || range.end > self.length {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("{range:?} of {} bytes", self.length),
            ));
        }
        if !self.is_cached {
            return self.read(range);
        }
        if let Some(whole) = self.content.get() {
            return Ok(whole.slice(range));
        }
        let whole = self.read(0..self.length)?;
        Ok(self.content.get_or_init(|| whole).slice(range))
    }
}

impl Directory for PreadDirectory {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        match self.open_file(path) {
            Ok(file) => Ok(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(OpenReadError::FileDoesNotExist(path.to_owned()))
            }
            Err(error) => Err(OpenReadError::wrap_io_error(error, path.to_owned())),
        }
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        self.fingerprints
            .record_removal(path)
            .map_err(|error| DeleteError::IoError {
                io_error: Arc::new(error),
                filepath: path.to_owned(),
            })?;
        self.mmap_directory.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.mmap_directory.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let writer = self.mmap_directory.open_write(path)?;
        Ok(self.fingerprints.wrap_writer(path, writer))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        self.mmap_directory.atomic_read(path)
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        self.mmap_directory.atomic_write(path, data)
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.mmap_directory.sync_directory()
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        self.mmap_directory.acquire_lock(lock)
    }

    fn watch(&self, watch_callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.mmap_directory.watch(watch_callback)
    }
}
