//! The file in which the bytes of an upload arrive, and how they are written there.
//!
//! A large file is written past the page cache of the system: copying it there took two fifths of
//! the processor time of an upload, and pushes out what is read more often. The disk then takes the
//! bytes as they arrive, so that the final sync has little left to do.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};

use sha2::{Digest as _, Sha256};

/// How many bytes are written at once. An upload holds no more in memory than this and one piece
/// from the connection.
pub(crate) const WRITE_BYTES: usize = 512 * 1024;

/// Places in memory and in the file that are multiples of this suit every common disk.
const BLOCK_BYTES: usize = 4096;

/// The open file, the digest of what is in it, and the bytes that wait to be written to it.
#[derive(Debug)]
pub(crate) struct UploadFile {
    file: File,
    digest: Sha256,
    length: u64,
    pending: BlockBuffer,
    /// Whether blocks are to be written past the page cache.
    bypasses_cache: bool,
    /// Whether the next write does that.
    is_direct: bool,
}

impl UploadFile {
    /// Continues a file, which is to have this size, after what is in it.
    pub(crate) fn resume(mut file: File, size: u64, bypasses_cache: bool) -> io::Result<Self> {
        let mut digest = Sha256::new();
        let length = digest_all(&mut file, &mut digest)?;
        Ok(Self {
            file,
            digest,
            length,
            pending: BlockBuffer::new(size.saturating_sub(length)),
            bypasses_cache,
            is_direct: false,
        })
    }

    /// The number of bytes that are in the file.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Whether bytes wait to be written.
    pub(crate) fn has_pending(&self) -> bool {
        !self.pending.as_slice().is_empty()
    }

