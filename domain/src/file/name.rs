//! What clients say of a file: its name and its media type.

use crate::body::is_invisible;
use crate::ids::{InvalidIdError, text_id};

/// The maximum length of the name of a file, in characters.
pub const MAX_FILE_NAME_CHARS: usize = 255;

/// The longest ending that survives when a name is cut, in characters with the dot.
const MAX_ENDING_CHARS: usize = 16;

text_id!(
    /// The name of a file: 1 to 255 characters that are no path, without control characters and
    /// characters that change the direction of the text.
    FileName,
    |text| {
        if text.chars().count() > MAX_FILE_NAME_CHARS {
            return Err(InvalidIdError("The name of a file must have at most 255 characters."));
        }
        if text.chars().any(is_refused) || matches!(text, "." | "..") {
            return Err(InvalidIdError(
                "The name of a file must not contain / \\, control characters or characters that \
                 change the direction of the text.",
            ));
        }
        if text.chars().all(is_invisible) {
            return Err(InvalidIdError(
                "The name of the file is empty or contains only invisible characters.",
            ));
        }
        Ok(())
    }
);

text_id!(
    /// A media type such as `image/png`, with or without parameters.
    MediaType,
    |text| {
        if !is_media_type(text) {
            return Err(InvalidIdError(
                "Expected a media type such as image/png, of at most 255 characters.",
            ));
        }
        Ok(())
    }
);

impl FileName {
    /// Makes a name of what a client sends: the last segment of a path, without the characters that
    /// a name must not have, and cut to the maximum length before its ending. Users cannot change
    /// what their system calls a file, so only a name of which nothing is left is refused.
    pub fn clean(text: &str) -> Result<Self, InvalidIdError> {
        let segments = text.split(['/', '\\']);
        let last = segments.rev().find(|segment| !segment.is_empty());
        let allowed = last.unwrap_or_default().chars();
        let allowed: String = allowed.filter(|c| !is_refused(*c)).collect();
        let name = allowed.trim();
        let excess = name.chars().count().saturating_sub(MAX_FILE_NAME_CHARS);
        if excess == 0 {
            return Self::parse(name);
        }
        let ending = name.rfind('.').map_or("", |dot| &name[dot..]);
        let ending = if ending.chars().count() <= MAX_ENDING_CHARS {
            ending
        } else {
            ""
        };
        let stem_chars = MAX_FILE_NAME_CHARS - ending.chars().count();
        let stem: String = name.chars().take(stem_chars).collect();
        Self::parse(&format!("{stem}{ending}"))
    }
}

impl MediaType {
    /// What is known of bytes that match no format.
    pub fn octet_stream() -> Self {
        Self("application/octet-stream".into())
    }
}

/// Whether a name must not contain the character.
fn is_refused(c: char) -> bool {
    c.is_control()
        || matches!(c, '/' | '\\' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Whether the text is a type and a subtype of printable ASCII characters; parameters may follow a
/// semicolon.
pub(crate) fn is_media_type(text: &str) -> bool {
    let essence = text.split(';').next().unwrap_or_default().trim_end();
    let is_name = |name: &str| {
        let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
        !name.is_empty() && name.bytes().all(is_legal)
    };
    text.len() <= 255
        && text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
        && essence
            .split_once('/')
            .is_some_and(|(kind, subtype)| is_name(kind) && is_name(subtype))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cleaned_and_refused_only_if_nothing_is_left() {
        let long = format!("{}.jpeg", "界".repeat(300));
        let cut = format!("{}.jpeg", "界".repeat(250));
        let no_ending = format!("{}.{}", "a".repeat(250), "b".repeat(50));
        for (sent, stored) in [
            ("menu.png", "menu.png"),
            ("/etc/passwd", "passwd"),
            ("C:\\Users\\ann\\a.txt", "a.txt"),
            ("../../x", "x"),
            ("dir/", "dir"),
            ("a\u{202e}gpj.exe", "agpj.exe"),
            ("a\0b\r\n.txt", "ab.txt"),
            (" résumé .pdf ", "résumé .pdf"),
            (&long, &cut),
            (&no_ending, &no_ending[..255]),
        ] {
            let name = FileName::clean(sent).map(String::from);
            assert_eq!(name.as_deref(), Ok(stored), "{sent:?}");
        }
        for bad in ["", " ", "/", "..", "a/..", "\u{202e}", "\u{200b}", "\n"] {
            assert!(FileName::clean(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn whatever_is_cleaned_is_valid() {
        for bad in ["a/b", "a\u{2066}", "..", &"a".repeat(256)] {
            assert!(FileName::parse(bad).is_err(), "{bad:?}");
        }
    }
}
