//! The digest of the bytes of a file.

use crate::ids::{InvalidIdError, text_id};

text_id!(
    /// The SHA-256 of the bytes of a file: 64 hexadecimal digits in lower case.
    Sha256Digest,
    |text| {
        let is_legal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 64 || !text.bytes().all(is_legal) {
            return Err(InvalidIdError(
                "Expected a SHA-256 as 64 hexadecimal digits in lower case.",
            ));
        }
        Ok(())
    }
);
