//! Reads a file line by line in bounded memory. The file is plain, gzip or zstd, detected by its
//! first bytes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result};

/// The maximum length of a line in bytes. A message of the maximum size is well below this, even
/// with every character escaped.
pub const MAX_LINE_BYTES: usize = 1024 * 1024;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// A reader of the lines of a file.
pub struct LineReader {
    reader: Box<dyn BufRead + Send>,
    file_bytes: u64,
    bytes_read: Arc<AtomicU64>,
    at_start: bool,
}

/// The result of reading a line.
#[derive(Debug, PartialEq, Eq)]
pub enum SourceLine {
    /// A line; its bytes are in the buffer.
    Line,
    /// The line was too long and has been skipped.
    TooLong,
    /// The end of the file.
    End,
}

impl LineReader {
    /// Opens a file.
    pub fn open(path: &Path) -> Result<Self> {
        let open = || -> io::Result<Self> {
            let file = File::open(path)?;
            let bytes = file.metadata()?.len();
            Self::decompress(file, bytes)
        };
        open().with_context(|| format!("cannot read {}", path.display()))
    }

    fn decompress(file: impl Read + Send + 'static, bytes: u64) -> io::Result<Self> {
        let read = Arc::new(AtomicU64::new(0));
        let mut packed = BufReader::new(CountingReader {
            inner: file,
            bytes_read: read.clone(),
        });
        let start = packed.fill_buf()?;
        let lines: Box<dyn BufRead + Send> = if start.starts_with(&GZIP_MAGIC) {
            // As gzip specifies, several concatenated members form one file.
            Box::new(BufReader::new(flate2::bufread::MultiGzDecoder::new(packed)))
        } else if start.starts_with(&ZSTD_MAGIC) {
            Box::new(BufReader::new(zstd::stream::read::Decoder::with_buffer(
                packed,
            )?))
        } else {
            Box::new(packed)
        };
        Ok(Self {
            reader: lines,
            file_bytes: bytes,
            bytes_read: read,
            at_start: true,
        })
    }

    /// The size of the file on disk, compressed or not.
    pub fn bytes(&self) -> u64 {
        self.file_bytes
    }

    /// The number of bytes of the file read so far.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    /// Returns the first `max` bytes, without a byte order mark, without consuming them.
    pub fn peek_start(&mut self, max: usize) -> io::Result<Vec<u8>> {
        let mut start = Vec::new();
        self.reader
            .by_ref()
            .take(max as u64)
            .read_to_end(&mut start)?;
        if start.starts_with(BYTE_ORDER_MARK) {
            start.drain(..BYTE_ORDER_MARK.len());
        }
        let rest = std::mem::replace(&mut self.reader, Box::new(io::empty()));
        self.reader = Box::new(io::Cursor::new(start.clone()).chain(rest));
        Ok(start)
    }

    /// The rest of the file as a byte stream, for formats that are not line-based.
    pub fn into_reader(self) -> impl Read {
        self.reader
    }

    /// Reads the next line into `buffer`, without its line ending.
    pub fn read_line(&mut self, buffer: &mut Vec<u8>) -> io::Result<SourceLine> {
        buffer.clear();
        let limit = MAX_LINE_BYTES as u64 + 1;
        let count = self.reader.by_ref().take(limit).read_until(b'\n', buffer)?;
        if count == 0 {
            return Ok(SourceLine::End);
        }
        if std::mem::take(&mut self.at_start) && buffer.starts_with(BYTE_ORDER_MARK) {
            buffer.drain(..BYTE_ORDER_MARK.len());
        }
        if buffer.last() == Some(&b'\n') {
            buffer.pop();
        } else if count > MAX_LINE_BYTES {
            buffer.clear();
            self.reader.skip_until(b'\n')?;
            return Ok(SourceLine::TooLong);
        }
        Ok(SourceLine::Line)
    }
}

/// A reader that counts the bytes read through it.
struct CountingReader<R> {
    inner: R,
    bytes_read: Arc<AtomicU64>,
}

impl<R: Read> Read for CountingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.bytes_read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn lines(bytes: Vec<u8>) -> Vec<Option<String>> {
        let size = bytes.len() as u64;
        let mut source = LineReader::decompress(io::Cursor::new(bytes), size).expect("opens");
        let mut buffer = Vec::new();
        let mut lines = Vec::new();
        loop {
            match source.read_line(&mut buffer).expect("reads") {
                SourceLine::Line => {
                    lines.push(Some(String::from_utf8(buffer.clone()).expect("text")));
                }
                SourceLine::TooLong => lines.push(None),
                SourceLine::End => break,
            }
        }
        assert_eq!(source.bytes_read(), size);
        lines
    }

    #[test]
    fn plain_gzip_and_zstd_yield_the_same_lines() {
        let text = "one\ntwo\r\n\nlast".as_bytes();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text).expect("compresses");
        let expected = ["one", "two\r", "", "last"].map(|line| Some(line.to_owned()));
        assert_eq!(lines(text.to_vec()), expected);
        assert_eq!(lines(gzip.finish().expect("compresses")), expected);
        assert_eq!(
            lines(zstd::encode_all(text, 1).expect("compresses")),
            expected
        );
    }

    #[test]
    fn concatenated_gzip_members_are_one_file() {
        let pack = |text: &str| {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(text.as_bytes()).expect("compresses");
            gzip.finish().expect("compresses")
        };
        let both = [pack("one\n"), pack("two\n")].concat();
        assert_eq!(
            lines(both),
            [Some("one".to_owned()), Some("two".to_owned())]
        );
    }

    #[test]
    fn too_long_line_is_skipped() {
        let exact = "y".repeat(MAX_LINE_BYTES);
        let text = format!("one\n{}\n{exact}\ntwo\n", "x".repeat(MAX_LINE_BYTES * 3));
        let expected = [
            Some("one".to_owned()),
            None,
            Some(exact),
            Some("two".to_owned()),
        ];
        assert!(lines(text.into_bytes()) == expected);
    }

    #[test]
    fn byte_order_mark_is_stripped() {
        assert_eq!(lines(b"\xef\xbb\xbf{}\n".to_vec()), [Some("{}".to_owned())]);
    }

    #[test]
    fn peeking_at_the_start_consumes_nothing() {
        let text = b"\xef\xbb\xbfone\ntwo\n";
        for max in [0, 5, 100] {
            let mut source =
                LineReader::decompress(io::Cursor::new(text), text.len() as u64).expect("opens");
            let start = source.peek_start(max).expect("reads");
            assert!(b"one\ntwo\n".starts_with(&start), "{start:?}");
            let mut buffer = Vec::new();
            assert_eq!(
                source.read_line(&mut buffer).expect("reads"),
                SourceLine::Line
            );
            assert_eq!(buffer, b"one");
        }
    }

    #[test]
    fn empty_file_has_no_lines() {
        assert!(lines(Vec::new()).is_empty());
    }
}
