//! Tokenization: splits a text into tokens with positions.
//!
//! Positions are consecutive over the whole text, and several tokens may share one:
//!
//! - In a run of a script without spaces, each character has a position. Its token is the pair of
//!   this character and the next or, at the end of the run, the character alone. So consecutive
//!   pairs find any part of a run, and a prefix search finds a single character.
//! - Everything else that is written without a space in between is a code: `qwen3.6`, `foo.png`,
//!   `https://example.com/a`. Its parts (letters and digits) have consecutive positions; the whole
//!   code shares the position of its first part. A part that is followed by `+` or `#` has a second
//!   token at the same position: `c++` in addition to `c`.
//! - An emoji or another sign is a word. A flag is one sign.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::normalize::{CharClass, NormalizedChar, normalize};

/// The maximum length of a token in bytes. Of a longer word, the token has the beginning and a
/// digest of the rest, in texts and in queries alike.
pub const MAX_TOKEN_BYTES: usize = 240;

/// What precedes the digest in the token of a long word. No word contains it.
const DIGEST_MARK: char = '\u{1}';

/// The length of the digest in bytes, as it is computed; the token has it in hexadecimal.
const DIGEST_BYTES: usize = 16;

/// A token of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The normalized text.
    pub text: String,
    /// The position in the text, counted from 0.
    pub position: usize,
    /// The offset of the first byte in the original text.
    pub start: usize,
    /// The offset after the last byte.
    pub end: usize,
    /// The offset after the first character.
    pub first_char_end: usize,
    /// The kind of the token.
    pub kind: TokenKind,
}

/// The kind of a token, in ascending order of preference in a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TokenKind {
    /// Letters and digits, or an emoji.
    Word,
    /// A word with the `+` or `#` that follow it.
    WithSymbol,
    /// A code as a whole.
    WholeCode,
    /// The last character of a run in a script without spaces.
    Single,
    /// Two consecutive characters of such a run.
    Pair,
}

/// Splits a text into tokens, in the order of their positions.
pub fn tokenize(text: &str) -> Vec<Token> {
    let units = normalize(text);
    let mut builder = TokenBuilder::default();
    let mut rest = units.as_slice();
    while let Some(first) = rest.first() {
        let kind_of = |unit: &NormalizedChar| match unit.class {
            CharClass::Unspaced => Some(true),
            CharClass::Word | CharClass::Symbol => Some(false),
            CharClass::Emoji | CharClass::Space => None,
        };
        let length = match kind_of(first) {
            None if first.class == CharClass::Emoji => rest
                .iter()
                .take_while(|unit| (unit.class, unit.start) == (first.class, first.start))
                .count(),
            None => 1,
            kind => rest
                .iter()
                .position(|unit| kind_of(unit) != kind)
                .unwrap_or(rest.len()),
        };
        let (run, after) = rest.split_at(length);
        match first.class {
            CharClass::Space => {}
            CharClass::Emoji => builder.push_word(run),
            CharClass::Unspaced => builder.push_unspaced(run),
            CharClass::Word | CharClass::Symbol => builder.push_code(run),
        }
        rest = after;
    }
    builder.tokens
}

#[derive(Default)]
struct TokenBuilder {
    tokens: Vec<Token>,
    /// The position of the next token.
    position: usize,
}

impl TokenBuilder {
    fn push_word(&mut self, run: &[NormalizedChar]) {
        self.push(run, TokenKind::Word);
        self.position += 1;
    }

    fn push_unspaced(&mut self, run: &[NormalizedChar]) {
        for (at, _) in run.iter().enumerate() {
            match run.get(at..at + 2) {
                Some(pair) => self.push(pair, TokenKind::Pair),
                None => self.push(&run[at..], TokenKind::Single),
            }
            self.position += 1;
        }
    }

    /// Adds the tokens of a code: letters, digits and symbols without a space in between.
    fn push_code(&mut self, run: &[NormalizedChar]) {
        let parts = split_code(run);
        let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
            return;
        };
        let start = if first.start > 0 && matches!(run[first.start - 1].char, '#' | '@' | '.' | '$')
        {
            first.start - 1
        } else {
            first.start
        };
        let whole = start..last.symbol_end;
        let has_symbols = whole.start < first.start || whole.end > first.symbol_end;
        if has_symbols {
            self.push(&run[whole], TokenKind::WholeCode);
        }
        for part in parts {
            self.push(&run[part.start..part.end], TokenKind::Word);
            if part.symbol_end > part.end {
                self.push(&run[part.start..part.symbol_end], TokenKind::WithSymbol);
            }
            self.position += 1;
        }
    }

    fn push(&mut self, run: &[NormalizedChar], kind: TokenKind) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            return;
        };
        self.tokens.push(Token {
            text: token_text(run),
            position: self.position,
            start: first.start,
            end: last.end,
            first_char_end: first.end,
            kind,
        });
    }
}

