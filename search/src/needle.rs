//! What a piece of a query asks a text for: tokens that stand one after the other.

use crate::token::{Kind, Token, tokens};

/// Terms at distances from each other; never empty. A text has it if it has all of them, at those
/// distances, anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needle {
    /// Each with its position, the first at 0, rising.
    pub terms: Vec<(usize, Term)>,
    /// The same written as one code, if it is one: a text that has this has the terms too, and is
    /// the better hit.
    pub whole: Option<String>,
}

/// A term of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// This one.
    Exact(String),
    /// Every one that begins so.
    Prefix(String),
}

impl Term {
    /// Whether a token of a text is one of these.
    pub fn matches(&self, token: &str) -> bool {
        match self {
            Self::Exact(text) => token == text,
            Self::Prefix(text) => token.starts_with(text.as_str()),
        }
    }
}

impl Needle {
    /// A word or a phrase. `None` if it holds nothing that can be searched.
    pub fn new(text: &str) -> Option<Self> {
        Self::of(text, false)
    }

    /// The same, its last word being only the beginning of one. Scripts without spaces need no such
    /// sign: what stands in the middle of them is found anyway.
    pub fn beginning(text: &str) -> Option<Self> {
        Self::of(text, true)
    }

    fn of(text: &str, is_beginning: bool) -> Option<Self> {
        let tokens = tokens(text);
        let mut terms: Vec<(usize, Term)> = strongest(&tokens)
            .map(|token| (token.position, Term::Exact(token.text.clone())))
            .collect();
        let (_, last) = terms.last_mut()?;
        let last_kind = tokens.last().map(|token| token.kind);
        let is_open = match last_kind {
            // One character stands in the index with whatever follows it.
            Some(Kind::Single) => matches!(last, Term::Exact(text) if is_alone(text)),
            Some(Kind::Word | Kind::Signed) => is_beginning,
            _ => false,
        };
        if is_open {
            if let Term::Exact(text) = last {
                *last = Term::Prefix(std::mem::take(text));
            }
            return Some(Self { terms, whole: None });
        }
        let end = tokens.iter().map(|token| token.end).max();
        let whole = tokens
            .first()
            .filter(|token| token.kind == Kind::Whole && Some(token.end) == end)
            .map(|token| token.text.clone());
        Some(Self { terms, whole })
    }
}

/// Whether a run's last character is not in a pair that was chosen.
fn is_alone(text: &str) -> bool {
    text.chars().nth(1).is_none()
}

/// As few tokens as say everything: of a word the form with its signs, of a run pairs that lie side by
/// side, and overlap at its end if its length is odd.
fn strongest(tokens: &[Token]) -> impl Iterator<Item = &Token> {
    let at_positions: Vec<&[Token]> = tokens.chunk_by(|a, b| a.position == b.position).collect();
    let pair_at = move |positions: &[&'_ [Token]], at: usize| {
        positions
            .get(at)
            .is_some_and(|here| here.iter().any(|token| token.kind == Kind::Pair))
    };
    let mut chosen = Vec::new();
    let mut at = 0;
    while let Some(here) = at_positions.get(at) {
        let best = here
            .iter()
            .filter(|token| token.kind != Kind::Whole)
            .max_by_key(|token| token.kind);
        chosen.extend(best);
        at += if !pair_at(&at_positions, at) {
            1
        } else if pair_at(&at_positions, at + 1) && !pair_at(&at_positions, at + 2) {
            // Three characters are left: the second pair overlaps the first.
            let second = at_positions[at + 1]
                .iter()
                .find(|token| token.kind == Kind::Pair);
            chosen.extend(second);
            3
        } else {
            2
        };
    }
    chosen.into_iter()
}

#[cfg(test)]
mod tests {
    use super::{Needle, Term};

    fn shown(needle: Option<Needle>) -> String {
        let Some(needle) = needle else {
            return "nothing".into();
        };
        let mut terms: Vec<_> = needle
            .terms
            .iter()
            .map(|(at, term)| match term {
                Term::Exact(text) => format!("{text}@{at}"),
                Term::Prefix(text) => format!("{text}*@{at}"),
            })
            .collect();
        terms.extend(needle.whole.map(|whole| format!("or {whole}")));
        terms.join(" ")
    }

    #[test]
    fn a_phrase_is_its_words() {
        assert_eq!(shown(Needle::new("Good  Morning")), "good@0 morning@1");
        assert_eq!(shown(Needle::beginning("good mor")), "good@0 mor*@1");
        assert_eq!(shown(Needle::new(" ?! ")), "nothing");
    }

    #[test]
    fn a_code_is_its_parts_or_the_whole() {
        assert_eq!(shown(Needle::new("qwen3.6")), "qwen3@0 6@1 or qwen3.6");
        assert_eq!(shown(Needle::new("C++20")), "c++@0 20@1 or c++20");
        assert_eq!(shown(Needle::new("C++")), "c++@0");
        assert_eq!(shown(Needle::new("#1234")), "1234@0 or #1234");
        assert_eq!(shown(Needle::new("foo.png bar")), "foo@0 png@1 bar@2");
    }

    #[test]
    fn a_run_is_covered_by_as_few_pairs_as_do() {
        assert_eq!(shown(Needle::new("添")), "添*@0");
        assert_eq!(shown(Needle::new("添加")), "添加@0");
        assert_eq!(shown(Needle::new("已添加")), "已添@0 添加@1");
        assert_eq!(shown(Needle::new("已添加为")), "已添@0 加为@2");
        assert_eq!(shown(Needle::new("已添加为好")), "已添@0 加为@2 为好@3");
        assert_eq!(shown(Needle::new("去Tokyo了吗")), "去@0 tokyo@1 了吗@2");
    }
}
