//! Folds a text for the comparison with listed words: the folding of search (case, width, accents,
//! traditional and simplified Chinese), without invisible characters, without combining marks on
//! letters that have none, and without separators between single letters (`b a d`, `b.a.d`).
//!
//! Chats are full of single letters that are no words: `x.x`, `c u`, `f :: a -> b`. So a word that
//! is spelled out counts only if it is long enough, or the same separators stand between its
//! letters.
//!
//! Every folded character knows the bytes of the original text that it came from.

use std::ops::Range;

use search::{CharClass, NormalizedChar, normalize};
use unicode_normalization::char::is_combining_mark;

/// How many separators in a row may stand between two single letters that belong together.
const MAX_SEPARATORS: usize = 8;

/// How many single letters are a word that is spelled out. Of scripts without spaces, whose words
/// are short, two are.
const MIN_LETTERS: usize = 3;

/// How many are, if the separators between them differ.
const MIN_LETTERS_OF_ANY_SEPARATORS: usize = 5;

/// A folded text.
#[derive(Debug, Clone, Default)]
pub struct FoldedText {
    text: String,
    chars: Vec<FoldedChar>,
}

/// A character of a folded text.
#[derive(Debug, Clone, Copy)]
struct FoldedChar {
    /// Where it is in the folded text, in bytes.
    at: usize,
    /// Where its source is in the original text, in bytes.
    start: usize,
    end: usize,
    class: CharClass,
    /// What was dropped before it.
    dropped: Gap,
}

/// What was dropped between a character and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gap {
    Nothing,
    /// Separators: those between the two letters before it, too.
    SameSeparators,
    /// Separators: others than before, or the first of a word.
    OtherSeparators,
}

impl FoldedText {
    /// Folds a text.
    pub fn new(text: &str) -> Self {
        let mut units = normalize(text);
        drop_invisible(&mut units);
        let mut folded = Self {
            text: String::with_capacity(text.len()),
            chars: Vec::with_capacity(units.len()),
        };
        let pieces: Vec<&[NormalizedChar]> = Pieces(&units).collect();
        let mut rest = pieces.as_slice();
        while let [piece, others @ ..] = rest {
            if let Some(length) = spelled_out_length(rest) {
                let (run, others) = rest.split_at(length);
                folded.push_spelled_out(run);
                rest = others;
                continue;
            }
            if is_letter(&piece[0]) {
                folded.push_letters(piece, Gap::Nothing);
            } else {
                folded.push_separators(piece);
            }
            rest = others;
        }
        folded
    }

    /// The folded text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The characters of the folded text, with the class of each.
    pub fn chars(&self) -> impl Iterator<Item = (char, CharClass)> {
        let classes = self.chars.iter().map(|char| char.class);
        self.text.chars().zip(classes)
    }

    /// Whether these bytes of the folded text begin and end at the limits of words.
    pub fn is_whole_word(&self, range: &Range<usize>) -> bool {
        self.is_limit(self.index_at(range.start)) && self.is_limit(self.index_at(range.end))
    }

    /// Whether separators between letters were dropped in these bytes of the folded text.
    pub fn is_spelled_out(&self, range: &Range<usize>) -> bool {
        self.dropped(range).next().is_some()
    }

    /// Whether these bytes of the folded text are one word beyond doubt, although separators
    /// between its letters were dropped.
    pub fn is_one_word(&self, range: &Range<usize>) -> bool {
        let dropped = self.dropped(range);
        let letters = dropped.clone().count() + 1;
        let are_equal = || {
            let mut others = dropped.clone().skip(1);
            others.all(|dropped| dropped == Gap::SameSeparators)
        };
        letters == 1
            || letters >= MIN_LETTERS_OF_ANY_SEPARATORS
            || letters >= MIN_LETTERS && are_equal()
            || self
                .chars_of(range)
                .iter()
                .all(|char| char.class == CharClass::Unspaced)
    }

    fn chars_of(&self, range: &Range<usize>) -> &[FoldedChar] {
        let first = self.index_at(range.start);
        let last = self.index_at(range.end);
        self.chars.get(first..last).unwrap_or_default()
    }

    /// What was dropped between the characters of these bytes.
    fn dropped(&self, range: &Range<usize>) -> impl Iterator<Item = Gap> + Clone {
        let after_first = self.chars_of(range).iter().skip(1);
        let dropped = after_first.map(|char| char.dropped);
        dropped.filter(|dropped| *dropped != Gap::Nothing)
    }

