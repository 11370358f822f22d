//! Uploads that are not complete: one local file for each, which is locked while bytes arrive.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use sha2::Digest as _;

use crate::content::ContentFacts;
use crate::key::UploadKey;
use crate::store_error::is_full;
use crate::upload_file::UploadFile;

/// Files of at least this size are written past the page cache. Smaller ones, such as most images,
/// are soon read: for previews, and by those who get the message.
const LARGE_BYTES: u64 = 16 * 1024 * 1024;

/// Why bytes were not staged.
#[derive(Debug, thiserror::Error)]
pub enum StagingError {
    /// Another request sends bytes of the same file at the moment.
    #[error("another request is uploading this file")]
    Busy,
    /// The disk failed, or is full.
    #[error("the directory for uploads failed: {0}")]
    Disk(#[from] io::Error),
}

impl StagingError {
    /// Whether the disk has no room.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Disk(error) if is_full(error))
    }
}

/// The directory of uploads that are not complete.
#[derive(Debug, Clone)]
pub struct Staging {
    directory: PathBuf,
    /// Whether large files are written past the page cache.
    bypasses_cache: bool,
}

impl Staging {
    /// Opens the directory, and creates it if it does not exist. `is_read_back` says whether the
    /// bytes of an upload are read as soon as it is complete.
    pub(crate) fn open(directory: &Path, is_read_back: bool) -> io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        Ok(Self {
            directory: directory.to_owned(),
            bypasses_cache: !is_read_back,
        })
    }

    fn path(&self, key: UploadKey) -> PathBuf {
        self.directory.join(key.to_string())
    }

    /// How many bytes of the file have arrived here.
    pub async fn received(&self, key: UploadKey) -> Result<u64, StagingError> {
        match tokio::fs::metadata(self.path(key)).await {
            Ok(metadata) => Ok(metadata.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Without its directory, nobody knows what has arrived.
                tokio::fs::metadata(&self.directory).await?;
                Ok(0)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Opens the upload of a file of this size, with the bytes that have arrived, or from the
    /// beginning.
    pub async fn resume(
        &self,
        key: UploadKey,
        size: u64,
        from_start: bool,
    ) -> Result<StagedUpload, StagingError> {
        let path = self.path(key);
        let bypasses_cache = self.bypasses_cache && size >= LARGE_BYTES;
        run_blocking(move || {
            let file = lock(&path, from_start)?;
            let file = UploadFile::resume(file, size, bypasses_cache)?;
            Ok(StagedUpload {
                path,
                received: file.length(),
                file: Some(file),
            })
        })
        .await
    }

    /// Removes the bytes of an upload that will not be completed.
    pub async fn remove(&self, key: UploadKey) -> io::Result<()> {
        match tokio::fs::remove_file(self.path(key)).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    /// The files that have bytes here.
    pub async fn list(&self) -> io::Result<Vec<UploadKey>> {
        let mut keys = Vec::new();
        let mut entries = tokio::fs::read_dir(&self.directory).await?;
        while let Some(entry) = entries.next_entry().await? {
            keys.extend(entry.file_name().to_str().and_then(UploadKey::parse));
        }
        Ok(keys)
    }
}

/// An upload whose bytes arrive. Nobody else writes them until it is dropped.
#[derive(Debug)]
pub struct StagedUpload {
    path: PathBuf,
    /// Absent after a write that failed.
    file: Option<UploadFile>,
    received: u64,
}

/// An upload whose bytes have all arrived, and are on the disk.
#[derive(Debug)]
pub struct CompletedUpload {
    pub(crate) path: PathBuf,
    /// Keeps the lock.
    pub(crate) file: File,
    /// The number of bytes.
    pub size: u64,
    /// Their SHA-256 as hexadecimal digits.
    pub sha256: String,
    /// What they are.
    pub facts: ContentFacts,
}

impl StagedUpload {
    /// How many bytes have arrived.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Adds bytes at the end.
    pub async fn append(&mut self, bytes: &[u8]) -> Result<(), StagingError> {
        let mut left = bytes;
        while let Some(rest) = self.open_file()?.push(left) {
            self.flush().await?;
            left = rest;
        }
        self.received += bytes.len() as u64;
        Ok(())
    }

    /// Writes what has arrived to the file, so that the upload can resume after it.
    pub async fn flush(&mut self) -> Result<(), StagingError> {
        if !self.open_file()?.has_pending() {
            return Ok(());
        }
        if let Some(mut file) = self.file.take() {
            let written = run_blocking(move || {
                file.write()?;
                Ok(file)
            });
            self.file = Some(written.await?);
        }
        Ok(())
    }

    fn open_file(&mut self) -> io::Result<&mut UploadFile> {
        self.file.as_mut().ok_or_else(earlier_failure)
    }

    /// Ends the upload: its bytes are on the disk, and it is known what they are.
    pub async fn complete(mut self) -> Result<CompletedUpload, StagingError> {
        self.flush().await?;
        let file = self.file.take().ok_or_else(earlier_failure)?;
        let (path, size) = (self.path, self.received);
        run_blocking(move || {
            let (mut file, digest) = file.sync()?;
            let facts = ContentFacts::read(&mut file)?;
            Ok(CompletedUpload {
                path,
                file,
                size,
                sha256: to_hex(&digest.finalize()),
                facts,
            })
        })
        .await
    }

    /// Removes what has arrived.
    pub async fn discard(self) -> Result<(), StagingError> {
        discard(self.path).await
    }
}

impl CompletedUpload {
    /// Removes what has arrived.
    pub async fn discard(self) -> Result<(), StagingError> {
        discard(self.path).await
    }
}

fn earlier_failure() -> io::Error {
    io::Error::other("an earlier write failed")
}

async fn discard(path: PathBuf) -> Result<(), StagingError> {
    match tokio::fs::remove_file(path).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Opens a file that nobody else has open.
fn lock(path: &Path, from_start: bool) -> Result<File, StagingError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let file = options.open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(StagingError::Busy),
        Err(TryLockError::Error(error)) => return Err(error.into()),
    }
    if from_start {
        file.set_len(0)?;
    }
    Ok(file)
}

fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Runs what waits for the disk on a thread that may wait.
async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StagingError> + Send + 'static,
) -> Result<T, StagingError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(io::Error::other(error).into()),
    }
}
