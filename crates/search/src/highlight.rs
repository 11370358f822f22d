//! Highlighting: the ranges of a text that match the terms of a query.

use crate::phrase::{Term, TermSequence};
use crate::token::{Token, TokenKind, tokenize};

/// Finds the ranges of a text that match at least one of the term sequences. The ranges are in
/// ascending order and do not touch; they count Unicode code points, and their ends are exclusive.
pub fn find_highlights<'a>(
    text: &str,
    sequences: impl IntoIterator<Item = &'a TermSequence>,
) -> Vec<[usize; 2]> {
    let tokens = tokenize(text);
    let positions: Vec<&[Token]> = tokens.chunk_by(|a, b| a.position == b.position).collect();
    let mut ranges: Vec<(usize, usize)> = sequences
        .into_iter()
        .flat_map(|sequence| {
            (0..positions.len()).filter_map(|at| match_at(sequence, &positions, at))
        })
        .collect();
    ranges.sort_unstable();
    let mut merged: Vec<(usize, usize)> = Vec::with_capacity(ranges.len());
    for (start, end) in ranges {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    to_code_points(text, &merged)
}

/// Returns the byte range from the first to the last token if the sequence matches at this
/// position.
fn match_at(sequence: &TermSequence, positions: &[&[Token]], at: usize) -> Option<(usize, usize)> {
    let has = |at: usize, term: &Term| {
        positions
            .get(at)?
            .iter()
            .find(|token| term.matches(&token.text))
    };
    let mut range = None;
    for (offset, term) in &sequence.terms {
        let token = has(at + offset, term)?;
        // A single character matches the start of a pair, but covers only its first character.
        let token_end = match term {
            Term::Prefix(_) if token.kind == TokenKind::Pair => token.first_char_end,
            _ => token.end,
        };
        let (start, end) = range.unwrap_or((token.start, token_end));
        range = Some((start.min(token.start), end.max(token_end)));
    }
    range
}

/// Converts byte ranges to code point ranges in one pass over the text; the ranges must be sorted
/// and must not overlap.
fn to_code_points(text: &str, ranges: &[(usize, usize)]) -> Vec<[usize; 2]> {
    let mut bounds = ranges.iter().flat_map(|(start, end)| [*start, *end]);
    let mut next = bounds.next();
    let mut counted = Vec::with_capacity(ranges.len() * 2);
    let ends = std::iter::once(text.len());
    for (number, byte) in text
        .char_indices()
        .map(|(byte, _)| byte)
        .chain(ends)
        .enumerate()
    {
        while next == Some(byte) {
            counted.push(number);
            next = bounds.next();
        }
    }
    counted
        .chunks_exact(2)
        .map(|range| [range[0], range[1]])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::find_highlights;
    use crate::phrase::TermSequence;

    fn marked(text: &str, sequences: &[&str]) -> String {
        let sequences: Vec<_> = sequences
            .iter()
            .filter_map(|text| TermSequence::new(text))
            .collect();
        let ranges = find_highlights(text, &sequences);
        let mut marked = String::new();
        for (at, char) in text.chars().enumerate() {
            if ranges.iter().any(|range| range[0] == at) {
                marked.push('[');
            }
            marked.push(char);
            if ranges.iter().any(|range| range[1] == at + 1) {
                marked.push(']');
            }
        }
        marked
    }

    #[test]
    fn marks_matches_in_the_original_text() {
        assert_eq!(marked("Ça va? ÇA VA!", &["ca"]), "[Ça] va? [ÇA] VA!");
        assert_eq!(marked("我已添加为好友", &["添加"]), "我已[添加]为好友");
        assert_eq!(marked("我已添加为好友", &["已添加"]), "我[已添加]为好友");
        assert_eq!(
            marked("get foo.png or png", &["foo.png"]),
            "get [foo.png] or png"
        );
        assert_eq!(marked("請發佈新版本", &["发布"]), "請[發佈]新版本");
        assert_eq!(marked("我已添加，加", &["加"]), "我已添[加]，[加]");
        assert_eq!(marked("👍🏽 ok", &["👍"]), "[👍🏽] ok");
        assert_eq!(marked("a b a b", &["a b"]), "[a b] [a b]");
        assert_eq!(marked("nothing", &["here"]), "nothing");
    }

    #[test]
    fn merges_ranges_that_touch() {
        assert_eq!(marked("东京都", &["东京", "京都"]), "[东京都]");
    }
}
