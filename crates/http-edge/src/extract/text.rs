//! Rejects text that is valid in JSON or a URL but cannot be used: U+0000, which Postgres cannot
//! store, and lone surrogates, which are not characters.

/// The reason why a text is rejected.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(super) enum TextError {
    NotUtf8,
    Nul,
    LoneSurrogate,
    InvalidPercentEncoding,
}

impl TextError {
    pub(super) fn message(self) -> &'static str {
        match self {
            Self::NotUtf8 => "the text is not UTF-8",
            Self::Nul => "the text contains U+0000",
            Self::LoneSurrogate => "the text contains a lone surrogate",
            Self::InvalidPercentEncoding => "a % is not followed by two hexadecimal digits",
        }
    }
}

/// The bytes of a JSON document as text, if no string in it contains U+0000 or a lone surrogate.
/// This also checks the strings that a parser skips. It does not prove that the document is valid
/// JSON.
pub(super) fn check_json_text(bytes: &[u8]) -> Result<&str, TextError> {
    let text = std::str::from_utf8(bytes).map_err(|_| TextError::NotUtf8)?;
    let mut rest = bytes;
    // `contains` is vectorised; most documents contain no escapes.
    if bytes.contains(&0) {
        return Err(TextError::Nul);
    }
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let escape = &rest[at..];
        rest = match parse_utf16_unit(escape) {
            Some(0) => return Err(TextError::Nul),
            Some(0xD800..=0xDBFF) => match parse_utf16_unit(&escape[6..]) {
                Some(0xDC00..=0xDFFF) => &escape[12..],
                _ => return Err(TextError::LoneSurrogate),
            },
            Some(0xDC00..=0xDFFF) => return Err(TextError::LoneSurrogate),
            Some(_) => &escape[6..],
            // Any other escape, such as an escaped backslash, has two bytes.
            None => escape.get(2..).unwrap_or_default(),
        };
    }
    Ok(text)
}

/// Parses the UTF-16 unit of a `\uXXXX` at the start of the bytes. The JSON parser reports an
/// invalid one.
fn parse_utf16_unit(bytes: &[u8]) -> Option<u16> {
    let digits = bytes.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |unit, digit| {
        let value = char::from(*digit).to_digit(16)?;
        Some(unit << 4 | value as u16)
    })
}

/// Checks percent-encoded text (a path or a query) before it is decoded, because the decoders that
/// follow accept or replace invalid encodings.
pub(super) fn check_percent_encoding(text: &str) -> Result<(), TextError> {
    let bytes = text.as_bytes();
    if !bytes.contains(&b'%') {
        return Ok(());
    }
    let hexadecimal = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    let mut at = 0;
    while let Some(found) = bytes[at..].iter().position(|byte| *byte == b'%') {
        at += found + 1;
        if !hexadecimal(at) || !hexadecimal(at + 1) {
            return Err(TextError::InvalidPercentEncoding);
        }
        if &bytes[at..at + 2] == b"00" {
            return Err(TextError::Nul);
        }
    }
    percent_encoding::percent_decode(bytes)
        .decode_utf8()
        .map_err(|_| TextError::NotUtf8)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_interpreted_as_by_a_json_parser() {
        let defect = |text: &str| check_json_text(text.as_bytes()).err();
        assert_eq!(defect(r#"{"a":"plain"}"#), None);
        assert_eq!(defect(r#"{"a":"\u0000"}"#), Some(TextError::Nul));
        assert_eq!(defect(r#"{"\u0000":1}"#), Some(TextError::Nul));
        assert_eq!(defect(r#"{"a":"\\u0000"}"#), None);
        assert_eq!(defect(r#"{"a":"\\\u0000"}"#), Some(TextError::Nul));
        assert_eq!(defect(r#"{"a":"\\\\u0000"}"#), None);
        assert_eq!(defect(r#"{"a":"\u00000"}"#), Some(TextError::Nul));
        assert_eq!(defect(r#"{"a":"\u0001"}"#), None);
        assert_eq!(defect("{\"a\":\"\0\"}"), Some(TextError::Nul));
        assert_eq!(defect(r#"{"a":"\ud83d\ude00"}"#), None);
        assert_eq!(defect(r#"{"a":"\ud83d"}"#), Some(TextError::LoneSurrogate));
        assert_eq!(defect(r#"{"a":"\ud83dx"}"#), Some(TextError::LoneSurrogate));
        assert_eq!(
            defect(r#"{"a":"\ud83d\\ude00"}"#),
            Some(TextError::LoneSurrogate)
        );
        assert_eq!(
            defect(r#"{"a":"\ud83d\ud83d"}"#),
            Some(TextError::LoneSurrogate)
        );
        assert_eq!(defect(r#"{"a":"\uDE00"}"#), Some(TextError::LoneSurrogate));
        assert_eq!(
            check_json_text(b"{\"a\":\"\xC0\x80\"}"),
            Err(TextError::NotUtf8)
        );
        assert_eq!(
            check_json_text(b"{\"a\":\"\xED\xA0\x80\"}"),
            Err(TextError::NotUtf8)
        );
    }

    #[test]
    fn truncated_document_is_left_to_the_parser() {
        let document = r#"{"a":"\\\ud83d\ude00\u0041\""}"#;
        for end in 0..document.len() {
            let _ = check_json_text(&document.as_bytes()[..end]);
        }
        assert_eq!(check_json_text(b"\"\\u12"), Ok("\"\\u12"));
        assert_eq!(check_json_text(b"\"\\"), Ok("\"\\"));
    }

    #[test]
    fn percent_encodings_must_be_complete_and_utf8() {
        for good in ["", "/v1/a%2Fb", "%C3%A9", "%f0%9f%98%80", "a=1&b=%25%30%30"] {
            assert_eq!(check_percent_encoding(good), Ok(()), "{good}");
        }
        for (bad, defect) in [
            ("%", TextError::InvalidPercentEncoding),
            ("%2", TextError::InvalidPercentEncoding),
            ("%zz", TextError::InvalidPercentEncoding),
            ("a%00", TextError::Nul),
            ("%ff", TextError::NotUtf8),
            ("%c0%80", TextError::NotUtf8),
            ("%ed%a0%80", TextError::NotUtf8),
        ] {
            assert_eq!(check_percent_encoding(bad), Err(defect), "{bad}");
        }
    }
}
