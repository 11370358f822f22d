//! The file: plain, gzip or zstd, told apart by its first bytes, and read in bounded memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result};

/// The longest line that is read. A message of the largest size, with every character escaped,
/// is well below.
pub const MAX_LINE_BYTES: usize = 1024 * 1024;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// A file of lines.
pub struct Source {
    lines: Box<dyn BufRead + Send>,
    bytes: u64,
    read: Arc<AtomicU64>,
    at_start: bool,
}

/// What stands on a line.
#[derive(Debug, PartialEq, Eq)]
pub enum Text {
    /// Its bytes are in the buffer.
    Line,
    /// More bytes than a line may have; they were passed over.
    TooLong,
    /// The file has ended.
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
            // Several files packed one after the other are one file, as gzip has it.
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

    /// The size of the file as it is, packed or not.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How much of it has been read.
    pub fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// The first bytes, at most so many, without a byte order mark. They are read again afterwards.
    pub fn start(&mut self, most: usize) -> io::Result<Vec<u8>> {
        let mut start = Vec::new();
        self.lines
            .by_ref()
            .take(most as u64)
            .read_to_end(&mut start)?;
        if start.starts_with(BYTE_ORDER_MARK) {
            start.drain(..BYTE_ORDER_MARK.len());
        }
        let rest = std::mem::replace(&mut self.lines, Box::new(io::empty()));
        self.lines = Box::new(io::Cursor::new(start.clone()).chain(rest));
        Ok(start)
    }

    /// The whole as one text, for what is not made of lines.
    pub fn into_text(self) -> impl Read {
        self.lines
    }

    /// Reads the next line into `buffer`, without its end.
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

/// Counts what is read through it.
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
    fn plain_gzip_and_zstd_are_the_same_lines() {
        let text = "one\ntwo\r\n\nlast".as_bytes();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text).expect("packs");
        let expected = ["one", "two\r", "", "last"].map(|line| Some(line.to_owned()));
        assert_eq!(lines(text.to_vec()), expected);
        assert_eq!(lines(gzip.finish().expect("packs")), expected);
        assert_eq!(lines(zstd::encode_all(text, 1).expect("packs")), expected);
    }

    #[test]
    fn packed_files_one_after_the_other_are_one_file() {
        let pack = |text: &str| {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(text.as_bytes()).expect("packs");
            gzip.finish().expect("packs")
        };
        let both = [pack("one\n"), pack("two\n")].concat();
        assert_eq!(
            lines(both),
            [Some("one".to_owned()), Some("two".to_owned())]
        );
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over() {
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
    fn a_byte_order_mark_is_not_part_of_the_first_line() {
        assert_eq!(lines(b"\xef\xbb\xbf{}\n".to_vec()), [Some("{}".to_owned())]);
    }

    #[test]
    fn looking_at_the_start_takes_nothing_away() {
        let text = b"\xef\xbb\xbfone\ntwo\n";
        for most in [0, 5, 100] {
            let mut source =
                Source::unpack(io::Cursor::new(text), text.len() as u64).expect("opens");
            let start = source.start(most).expect("reads");
            assert!(b"one\ntwo\n".starts_with(&start), "{start:?}");
            let mut buffer = Vec::new();
            assert_eq!(source.next(&mut buffer).expect("reads"), Text::Line);
            assert_eq!(buffer, b"one");
        }
    }

    #[test]
    fn an_empty_file_has_no_lines() {
        assert!(lines(Vec::new()).is_empty());
    }
}