/// The text of a token: its characters, of which the last ones may be replaced by a digest.
fn token_text(run: &[NormalizedChar]) -> String {
    let mut text = String::with_capacity(run.len());
    let mut rest = run.iter().map(|unit| unit.char);
    while let Some(char) = rest.next() {
        if text.len() + char.len_utf8() > MAX_TOKEN_BYTES {
            push_digest(&mut text, std::iter::once(char).chain(rest));
            break;
        }
        text.push(char);
    }
    text
}

fn push_digest(text: &mut String, rest: impl Iterator<Item = char>) {
    let mut hash = Sha256::new();
    for char in rest {
        hash.update(char.encode_utf8(&mut [0; 4]));
    }
    text.push(DIGEST_MARK);
    for byte in &hash.finalize()[..DIGEST_BYTES] {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
}

/// The characters that a token has of its word, which are the beginning of a long one.
pub(crate) fn without_digest(token: &str) -> &str {
    token
        .split_once(DIGEST_MARK)
        .map_or(token, |(beginning, _)| beginning)
}

/// A part of a code, as indexes into its run.
struct CodePart {
    start: usize,
    end: usize,
    /// The end including the `+` and `#` that follow.
    symbol_end: usize,
}

fn split_code(run: &[NormalizedChar]) -> Vec<CodePart> {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < run.len() {
        let length = |from: usize, belongs: &dyn Fn(&NormalizedChar) -> bool| {
            run[from..].iter().take_while(|unit| belongs(unit)).count()
        };
        let word = length(at, &|unit| unit.class == CharClass::Word);
        if word == 0 {
            at += 1;
            continue;
        }
        let end = at + word;
        let signed_end = end + length(end, &|unit| matches!(unit.char, '+' | '#'));
        parts.push(CodePart {
            start: at,
            end,
            symbol_end: signed_end,
        });
        at = signed_end;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::{TokenKind, tokenize};

    fn render(text: &str) -> Vec<String> {
        tokenize(text)
            .iter()
            .map(|token| format!("{}@{}", token.text, token.position))
            .collect()
    }

    #[test]
    fn words_have_consecutive_positions() {
        assert_eq!(
            render("Hello, big  World!"),
            ["hello@0", "big@1", "world@2"]
        );
    }

    #[test]
    fn codes_are_indexed_whole_and_by_part() {
        assert_eq!(render("qwen3.6"), ["qwen3.6@0", "qwen3@0", "6@1"]);
        assert_eq!(
            render("(see foo.png)."),
            ["see@0", "foo.png@1", "foo@1", "png@2"]
        );
        assert_eq!(render("C++20"), ["c++20@0", "c@0", "c++@0", "20@1"]);
        assert_eq!(render("C++ or C#"), ["c@0", "c++@0", "or@1", "c@2", "c#@2"]);
        assert_eq!(
            render("#1234 @bob"),
            ["#1234@0", "1234@0", "@bob@1", "bob@1"]
        );
        assert_eq!(
            render("https://a.example/x_y?q=1"),
            [
                "https://a.example/x_y?q=1@0",
                "https@0",
                "a@1",
                "example@2",
                "x@3",
                "y@4",
                "q@5",
                "1@6"
            ]
        );
    }

    #[test]
    fn runs_without_spaces_become_pairs_and_a_last_character() {
        assert_eq!(render("已添加"), ["已添@0", "添加@1", "加@2"]);
        assert_eq!(render("东京Tower塔"), ["东京@0", "京@1", "tower@2", "塔@3"]);
    }

    #[test]
    fn emoji_are_words() {
        assert_eq!(render("ok👍🏽👍"), ["ok@0", "👍@1", "👍@2"]);
    }

    #[test]
    fn punctuation_has_no_tokens() {
        assert_eq!(render(" \u{200B}...!? —"), Vec::<String>::new());
    }

    #[test]
    fn a_flag_is_one_word() {
        assert_eq!(render("go🇦🇺🇸🇪"), ["go@0", "🇦🇺@1", "🇸🇪@2"]);
        assert_eq!(render("x 🆘!"), ["x@0", "🆘@1"]);
        assert_eq!(render("#️⃣1️⃣2️⃣"), ["#\u{20E3}@0", "1@1", "2@2"]);
        assert_eq!(render("Acme™"), ["acme@0", "™@1"]);
    }

    #[test]
    fn long_words_have_short_tokens_that_differ() {
        let text = "é".repeat(10_000);
        let all = tokenize(&text);
        assert_eq!(all.len(), 1);
        assert_eq!(
            (all[0].start, all[0].end, all[0].kind),
            (0, text.len(), TokenKind::Word)
        );
        assert_eq!(super::without_digest(&all[0].text), "e".repeat(240));
        assert!(all[0].text.len() < 300);
        let token = |text: &str| tokenize(text)[0].text.clone();
        assert_eq!(token(&"É".repeat(10_000)), all[0].text);
        assert_ne!(token(&"é".repeat(9_999)), all[0].text);
        assert_eq!(token(&"e".repeat(240)), "e".repeat(240));
        assert_ne!(token(&"e".repeat(241)), token(&"e".repeat(240)));
    }
}
