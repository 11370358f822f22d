//! Traditional and simplified Chinese characters count as the same: all are folded to the simplified
//! one, by the character table of OpenCC (Apache-2.0, its name and source are in the file). Several
//! traditional characters may share one; a search then finds the words of all of them.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Lines of a character, a tab, and the simplified characters that it may be, the usual one first.
const TABLE: &str = include_str!("../data/TSCharacters.txt");

static SIMPLIFIED: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let line = |line: &'static str| {
        let (from, to) = line.split_once('\t')?;
        Some((only(from)?, only(to.split(' ').next()?)?))
    };
    let table: HashMap<char, char> = TABLE.lines().filter_map(line).collect();
    // 薴 becomes 苧, which becomes 苎: whatever leads to the same character is the same.
    let last = |to: char| table.get(&to).copied().unwrap_or(to);
    table.iter().map(|(from, to)| (*from, last(*to))).collect()
});

/// The character, if there is exactly one.
fn only(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}

/// The simplified form.
pub(crate) fn simplified(c: char) -> char {
    if c < '\u{3400}' {
        return c;
    }
    SIMPLIFIED.get(&c).copied().unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::{SIMPLIFIED, simplified};

    #[test]
    fn traditional_characters_become_simplified_ones() {
        let text: String = "漢語資訊發佈 汉语资讯 東京 한국"
            .chars()
            .map(simplified)
            .collect();
        assert_eq!(text, "汉语资讯发布 汉语资讯 东京 한국");
    }

    #[test]
    fn folding_twice_changes_nothing_more() {
        assert!(SIMPLIFIED.len() > 3_500, "{} entries", SIMPLIFIED.len());
        let again: Vec<_> = SIMPLIFIED
            .values()
            .filter(|to| simplified(**to) != **to)
            .collect();
        assert!(again.is_empty(), "{again:?}");
    }
}
