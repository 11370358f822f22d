//! What bytes are, whatever a client says of them.

use std::io::{BufReader, Read as _, Seek as _, SeekFrom};

/// How many bytes from the beginning decide the media type.
const HEAD_BYTES: u64 = 8_192;

/// Images with more pixels in a row or a column than this have no known dimensions.
const MAX_SIDE: usize = 1_000_000;

/// Bytes of no known format.
const UNKNOWN: &str = "application/octet-stream";

/// Text of any kind: also HTML, SVG and scripts, which are never named what they are, so that
/// nothing runs them.
const TEXT: &str = "text/plain";

/// The dimensions of an image in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageDimensions {
    /// The width, as the header says.
    pub width: u32,
    /// The height, as the header says.
    pub height: u32,
}

/// What bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentFacts {
    /// The media type.
    pub media_type: &'static str,
    /// The dimensions of an image, if its header says them.
    pub dimensions: Option<ImageDimensions>,
}

impl ContentFacts {
    /// Reads what the bytes of a file are. Decodes no image: only headers are read.
    pub(crate) fn read(file: &mut std::fs::File) -> std::io::Result<Self> {
        file.seek(SeekFrom::Start(0))?;
        let mut head = Vec::new();
        file.take(HEAD_BYTES).read_to_end(&mut head)?;
        let media_type = media_type_of(&head);
        let dimensions = if media_type.starts_with("image/") {
            file.seek(SeekFrom::Start(0))?;
            let size = imagesize::reader_size(BufReader::new(file)).ok();
            size.and_then(|size| to_dimensions(size.width, size.height))
        } else {
            None
        };
        Ok(Self {
            media_type,
            dimensions,
        })
    }
}

fn to_dimensions(width: usize, height: usize) -> Option<ImageDimensions> {
    let side = |pixels: usize| {
        let is_legal = (1..=MAX_SIDE).contains(&pixels);
        u32::try_from(pixels).ok().filter(|_| is_legal)
    };
    Some(ImageDimensions {
        width: side(width)?,
        height: side(height)?,
    })
}

fn media_type_of(head: &[u8]) -> &'static str {
    match infer::get(head).map(|kind| kind.mime_type()) {
        Some(kind) if kind.starts_with("text/") => TEXT,
        Some(kind) => kind,
        None if is_text(head) => TEXT,
        None => UNKNOWN,
    }
}

/// Whether the beginning of a file is UTF-8 text, whose last character may be cut.
fn is_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let is_binary = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}');
    !text.is_empty() && !text.contains(is_binary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_would_run_is_text_or_unknown() {
        for (bytes, expected) in [
            (&b"<html><script>alert(1)</script>"[..], TEXT),
            (b"<?xml version=\"1.0\"?><svg onload=\"alert(1)\"/>", TEXT),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", TEXT),
            (b"#!/bin/sh\necho hi", TEXT),
            ("grüße, 世".as_bytes(), TEXT),
            (&"界".as_bytes()[..2], UNKNOWN),
            (b"", UNKNOWN),
            (b"\0\x01\x02", UNKNOWN),
            (b"\x89PNG\r\n\x1a\n", "image/png"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"GIF89a/*<script>", "image/gif"),
            (b"%PDF-1.7", "application/pdf"),
        ] {
            assert_eq!(media_type_of(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn dimensions_are_within_what_a_message_can_say() {
        assert_eq!(to_dimensions(0, 5), None);
        assert_eq!(to_dimensions(5, 1_000_001), None);
        let known = ImageDimensions {
            width: 60_000,
            height: 1,
        };
        assert_eq!(to_dimensions(60_000, 1), Some(known));
    }
}
