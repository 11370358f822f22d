//! Hexadecimal encoding and decoding of bytes.

/// Encodes bytes as hexadecimal text, two lower-case digits per byte.
pub fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0xf])
        .map(|half| char::from(DIGITS[usize::from(half)]));
    digits.collect()
}

/// Decodes hexadecimal text. Returns `None` for an odd length or a character that is not a
/// hexadecimal digit.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding_reverses_encoding() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(from_hex(&to_hex(&bytes)), Some(bytes));
        for bad in ["0", "zz", "0x"] {
            assert_eq!(from_hex(bad), None, "{bad}");
        }
    }
}
