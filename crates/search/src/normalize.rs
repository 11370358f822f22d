//! Character normalization: folds case, accents, width, compatibility forms, letters and digits
//! that have several forms, and traditional and simplified Chinese.
//!
//! Every normalized character records the bytes of the original text that it came from, so a match
//! in the normalized text can be highlighted in the original.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::han::to_simplified;
use crate::letters::{fold_letter, is_accent, is_vowel_with_mark, sort_marks};
use crate::signs::{continues_flag, is_country_flag, is_emoji, is_ignorable, parse_sign};

/// The role of a character in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CharClass {
    /// Part of a word.
    Word,
    /// Part of a script that is written without spaces between words.
    Unspaced,
    /// An emoji or another sign, which is a word of its own. All characters of one sign have the
    /// same source bytes.
    Emoji,
    /// Punctuation or a symbol, which can also be part of a code.
    Symbol,
    /// A separator: whitespace or a control character.
    Space,
}

/// A normalized character, and the byte range of the original text that it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NormalizedChar {
    /// The character.
    pub char: char,
    /// Its role.
    pub class: CharClass,
    /// Where its source begins, in bytes.
    pub start: usize,
    /// Where its source ends.
    pub end: usize,
}

/// Normalizes a text.
pub fn normalize(text: &str) -> Vec<NormalizedChar> {
    let mut units = Vec::with_capacity(text.len());
    let mut chars = Vec::new();
    let mut start = 0;
    while let Some(first) = text[start..].chars().next() {
        let end = start + cluster_length(&text[start..], first);
        let mut push = |char: char, class: CharClass| {
            units.push(NormalizedChar {
                char,
                class,
                start,
                end,
            });
        };
        if end - start == 1 {
            let char = first.to_ascii_lowercase();
            push(char, classify(char));
        } else if let Some(sign) = parse_sign(&text[start..end]) {
            sign.chars().for_each(|char| push(char, CharClass::Emoji));
        } else {
            normalize_cluster(&text[start..end], &mut chars);
            let normalized = chars.iter().copied().nfc().map(to_simplified);
            normalized.for_each(|char| push(char, classify(char)));
        }
        start = end;
    }
    units
}

/// The length in bytes of the first cluster of a text: a character and what belongs to it.
fn cluster_length(text: &str, first: char) -> usize {
    let mut length = first.len_utf8();
    // This is the only test for most characters of most texts.
    if text.as_bytes().get(length).is_none_or(u8::is_ascii) {
        return length;
    }
    let mut rest = text[length..].chars().peekable();
    if let Some(second) = rest.next_if(|second| is_country_flag(first, *second)) {
        length += second.len_utf8();
    }
    let mut last = first;
    let belongs = |next: char, last: char| {
        is_continuation(next)
            || is_vowel_with_mark(first, next)
            || continues_flag(first, last, next)
    };
    while let Some(next) = rest.next_if(|next| belongs(*next, last)) {
        length += next.len_utf8();
        last = next;
    }
    length
}

/// Whether a character belongs to the one before it: marks, the vowels and final consonants of
/// decomposed Hangul, and modifiers of emoji.
fn is_continuation(c: char) -> bool {
    !c.is_ascii()
        && (is_combining_mark(c)
            || is_ignorable(c)
            || is_accent(c)
            || matches!(c, '\u{1160}'..='\u{11FF}' | '\u{D7B0}'..='\u{D7FF}' | '\u{FF9E}' | '\u{FF9F}'))
}

/// Normalizes one character with its marks, up to their composition. Yields nothing if all of it is
/// ignorable.
fn normalize_cluster(cluster: &str, chars: &mut Vec<char>) {
    chars.clear();
    let decomposed = cluster
        .nfkd()
        .filter(|c| !is_ignorable(*c))
        .flat_map(char::to_lowercase)
        .nfd();
    chars.extend(decomposed.filter(|c| !is_accent(*c)).flat_map(fold_letter));
    sort_marks(chars);
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    #[test]
    fn folds_the_forms_of_arabic_letters() {
        assert_eq!(folded("ســـلام"), folded("سلام"));
        for alef in ["ٱ", "أ", "إ", "آ", "ٲ", "ٳ", "\u{675}", "ﺍ", "ا\u{654}"] {
            assert_eq!(folded(alef), "ا", "{alef}");
        }
        assert_eq!(folded("کتاب"), folded("كتاب"));
        assert_eq!(folded("علی على"), folded("علي علي"));
        assert_eq!(folded("مدرسة"), folded("مدرسه"));
        assert_eq!(folded("مُحَمَّد"), folded("محمد"));
        assert_eq!(folded("ﻻ"), "لا");
    }

    #[test]
    fn folds_digits_apostrophes_and_nuktas() {
        assert_eq!(folded("٤٢ ۴۲ ४२ ๔๒ ４２ 𝟒𝟐"), "42 42 42 42 42 42");
        assert_eq!(folded("٣٫٥"), "3.5");
        assert_eq!(folded("пʼять п’ять п'ять"), "п'ять п'ять п'ять");
        assert_eq!(folded("ज़मीन ज\u{93C}मीन \u{95B}मीन"), "जमीन जमीन जमीन");
        assert_eq!(folded("ড়"), folded("ড"));
    }

    #[test]
    fn thai_and_lao_marks_match_in_either_order() {
        let water = folded("น้ำ");
        for other in ["นํ้า", "น้ํา", "นำ้"] {
            assert_eq!(folded(other), water, "{other}");
        }
        assert_eq!(folded("ท\u{E48}ี"), folded("ที่"));
        assert_eq!(folded("ນ\u{EB3}\u{EC9}"), folded("ນ\u{EC9}\u{EB3}"));
        assert_ne!(folded("นา"), folded("นำ"));
    }

    #[test]
    fn a_flag_a_keycap_and_a_squared_word_are_one_sign() {
        let signs = |text: &str| {
            let units = normalize(text);
            let signs = units.chunk_by(|a, b| a.start == b.start);
            assert!(
                units.iter().all(|unit| unit.class == CharClass::Emoji),
                "{text}"
            );
            signs.count()
        };
        assert_eq!(signs("🇦🇺🇸🇪"), 2);
        assert_eq!(signs("🇦🇺🇸"), 2);
        assert_eq!(signs("🏳️‍🌈🏴‍☠️🏴󠁧󠁢󠁥󠁮󠁧󠁿"), 3);
        assert_ne!(folded("🏴󠁧󠁢󠁥󠁮󠁧󠁿"), folded("🏴󠁧󠁢󠁳󠁣󠁴󠁿"));
        assert_eq!(folded("🏳️‍⚧️"), "🏳⚧");
        assert_eq!(signs("#️⃣*️⃣1️⃣"), 3);
        assert_eq!(folded("1️⃣"), "1");
        assert_eq!(signs("🆎🆑🆒🆓🆔🆕🆖🆗🆘🆙🆚🅰🅱🅾🅿"), 15);
        assert_eq!(signs("©®™ℹ️‼️⁉️"), 6);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn folding_is_idempotent(text in "\\PC{0,20}|[\\s\\S]{0,20}|[ก-๎ກ-ໍ]{0,20}|[\u{600}-\u{6FF}\u{870}-\u{8FF}]{0,20}") {
            // Single letters of Hangul become parts of syllables, which belong together only then.
            if text.chars().any(|c| matches!(c, '\u{3131}'..='\u{318E}' | '\u{FFA0}'..='\u{FFDC}')) {
                return Ok(());
            }
            let once = folded(&text);
            prop_assert_eq!(folded(&once), once);
        }
    }
}
