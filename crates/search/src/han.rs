//! Conversion of traditional Chinese characters to simplified ones, so that both match each other.
//!
//! The character table is OpenCC's (Apache-2.0; its name and source are in the file). Several
//! traditional characters may share one simplified form; a search then matches all of them.

use std::collections::HashMap;
use std::sync::LazyLock;

/// One line per character: the traditional character, a tab, and its possible simplified forms, the
/// most common one first.
const OPENCC_TABLE: &str = include_str!("../data/TSCharacters.txt");

static SIMPLIFIED: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let line = |line: &'static str| {
        let (from, to) = line.split_once('\t')?;
        Some((single_char(from)?, single_char(to.split(' ').next()?)?))
    };
    let table: HashMap<char, char> = OPENCC_TABLE.lines().filter_map(line).collect();
    // 薴 maps to 苧, which maps to 苎. Follow the second step, so that all three are the same.
    let resolve = |to: char| table.get(&to).copied().unwrap_or(to);
    table
        .iter()
        .map(|(from, to)| (*from, resolve(*to)))
        .collect()
});

/// Returns the character of a text that consists of exactly one.
fn single_char(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}

/// Returns the simplified form of a character, or the character itself.
pub(crate) fn to_simplified(c: char) -> char {
    if c < '\u{3400}' {
        return c;
    }
    SIMPLIFIED.get(&c).copied().unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::{SIMPLIFIED, to_simplified};

    #[test]
    fn converts_traditional_characters_to_simplified_ones() {
        let text: String = "漢語資訊發佈 汉语资讯 東京 한국"
            .chars()
            .map(to_simplified)
            .collect();
        assert_eq!(text, "汉语资讯发布 汉语资讯 东京 한국");
    }

    #[test]
    fn conversion_is_idempotent() {
        assert!(SIMPLIFIED.len() > 3_500, "{} entries", SIMPLIFIED.len());
        let changed: Vec<_> = SIMPLIFIED
            .values()
            .filter(|to| to_simplified(**to) != **to)
            .collect();
        assert!(changed.is_empty(), "{changed:?}");
    }
}
