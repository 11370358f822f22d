//! Character normalization: folds case, accents, width, compatibility forms, and traditional and
//! simplified Chinese.
//!
//! Every normalized character records the bytes of the original text that it came from, so a match
//! in the normalized text can be highlighted in the original.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::han::to_simplified;

/// The role of a character in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CharClass {
    /// Part of a word.
    Word,
    /// Part of a script that is written without spaces between words.
    Unspaced,
    /// An emoji, which is a word of its own.
    Emoji,
    /// Punctuation or a symbol, which can also be part of a code.
    Symbol,
    /// A separator: whitespace or a control character.
    Space,
}

/// A normalized character, and the byte range of the original text that it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NormalizedChar {
    pub char: char,
    pub class: CharClass,
    pub start: usize,
    pub end: usize,
}

/// Normalizes a text.
pub(crate) fn normalize(text: &str) -> Vec<NormalizedChar> {
    let mut units = Vec::with_capacity(text.len());
    let mut rest = text.char_indices().peekable();
    while let Some((start, first)) = rest.next() {
        let mut end = start + first.len_utf8();
        while let Some(&(at, next)) = rest.peek() {
            if !is_continuation(next) {
                break;
            }
            end = at + next.len_utf8();
            rest.next();
        }
        let mut push = |char: char| {
            units.push(NormalizedChar {
                char,
                class: classify(char),
                start,
                end,
            });
        };
        if end - start == 1 {
            push(first.to_ascii_lowercase());
        } else {
            normalize_cluster(&text[start..end]).for_each(push);
        }
    }
    units
}

/// Whether a character belongs to the one before it: marks, the vowels and final consonants of
/// decomposed Hangul, and modifiers of emoji.
fn is_continuation(c: char) -> bool {
    !c.is_ascii()
        && (is_combining_mark(c)
            || is_ignorable(c)
            || matches!(c, '\u{1160}'..='\u{11FF}' | '\u{D7B0}'..='\u{D7FF}' | '\u{FF9E}' | '\u{FF9F}'))
}

/// Normalizes one character with its marks. Yields nothing if all of it is ignorable.
fn normalize_cluster(cluster: &str) -> impl Iterator<Item = char> {
    cluster
        .nfkc()
        .filter(|c| !is_ignorable(*c))
        .flat_map(char::to_lowercase)
        .flat_map(expand_letter)
        .nfd()
        .filter(|c| !is_accent(*c))
        .nfc()
        .map(to_simplified)
}

/// Expands ligatures and letters with a stroke, which Unicode does not decompose.
fn expand_letter(c: char) -> impl Iterator<Item = char> {
    let letters: [char; 2] = match c {
        'ß' => ['s', 's'],
        'æ' => ['a', 'e'],
        'œ' => ['o', 'e'],
        'þ' => ['t', 'h'],
        'ø' => ['o', '\0'],
        'ł' => ['l', '\0'],
        'đ' | 'ð' => ['d', '\0'],
        'ħ' => ['h', '\0'],
        'ı' => ['i', '\0'],
        'ς' => ['σ', '\0'],
        other => [other, '\0'],
    };
    letters
        .into_iter()
        .enumerate()
        .filter_map(|(at, letter)| (at == 0 || letter != '\0').then_some(letter))
}

/// Whether a character is a mark that people omit when they search: accents, Hebrew points and
/// Arabic vowel signs. A mark that makes a different letter is not included if it has a code point
/// of its own (dakuten, the vowels of Indic scripts). If it shares the code point of an accent, the
/// two letters match each other, as й and и do.
fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36F}'
        | '\u{591}'..='\u{5BD}' | '\u{5BF}' | '\u{5C1}' | '\u{5C2}' | '\u{5C4}' | '\u{5C5}' | '\u{5C7}'
        | '\u{610}'..='\u{61A}' | '\u{64B}'..='\u{65F}' | '\u{670}'
        | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}')
}

/// Whether a character is invisible on its own: joiners, variation selectors, skin tones and
/// direction marks.
fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{200C}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{2066}'..='\u{2069}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{1F3FB}'..='\u{1F3FF}' | '\u{E0000}'..='\u{E01EF}')
}

