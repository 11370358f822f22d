//! Term sequences: the consecutive terms that a text must contain to match one piece of a query.

use crate::token::{Token, TokenKind, tokenize, without_digest};

/// A non-empty sequence of terms at fixed distances from each other. A text matches if it contains
/// all of them, at those distances, anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermSequence {
    /// The terms with their positions, in ascending order; the first is at 0.
    pub terms: Vec<(usize, Term)>,
    /// The whole text as one code token, if it is a code. A text that contains it also contains the
    /// terms, and is the better hit.
    pub whole_code: Option<String>,
}

/// A term of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// Matches this term only.
    Exact(String),
    /// Matches every term with this prefix.
    Prefix(String),
}

impl Term {
    /// Whether the term matches a token of a text.
    pub fn matches(&self, token: &str) -> bool {
        match self {
            Self::Exact(text) => token == text,
            Self::Prefix(text) => token.starts_with(text.as_str()),
        }
    }
}

impl TermSequence {
    /// Creates the sequence for a word or a phrase. Returns `None` if the text has no tokens.
    pub fn new(text: &str) -> Option<Self> {
        Self::parse(text, false)
    }

    /// Like [`TermSequence::new`], but the last word is a prefix. This makes no difference for
    /// scripts without spaces, where a search matches in the middle of a run anyway.
    pub fn with_prefix(text: &str) -> Option<Self> {
        Self::parse(text, true)
    }

    fn parse(text: &str, is_prefix: bool) -> Option<Self> {
        let tokens = tokenize(text);
        let mut terms: Vec<(usize, Term)> = select_tokens(&tokens)
            .map(|token| (token.position, Term::Exact(token.text.clone())))
            .collect();
        let (_, last) = terms.last_mut()?;
        let last_kind = tokens.last().map(|token| token.kind);
        let is_open = match last_kind {
            // The index stores a character together with the one that follows it.
            Some(TokenKind::Single) => matches!(last, Term::Exact(text) if is_single_char(text)),
            Some(TokenKind::Word | TokenKind::WithSymbol) => is_prefix,
            _ => false,
        };
        if is_open {
            if let Term::Exact(text) = last {
                *last = Term::Prefix(without_digest(text).to_owned());
            }
            return Some(Self {
                terms,
                whole_code: None,
            });
        }
        let end = tokens.iter().map(|token| token.end).max();
        let whole = tokens
            .first()
            .filter(|token| token.kind == TokenKind::WholeCode && Some(token.end) == end)
            .map(|token| token.text.clone());
        Some(Self {
            terms,
            whole_code: whole,
        })
    }
}

/// Whether a text is a single character, which no selected pair covers.
fn is_single_char(text: &str) -> bool {
    text.chars().nth(1).is_none()
}

/// Selects the fewest tokens that cover the text: for a word, the form with its symbols; for a run
/// without spaces, adjacent pairs, which overlap at the end if the length is odd.
fn select_tokens(tokens: &[Token]) -> impl Iterator<Item = &Token> {
    let at_positions: Vec<&[Token]> = tokens.chunk_by(|a, b| a.position == b.position).collect();
    let pair_at = move |positions: &[&'_ [Token]], at: usize| {
        positions
            .get(at)
            .is_some_and(|tokens| tokens.iter().any(|token| token.kind == TokenKind::Pair))
    };
    let mut chosen = Vec::new();
    let mut at = 0;
    while let Some(candidates) = at_positions.get(at) {
        let best = candidates
            .iter()
            .filter(|token| token.kind != TokenKind::WholeCode)
            .max_by_key(|token| token.kind);
        chosen.extend(best);
        at += if !pair_at(&at_positions, at) {
            1
        } else if pair_at(&at_positions, at + 1) && !pair_at(&at_positions, at + 2) {
            // Three characters remain: the second pair overlaps the first.
            let second = at_positions[at + 1]
                .iter()
                .find(|token| token.kind == TokenKind::Pair);
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
    use super::{Term, TermSequence};

    fn render(sequence: Option<TermSequence>) -> String {
        let Some(sequence) = sequence else {
            return "nothing".into();
        };
        let mut terms: Vec<_> = sequence
            .terms
            .iter()
            .map(|(at, term)| match term {
                Term::Exact(text) => format!("{text}@{at}"),
                Term::Prefix(text) => format!("{text}*@{at}"),
            })
            .collect();
        terms.extend(sequence.whole_code.map(|whole| format!("or {whole}")));
        terms.join(" ")
    }

    #[test]
    fn a_phrase_consists_of_its_words() {
        assert_eq!(
            render(TermSequence::new("Good  Morning")),
            "good@0 morning@1"
        );
        assert_eq!(
            render(TermSequence::with_prefix("good mor")),
            "good@0 mor*@1"
        );
        assert_eq!(render(TermSequence::new(" ?! ")), "nothing");
    }

    #[test]
    fn a_code_matches_by_its_parts_or_as_a_whole() {
        assert_eq!(
            render(TermSequence::new("qwen3.6")),
            "qwen3@0 6@1 or qwen3.6"
        );
        assert_eq!(render(TermSequence::new("C++20")), "c++@0 20@1 or c++20");
        assert_eq!(render(TermSequence::new("C++")), "c++@0");
        assert_eq!(render(TermSequence::new("#1234")), "1234@0 or #1234");
        assert_eq!(
            render(TermSequence::new("foo.png bar")),
            "foo@0 png@1 bar@2"
        );
    }

    #[test]
    fn a_run_is_covered_by_the_fewest_pairs() {
        assert_eq!(render(TermSequence::new("添")), "添*@0");
        assert_eq!(render(TermSequence::new("添加")), "添加@0");
        assert_eq!(render(TermSequence::new("已添加")), "已添@0 添加@1");
        assert_eq!(render(TermSequence::new("已添加为")), "已添@0 加为@2");
        assert_eq!(
            render(TermSequence::new("已添加为好")),
            "已添@0 加为@2 为好@3"
        );
        assert_eq!(
            render(TermSequence::new("去Tokyo了吗")),
            "去@0 tokyo@1 了吗@2"
        );
    }
}