    /// The bytes of the original text that these bytes of the folded text came from.
    pub fn source(&self, range: &Range<usize>) -> Range<usize> {
        let chars = self.chars_of(range);
        match (chars.first(), chars.last()) {
            (Some(first), Some(last)) => first.start..last.end,
            _ => 0..0,
        }
    }

    /// The index of the character that begins at or after a byte.
    fn index_at(&self, byte: usize) -> usize {
        self.chars.partition_point(|char| char.at < byte)
    }

    /// Whether a word can begin or end before the character at this index.
    fn is_limit(&self, index: usize) -> bool {
        let (Some(before), Some(after)) = (
            index.checked_sub(1).and_then(|index| self.chars.get(index)),
            self.chars.get(index),
        ) else {
            return true;
        };
        after.dropped != Gap::Nothing
            || !(before.class == CharClass::Word && after.class == CharClass::Word)
    }

    fn push(&mut self, unit: &NormalizedChar, dropped: Gap) {
        self.chars.push(FoldedChar {
            at: self.text.len(),
            start: unit.start,
            end: unit.end,
            class: unit.class,
            dropped,
        });
        self.text.push(unit.char);
    }

    /// Adds letters, before which something was dropped or not.
    fn push_letters(&mut self, letters: &[NormalizedChar], dropped: Gap) {
        for (index, unit) in letters.iter().enumerate() {
            self.push(unit, if index == 0 { dropped } else { Gap::Nothing });
        }
    }

    /// Adds single letters without the separators between them.
    fn push_spelled_out(&mut self, run: &[&[NormalizedChar]]) {
        let mut dropped = Gap::Nothing;
        let mut before: Option<&[NormalizedChar]> = None;
        for piece in run {
            if is_letter(&piece[0]) {
                self.push_letters(piece, dropped);
                continue;
            }
            let is_same = before.is_some_and(|before| {
                let chars = |separators| collapse(separators).map(|unit| unit.char);
                chars(before).eq(chars(piece))
            });
            dropped = if is_same {
                Gap::SameSeparators
            } else {
                Gap::OtherSeparators
            };
            before = Some(piece);
        }
    }

    fn push_separators(&mut self, separators: &[NormalizedChar]) {
        for unit in collapse(separators) {
            self.push(&unit, Gap::Nothing);
        }
    }
}

/// Separators with one space for any number of them in a row.
fn collapse(separators: &[NormalizedChar]) -> impl Iterator<Item = NormalizedChar> {
    let mut after_space = false;
    separators.iter().filter_map(move |unit| {
        let is_space = unit.class == CharClass::Space;
        let is_repeated = is_space && after_space;
        after_space = is_space;
        let char = if is_space { ' ' } else { unit.char };
        (!is_repeated).then_some(NormalizedChar { char, ..*unit })
    })
}

/// How many of these pieces, from the first on, are single letters with separators between them; if
/// they are enough for a word.
fn spelled_out_length(pieces: &[&[NormalizedChar]]) -> Option<usize> {
    let is_single =
        |piece: &[NormalizedChar]| piece.iter().all(|unit| unit.start == piece[0].start);
    let (first, rest) = pieces.split_first()?;
    if !is_letter(&first[0]) || !is_single(first) {
        return None;
    }
    let followers = rest.chunks_exact(2).take_while(|pair| {
        let (separators, letter) = (pair[0], pair[1]);
        separators.len() <= MAX_SEPARATORS
            && separators.iter().all(is_separator)
            && is_single(letter)
    });
    let length = 1 + 2 * followers.count();
    let is_unspaced = || {
        let mut letters = pieces.iter().take(length).step_by(2);
        letters.all(|letter| letter[0].class == CharClass::Unspaced)
    };
    let letters = length.div_ceil(2);
    (letters >= MIN_LETTERS || letters >= 2 && is_unspaced()).then_some(length)
}

/// The runs of letters and of other characters, in turns.
struct Pieces<'a>(&'a [NormalizedChar]);

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [NormalizedChar];

    fn next(&mut self) -> Option<&'a [NormalizedChar]> {
        let first = is_letter(self.0.first()?);
        let end = self.0.iter().position(|unit| is_letter(unit) != first);
        let (piece, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        self.0 = rest;
        Some(piece)
    }
}

fn is_letter(unit: &NormalizedChar) -> bool {
    matches!(unit.class, CharClass::Word | CharClass::Unspaced)
}

fn is_separator(unit: &NormalizedChar) -> bool {
    matches!(unit.class, CharClass::Space | CharClass::Symbol)
}

