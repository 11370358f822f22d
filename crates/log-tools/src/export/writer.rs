//! What the writers of all file formats have in common.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read as _, Write};
use std::path::Path;

use anyhow::{Context as _, Result};
use domain::envelope::Envelope;
use domain::hex::to_hex;
use sha2::{Digest as _, Sha256};

/// What the name of every file begins with.
pub(super) const FILE_PREFIX: &str = "events-";

/// How much of a file is read at a time.
const CHUNK_BYTES: usize = 256 * 1024;

/// A writer of one file format.
pub trait PartWriter {
    /// Writes an event.
    fn write_event(&mut self, event: &Envelope) -> Result<()>;
    /// Writes the rest of the file and returns it.
    fn finish(self: Box<Self>) -> Result<HashedFile>;
}

/// A file whose SHA-256 digest is computed while it is written.
pub struct HashedFile {
    file: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
}

impl HashedFile {
    /// Starts writing to an empty file.
    pub fn new(file: File) -> Self {
        Self {
            file: BufWriter::with_capacity(1 << 20, file),
            hash: Sha256::new(),
            bytes: 0,
        }
    }

    /// Syncs the flushed file to disk. Returns its size and its digest in hexadecimal.
    pub fn sync(self) -> io::Result<(u64, String)> {
        self.file.get_ref().sync_all()?;
        Ok((self.bytes, to_hex(&self.hash.finalize())))
    }

    /// The flushed file.
    pub fn file(&self) -> &File {
        self.file.get_ref()
    }
}

/// Gives a complete file its name. Both survive a power loss, so what is written later may name it.
pub fn put_in_place(file: &File, temp_path: &Path, path: &Path) -> Result<()> {
    let directory = path.parent().context("a file is in a directory")?;
    let placed = file
        .sync_all()
        .and_then(|()| fs::rename(temp_path, path))
        .and_then(|()| File::open(directory)?.sync_all());
    placed.with_context(|| path.display().to_string())
}

impl Write for HashedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The SHA-256 digest of a file, in hexadecimal.
pub(crate) fn file_digest(path: &Path, mut on_read: impl FnMut(u64)) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let count = file.read(&mut chunk)?;
        if count == 0 {
            return Ok(to_hex(&hash.finalize()));
        }
        hash.update(&chunk[..count]);
        on_read(count as u64);
    }
}
