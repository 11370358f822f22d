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

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// A reader of the lines of a file.
pub struct Source {
    lines: Box<dyn BufRead + Send>,
    bytes: u64,
    read: Arc<AtomicU64>,
    at_start: bool,
}

/// The result of reading a line.
#[derive(Debug, PartialEq, Eq)]
pub enum Text {
    /// A line; its bytes are in the buffer.
    Line,
    /// The line was too long and has been skipped.
    TooLong,
    /// The end of the file.
    End,
}

impl Source {
    /// Opens a file.
    pub fn open(path: &Path) -> Result<Self> {
        let open = || -> io::Result<Self> {
            let file = File::open(path)?;
            let bytes = file.metadata()?.len();
            Self::unpack(file, bytes)
        };
        open().with_context(|| format!("cannot read {}", path.display()))
    }

    fn unpack(file: impl Read + Send + 'static, bytes: u64) -> io::Result<Self> {
        let read = Arc::new(AtomicU64::new(0));
        let mut packed = BufReader::new(Counted {
            inner: file,
            read: read.clone(),
        });
        let start = packed.fill_buf()?;
        let lines: Box<dyn BufRead + Send> = if start.starts_with(&GZIP) {
            // As gzip specifies, several concatenated members form one file.
            Box::new(BufReader::new(flate2::bufread::MultiGzDecoder::new(packed)))
        } else if start.starts_with(&ZSTD) {
            Box::new(BufReader::new(zstd::stream::read::Decoder::with_buffer(
                packed,
            )?))
        } else {
            Box::new(packed)
        };
        Ok(Self {
            lines,
            bytes,
            read,
            at_start: true,
        })
    }

    /// The size of the file on disk, compressed or not.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The number of bytes of the file read so far.
    pub fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Returns the first `max` bytes, without a byte order mark, without consuming them.
    pub fn start(&mut self, max: usize) -> io::Result<Vec<u8>> {
        let mut start = Vec::new();
        self.lines
            .by_ref()
            .take(max as u64)
            .read_to_end(&mut start)?;
        if start.starts_with(BYTE_ORDER_MARK) {
            start.drain(..BYTE_ORDER_MARK.len());
        }
        let rest = std::mem::replace(&mut self.lines, Box::new(io::empty()));
        self.lines = Box::new(io::Cursor::new(start.clone()).chain(rest));
        Ok(start)
    }

    /// The rest of the file as a byte stream, for formats that are not line-based.
    pub fn into_text(self) -> impl Read {
        self.lines
    }

    /// Reads the next line into `buffer`, without its line ending.
    pub fn next(&mut self, buffer: &mut Vec<u8>) -> io::Result<Text> {
        buffer.clear();
        let limit = MAX_LINE_BYTES as u64 + 1;
        let count = self.lines.by_ref().take(limit).read_until(b'\n', buffer)?;
        if count == 0 {
            return Ok(Text::End);
        }
        if std::mem::take(&mut self.at_start) && buffer.starts_with(BYTE_ORDER_MARK) {
            buffer.drain(..BYTE_ORDER_MARK.len());
        }
        if buffer.last() == Some(&b'\n') {
            buffer.pop();
        } else if count > MAX_LINE_BYTES {
            buffer.clear();
            self.lines.skip_until(b'\n')?;
            return Ok(Text::TooLong);
        }
        Ok(Text::Line)
    }
}

/// A reader that counts the bytes read through it.
struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn lines(bytes: Vec<u8>) -> Vec<Option<String>> {
        let size = bytes.len() as u64;
        let mut source = Source::unpack(io::Cursor::new(bytes), size).expect("opens");
        let mut buffer = Vec::new();
        let mut lines = Vec::new();
        loop {
            match source.next(&mut buffer).expect("reads") {
                Text::Line => lines.push(Some(String::from_utf8(buffer.clone()).expect("text"))),
                Text::TooLong => lines.push(None),
                Text::End => break,
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
                Source::unpack(io::Cursor::new(text), text.len() as u64).expect("opens");
            let start = source.start(max).expect("reads");
            assert!(b"one\ntwo\n".starts_with(&start), "{start:?}");
            let mut buffer = Vec::new();
            assert_eq!(source.next(&mut buffer).expect("reads"), Text::Line);
            assert_eq!(buffer, b"one");
        }
    }

    #[test]
    fn empty_file_has_no_lines() {
        assert!(lines(Vec::new()).is_empty());
    }
}
