//! A text as tokens.
//!
//! Positions are consecutive over the whole text, and several tokens may stand at one. What stands
//! where:
//!
//! - A run of a script without spaces has a position for each character: the pair that it begins, or, at
//!   the end of the run, the character alone. So any run of a text is found by pairs that follow each
//!   other, and one character by whatever begins with it.
//! - Everything else that is written without a space in between is a code: `qwen3.6`, `foo.png`,
//!   `https://example.com/a`. Its parts (letters and digits) have consecutive positions; the code as a
//!   whole stands at the position of its first part. `+` and `#` right after a part make another
//!   part at the same position: `c++` beside `c`.
//! - An emoji is a word.

use crate::fold::{Class, Unit, units};

/// Bytes of the longest token; longer words are cut there, in texts and in queries alike.
pub const LONGEST: usize = 240;

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Folded.
    pub text: String,
    /// Counted from 0 over the text.
    pub position: usize,
    /// The first byte, in the text as it was written.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// The byte after its first character.
    pub first_end: usize,
    /// What it is.
    pub kind: Kind,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Letters and digits, or an emoji.
    Word,
    /// A word with the `+` or `#` that follow it.
    Signed,
    /// A whole code.
    Whole,
    /// The last character of a run without spaces.
    Single,
    /// Two characters of one.
    Pair,
}

/// The tokens of a text, in the order of their positions.
pub fn tokens(text: &str) -> Vec<Token> {
    let units = units(text);
    let mut out = Tokens::default();
    let mut rest = units.as_slice();
    while let Some(first) = rest.first() {
        let kind_of = |unit: &Unit| match unit.class {
            Class::Dense => Some(true),
            Class::Word | Class::Symbol => Some(false),
            Class::Emoji | Class::Space => None,
        };
        let length = match kind_of(first) {
            None => 1,
            kind => rest
                .iter()
                .position(|unit| kind_of(unit) != kind)
                .unwrap_or(rest.len()),
        };
        let (run, after) = rest.split_at(length);
        match first.class {
            Class::Space => {}
            Class::Emoji => out.word(run),
            Class::Dense => out.dense(run),
            Class::Word | Class::Symbol => out.code(run),
        }
        rest = after;
    }
    out.tokens
}

#[derive(Default)]
struct Tokens {
    tokens: Vec<Token>,
    /// The next free one.
    position: usize,
}

impl Tokens {
    fn word(&mut self, run: &[Unit]) {
        self.push(run, Kind::Word);
        self.position += 1;
    }

    fn dense(&mut self, run: &[Unit]) {
        for (at, _) in run.iter().enumerate() {
            match run.get(at..at + 2) {
                Some(pair) => self.push(pair, Kind::Pair),
                None => self.push(&run[at..], Kind::Single),
            }
            self.position += 1;
        }
    }

    /// Letters, digits and signs without a space in between.
    fn code(&mut self, run: &[Unit]) {
        let parts = parts(run);
        let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
            return;
        };
        let begin = if first.start > 0 && matches!(run[first.start - 1].char, '#' | '@' | '.' | '$')
        {
            first.start - 1
        } else {
            first.start
        };
        let whole = begin..last.signed_end;
        let is_more = whole.start < first.start || whole.end > first.signed_end;
        if is_more {
            self.push(&run[whole], Kind::Whole);
        }
        for part in parts {
            self.push(&run[part.start..part.end], Kind::Word);
            if part.signed_end > part.end {
                self.push(&run[part.start..part.signed_end], Kind::Signed);
            }
            self.position += 1;
        }
    }

    fn push(&mut self, run: &[Unit], kind: Kind) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            return;
        };
        let mut text = String::with_capacity(run.len());
        for unit in run {
            if text.len() + unit.char.len_utf8() > LONGEST {
                break;
            }
            text.push(unit.char);
        }
        self.tokens.push(Token {
            text,
            position: self.position,
            start: first.start,
            end: last.end,
            first_end: first.end,
            kind,
        });
    }
}

/// A part of a code, as places in its run.
struct Part {
    start: usize,
    end: usize,
    /// With the signs that belong to it.
    signed_end: usize,
}

fn parts(run: &[Unit]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < run.len() {
        let length = |from: usize, belongs: &dyn Fn(&Unit) -> bool| {
            run[from..].iter().take_while(|unit| belongs(unit)).count()
        };
        let word = length(at, &|unit| unit.class == Class::Word);
        if word == 0 {
            at += 1;
            continue;
        }
        let end = at + word;
        let signed_end = end + length(end, &|unit| matches!(unit.char, '+' | '#'));
        parts.push(Part {
            start: at,
            end,
            signed_end,
        });
        at = signed_end;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::{Kind, tokens};

    fn shown(text: &str) -> Vec<String> {
        tokens(text)
            .iter()
            .map(|token| format!("{}@{}", token.text, token.position))
            .collect()
    }

    #[test]
    fn words_have_consecutive_positions() {
        assert_eq!(shown("Hello, big  World!"), ["hello@0", "big@1", "world@2"]);
    }

    #[test]
    fn codes_are_whole_and_in_parts() {
        assert_eq!(shown("qwen3.6"), ["qwen3.6@0", "qwen3@0", "6@1"]);
        assert_eq!(
            shown("(see foo.png)."),
            ["see@0", "foo.png@1", "foo@1", "png@2"]
        );
        assert_eq!(shown("C++20"), ["c++20@0", "c@0", "c++@0", "20@1"]);
        assert_eq!(shown("C++ or C#"), ["c@0", "c++@0", "or@1", "c@2", "c#@2"]);
        assert_eq!(
            shown("#1234 @bob"),
            ["#1234@0", "1234@0", "@bob@1", "bob@1"]
        );
        assert_eq!(
            shown("https://a.example/x_y?q=1"),
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
    fn runs_without_spaces_are_pairs_and_a_last_character() {
        assert_eq!(shown("已添加"), ["已添@0", "添加@1", "加@2"]);
        assert_eq!(shown("东京Tower塔"), ["东京@0", "京@1", "tower@2", "塔@3"]);
    }

    #[test]
    fn emoji_are_words() {
        assert_eq!(shown("ok👍🏽👍"), ["ok@0", "👍@1", "👍@2"]);
    }

    #[test]
    fn what_says_nothing_has_no_tokens() {
        assert_eq!(shown(" \u{200B}...!? —"), Vec::<String>::new());
    }

    #[test]
    fn a_token_has_a_bounded_length() {
        let text = "é".repeat(10_000);
        let all = tokens(&text);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].text.len(), super::LONGEST);
        assert_eq!(
            (all[0].start, all[0].end, all[0].kind),
            (0, text.len(), Kind::Word)
        );
    }
}
