//! Uploads that are not complete: one local file for each, which is locked while bytes arrive.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use bytes::BytesMut;
use sha2::{Digest as _, Sha256};

use crate::content::ContentFacts;
use crate::key::UploadKey;
use crate::store_error::is_full;

/// How many bytes are written at once. An upload holds no more in memory than this and one piece
/// from the connection.
const WRITE_BYTES: usize = 512 * 1024;

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
}

impl Staging {
    /// Opens the directory, and creates it if it does not exist.
    pub fn open(directory: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        Ok(Self {
            directory: directory.to_owned(),
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

    /// Opens the upload of a file, with the bytes that have arrived, or from the beginning.
    pub async fn resume(
        &self,
        key: UploadKey,
        from_start: bool,
    ) -> Result<StagedUpload, StagingError> {
        let path = self.path(key);
        run_blocking(move || StagedUpload::open(path, from_start)).await
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
    sink: Option<Sink>,
    pending: BytesMut,
    received: u64,
}

/// The open file, and the digest of what is in it.
#[derive(Debug)]
struct Sink {
    file: File,
    digest: Sha256,
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
    fn open(path: PathBuf, from_start: bool) -> Result<Self, StagingError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StagingError::Busy),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        if from_start {
            file.set_len(0)?;
        }
        let mut digest = Sha256::new();
        let received = digest_all(&mut file, &mut digest)?;
        Ok(Self {
            path,
            sink: Some(Sink { file, digest }),
            pending: BytesMut::with_capacity(WRITE_BYTES),
            received,
        })
    }

    /// How many bytes have arrived.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Adds bytes at the end.
    pub async fn append(&mut self, bytes: &[u8]) -> Result<(), StagingError> {
        self.pending.extend_from_slice(bytes);
        self.received += bytes.len() as u64;
        if self.pending.len() >= WRITE_BYTES {
            self.flush().await?;
        }
        Ok(())
    }

    /// Writes what has arrived to the file, so that the upload can resume after it.
    pub async fn flush(&mut self) -> Result<(), StagingError> {
        let Some(mut sink) = self.sink.take() else {
            return Err(io::Error::other("an earlier write failed").into());
        };
        let mut pending = std::mem::take(&mut self.pending);
        let (sink, pending) = run_blocking(move || {
            sink.file.write_all(&pending)?;
            sink.digest.update(&pending);
            pending.clear();
            Ok((sink, pending))
        })
        .await?;
        self.sink = Some(sink);
        self.pending = pending;
        Ok(())
    }

    /// Ends the upload: its bytes are on the disk, and it is known what they are.
    pub async fn complete(mut self) -> Result<CompletedUpload, StagingError> {
        self.flush().await?;
        let Some(Sink { mut file, digest }) = self.sink.take() else {
            return Err(io::Error::other("an earlier write failed").into());
        };
        let (path, size) = (self.path, self.received);
        run_blocking(move || {
            file.sync_all()?;
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

async fn discard(path: PathBuf) -> Result<(), StagingError> {
    match tokio::fs::remove_file(path).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Reads the file to its end. Returns the number of bytes.
fn digest_all(file: &mut File, digest: &mut Sha256) -> io::Result<u64> {
    file.seek(SeekFrom::Start(0))?;
    let mut buffer = vec![0; WRITE_BYTES];
    let mut total = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(total);
        }
        digest.update(&buffer[..read]);
        total += read as u64;
    }
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