    /// Takes the first of these bytes. Returns the rest if what waits must be written before.
    pub(crate) fn push<'a>(&mut self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        // From then on, each write begins at a multiple of its size, wherever the file began.
        let room = WRITE_BYTES - (self.length % WRITE_BYTES as u64) as usize;
        self.pending.push(bytes, room)
    }

    /// Writes the bytes that wait.
    pub(crate) fn write(&mut self) -> io::Result<()> {
        let count = self.pending.as_slice().len();
        let are_blocks =
            self.length.is_multiple_of(BLOCK_BYTES as u64) && count.is_multiple_of(BLOCK_BYTES);
        self.write_directly(self.bypasses_cache && are_blocks)?;
        let mut written = 0;
        while written < count {
            match self.file.write(&self.pending.as_slice()[written..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(more) => written += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // This disk has larger blocks.
                Err(error) if self.is_direct && error.kind() == io::ErrorKind::InvalidInput => {
                    self.bypasses_cache = false;
                    self.write_directly(false)?;
                }
                Err(error) => return Err(error),
            }
        }
        self.digest.update(self.pending.as_slice());
        self.length += count as u64;
        self.pending.clear();
        Ok(())
    }

    /// Chooses how the next bytes are written. Not every file system has the choice.
    fn write_directly(&mut self, is_direct: bool) -> io::Result<()> {
        if self.is_direct == is_direct {
            return Ok(());
        }
        match set_direct(&self.file, is_direct) {
            Ok(()) => self.is_direct = is_direct,
            Err(_) if is_direct => self.bypasses_cache = false,
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Waits until the bytes are on the disk. Returns the file and the digest.
    pub(crate) fn sync(mut self) -> io::Result<(File, Sha256)> {
        self.write_directly(false)?;
        self.file.sync_all()?;
        Ok((self.file, self.digest))
    }
}

/// Bytes in memory that begin at the beginning of a block, and never move.
#[derive(Debug)]
struct BlockBuffer {
    bytes: Vec<u8>,
    /// Where the first block begins.
    start: usize,
    room: usize,
}

impl BlockBuffer {
    /// A buffer for an upload of which so many bytes are expected.
    fn new(expected: u64) -> Self {
        let expected = usize::try_from(expected).unwrap_or(WRITE_BYTES);
        let room = expected.clamp(BLOCK_BYTES, WRITE_BYTES);
        let mut bytes = Vec::<u8>::with_capacity(room + BLOCK_BYTES);
        let start = bytes.as_ptr().align_offset(BLOCK_BYTES).min(BLOCK_BYTES);
        bytes.resize(start, 0);
        Self { bytes, start, room }
    }

    /// Takes the first of these bytes, until there are `limit`. Returns the rest if it takes no
    /// more.
    fn push<'a>(&mut self, bytes: &'a [u8], limit: usize) -> Option<&'a [u8]> {
        let room = limit.min(self.room) - self.as_slice().len();
        let (first, rest) = bytes.split_at(room.min(bytes.len()));
        self.bytes.extend_from_slice(first);
        (first.len() == room).then_some(rest)
    }

    fn as_slice(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    fn clear(&mut self) {
        self.bytes.truncate(self.start);
    }
}

/// Reads the file to its end. Returns the number of bytes.
fn digest_all(file: &mut File, digest: &mut Sha256) -> io::Result<u64> {
    if file.metadata()?.len() == 0 {
        return Ok(0);
    }
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

/// Lets writes to the file pass the page cache, or not.
#[cfg(target_os = "linux")]
fn set_direct(file: &File, is_direct: bool) -> io::Result<()> {
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    let mut flags = fcntl_getfl(file)?;
    flags.set(OFlags::DIRECT, is_direct);
    Ok(fcntl_setfl(file, flags)?)
}

/// Lets writes to the file pass the page cache, or not.
#[cfg(not(target_os = "linux"))]
fn set_direct(_: &File, is_direct: bool) -> io::Result<()> {
    if is_direct {
        return Err(io::ErrorKind::Unsupported.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes pieces of these sizes after what is in the file. Returns all bytes of the file.
    fn write(path: &std::path::Path, pieces: &[usize], bypasses_cache: bool) -> Vec<u8> {
        let mut options = File::options();
        let options = options.read(true).write(true).create(true).truncate(false);
        let file = options.open(path).unwrap();
        let mut file = UploadFile::resume(file, u64::MAX, bypasses_cache).unwrap();
        let mut place = file.length();
        for size in pieces {
            let bytes: Vec<u8> = (place..).take(*size).map(|n| (n % 251) as u8).collect();
            let mut left = bytes.as_slice();
            while let Some(rest) = file.push(left) {
                file.write().unwrap();
                left = rest;
            }
            place += *size as u64;
        }
        file.write().unwrap();
        assert_eq!(file.length(), place);
        let digest = file.sync().unwrap().1.finalize();
        let written = std::fs::read(path).unwrap();
        assert_eq!(digest, Sha256::digest(&written));
        written
    }

    #[test]
    fn pieces_of_any_size_arrive_in_order() {
        for bypasses_cache in [false, true] {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("upload");
            // The first two requests end within a block, and the next goes on there.
            for pieces in [&[1, 0, 4095, 3 * WRITE_BYTES, 7][..], &[300_000; 9]] {
                write(&path, pieces, bypasses_cache);
            }
            let written = write(&path, &[WRITE_BYTES, WRITE_BYTES], bypasses_cache);
            let expected = 4_103 + 3 * WRITE_BYTES + 9 * 300_000 + 2 * WRITE_BYTES;
            assert_eq!(written.len(), expected);
            let is_right = |(place, byte): (usize, &u8)| *byte == (place % 251) as u8;
            assert!(written.iter().enumerate().all(is_right));
        }
    }

    #[test]
    fn a_buffer_begins_at_a_block_and_never_moves() {
        let mut buffer = BlockBuffer::new(1_000_000);
        let place = buffer.as_slice().as_ptr();
        assert_eq!(place.align_offset(BLOCK_BYTES), 0);
        let bytes = vec![1; WRITE_BYTES - 1];
        assert_eq!(buffer.push(&bytes, WRITE_BYTES), None);
        assert_eq!(buffer.push(&[2, 3], WRITE_BYTES), Some(&[3][..]));
        assert_eq!(buffer.as_slice().len(), WRITE_BYTES);
        assert_eq!(buffer.as_slice().as_ptr(), place);
        buffer.clear();
        assert_eq!(buffer.push(&[1, 2, 3], 2), Some(&[3][..]));
        assert_eq!(buffer.as_slice(), [1, 2]);
    }

    #[test]
    fn a_buffer_for_a_small_file_is_small() {
        assert!(BlockBuffer::new(10).bytes.capacity() <= 2 * BLOCK_BYTES);
    }
}