/// Removes what nobody sees, and marks that the letter before them does not have.
fn drop_invisible(units: &mut Vec<NormalizedChar>) {
    let mut base = None;
    units.retain(|unit| {
        let c = unit.char;
        if c.is_ascii() {
            base = Some(c);
            return !c.is_ascii_control() || c.is_ascii_whitespace();
        }
        if is_zero_width(c) || is_combining_mark(c) && base.is_some_and(takes_no_marks) {
            return false;
        }
        if !is_combining_mark(c) {
            base = Some(c);
        }
        true
    });
}

/// Whether a character has no width, besides those that search ignores.
fn is_zero_width(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{84}' | '\u{86}'..='\u{9F}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}'
        | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}' | '\u{200B}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Whether a letter is of a script whose marks are all accents, which folding has dropped: what is
/// left is a mark of another script. Latin, Greek, Cyrillic, Armenian and Han.
fn takes_no_marks(c: char) -> bool {
    matches!(c, '\0'..='\u{58F}' | '\u{1E00}'..='\u{1FFF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::FoldedText;

    fn folded(text: &str) -> String {
        FoldedText::new(text).as_str().to_owned()
    }

    #[test]
    fn invisible_characters_and_foreign_marks_are_dropped() {
        assert_eq!(folded("b\u{200B}a\u{2060}d\u{FEFF}"), "bad");
        assert_eq!(folded("b\u{93F}a\u{301}d"), "bad");
        assert_eq!(folded("हिन्दी"), "हिन्दी");
        assert_eq!(folded("か\u{3099}"), "が");
    }

    #[test]
    fn separators_between_single_letters_are_dropped() {
        for text in ["b a d", "b.a.d", "b-a_d", "b  a\nd", "b. a. d", "b) [a] {d"] {
            assert_eq!(folded(text), "bad", "{text:?}");
        }
        assert_eq!(folded("it is a b c, no"), "it is abc, no");
        assert_eq!(folded("a bad day"), "a bad day");
        assert_eq!(folded("坏 蛋"), "坏蛋");
        assert_eq!(folded("one   two"), "one two");
        // Two letters are no word.
        for text in ["x.x", "c u", "x_x", "to a -> b"] {
            assert_eq!(folded(text), text);
        }
    }

    #[test]
    fn a_range_is_mapped_to_its_source() {
        let text = "I say: B.Á.d!";
        let fold = FoldedText::new(text);
        let at = fold.as_str().find("bad").unwrap();
        let range = at..at + 3;
        assert!(fold.is_whole_word(&range));
        assert_eq!(&text[fold.source(&range)], "B.Á.d");
    }

    #[test]
    fn a_word_that_is_spelled_out_is_long_or_has_the_same_separators() {
        for (text, word, expected) in [
            ("b a d", "bad", true),
            ("(b) (a) (d)", "bad", true),
            ("I b  a\nd x", "bad", true),
            ("say b.a.d, a.b", "bad", true),
            ("b-a_d", "bad", false),
            ("b :: a -> d", "bad", false),
            ("b a n", "ba", false),
            ("b-a_d+l y", "badly", true),
            ("b-a_d+l", "badl", false),
            ("坏 蛋", "坏蛋", true),
            ("bad", "bad", true),
        ] {
            let fold = FoldedText::new(text);
            let at = fold.as_str().find(word).expect(text);
            let range = at..at + word.len();
            assert!(fold.is_whole_word(&range), "{text}");
            assert_eq!(fold.is_one_word(&range), expected, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn every_range_maps_to_whole_characters_of_the_original(
            text in "\\PC{0,24}|[\\s\\S]{0,24}|[a-c .\u{301}\u{200B}é坏蛋]{0,24}",
            from in 0_usize..24, length in 0_usize..24,
        ) {
            let fold = FoldedText::new(&text);
            let limits: Vec<usize> = fold.as_str().char_indices().map(|(at, _)| at)
                .chain([fold.as_str().len()]).collect();
            let from = from.min(limits.len() - 1);
            let to = (from + length).min(limits.len() - 1);
            let source = fold.source(&(limits[from]..limits[to]));
            prop_assert!(text.is_char_boundary(source.start) && text.is_char_boundary(source.end));
            prop_assert!(source.start <= source.end);
            // What is folded alone is contained in what is folded with its surroundings.
            let whole = fold.source(&(0..fold.as_str().len()));
            prop_assert!(from == to || whole.start <= source.start && source.end <= whole.end);
        }
    }
}