fn classify(c: char) -> CharClass {
    if c.is_ascii_alphanumeric() {
        CharClass::Word
    } else if c.is_ascii_graphic() {
        CharClass::Symbol
    } else if is_unspaced(c) {
        CharClass::Unspaced
    } else if is_emoji(c) {
        CharClass::Emoji
    } else if c.is_alphanumeric() || is_combining_mark(c) {
        CharClass::Word
    } else if c.is_whitespace() || c.is_control() || c == '\u{200B}' {
        CharClass::Space
    } else {
        CharClass::Symbol
    }
}

/// Whether a script has no spaces between words: Han, kana, bopomofo and Hangul; Thai, Lao,
/// Tibetan, Myanmar and Khmer.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{0E01}'..='\u{0E3A}' | '\u{0E40}'..='\u{0E4E}' | '\u{0E80}'..='\u{0EDF}'
        | '\u{0F40}'..='\u{0FBC}' | '\u{1000}'..='\u{103F}' | '\u{1780}'..='\u{17D3}'
        | '\u{1100}'..='\u{11FF}' | '\u{A960}'..='\u{A97F}' | '\u{AC00}'..='\u{D7FF}'
        | '\u{3005}'..='\u{3007}' | '\u{3031}'..='\u{3035}' | '\u{303B}' | '\u{3041}'..='\u{309F}'
        | '\u{30A1}'..='\u{30FA}' | '\u{30FC}'..='\u{312F}' | '\u{3131}'..='\u{318E}' | '\u{31A0}'..='\u{31FF}'
        | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{1B000}'..='\u{1B16F}' | '\u{20000}'..='\u{323AF}')
}

/// Whether a character is an emoji or a symbol shown as one. Digits and `#` are not, although
/// keycap emoji begin with them.
fn is_emoji(c: char) -> bool {
    matches!(c,
        '\u{203C}' | '\u{2049}' | '\u{2139}' | '\u{2194}'..='\u{21AA}' | '\u{231A}'..='\u{23FF}'
        | '\u{25AA}'..='\u{25FE}' | '\u{2600}'..='\u{27BF}' | '\u{2934}' | '\u{2935}' | '\u{2B05}'..='\u{2B55}'
        | '\u{3030}' | '\u{303D}' | '\u{1F000}'..='\u{1F0FF}' | '\u{1F1E6}'..='\u{1F1FF}'
        | '\u{1F300}'..='\u{1FAFF}')
}

#[cfg(test)]
mod tests {
    use super::{CharClass, normalize};

    fn folded(text: &str) -> String {
        normalize(text).iter().map(|unit| unit.char).collect()
    }

    #[test]
    fn folds_case_accents_width_and_ligatures() {
        assert_eq!(folded("Ünïcödé ÇA VA"), "unicode ca va");
        assert_eq!(folded("e\u{301}te\u{301}"), "ete");
        assert_eq!(folded("Straße Łódź Øre"), "strasse lodz ore");
        assert_eq!(folded("ＡＢＣ１２３！"), "abc123!");
        assert_eq!(folded("ｶﾞｷﾞ ﬁn"), "ガギ fin");
        assert_eq!(folded("İstanbul ΣΊΣΥΦΟΣ"), "istanbul σισυφοσ");
    }

    #[test]
    fn preserves_marks_that_make_a_different_letter() {
        assert_eq!(folded("か\u{3099}"), "が");
        assert_eq!(folded("हिन्दी"), "हिन्दी");
        assert_eq!(folded("\u{1112}\u{1161}\u{11AB}글"), "한글");
    }

    #[test]
    fn ignores_skin_tones_of_emoji() {
        assert_eq!(folded("👍🏽"), "👍");
        assert_eq!(folded("❤\u{FE0F}"), "❤");
        assert_eq!(normalize("👩‍💻")[0].class, CharClass::Emoji);
    }

    #[test]
    fn normalized_characters_record_their_source_bytes() {
        let units = normalize("aé㍿");
        let ranges: Vec<_> = units.iter().map(|unit| (unit.start, unit.end)).collect();
        assert_eq!(ranges, [(0, 1), (1, 3), (3, 6), (3, 6), (3, 6), (3, 6)]);
    }
}
