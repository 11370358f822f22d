//! Where a text has what was asked for.

use crate::needle::{Needle, Term};
use crate::token::{Kind, Token, tokens};

/// The places of a text that have one of the needles: rising, not touching each other, in Unicode code
/// points, ends exclusive.
pub fn highlights<'a>(
    text: &str,
    needles: impl IntoIterator<Item = &'a Needle>,
) -> Vec<[usize; 2]> {
    let tokens = tokens(text);
    let positions: Vec<&[Token]> = tokens.chunk_by(|a, b| a.position == b.position).collect();
    let mut places: Vec<(usize, usize)> = needles
        .into_iter()
        .flat_map(|needle| (0..positions.len()).filter_map(|at| found(needle, &positions, at)))
        .collect();
    places.sort_unstable();
    let mut joined: Vec<(usize, usize)> = Vec::with_capacity(places.len());
    for (start, end) in places {
        match joined.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => joined.push((start, end)),
        }
    }
    in_code_points(text, &joined)
}

/// The bytes from the first to the last token, if the needle begins at this position.
fn found(needle: &Needle, positions: &[&[Token]], at: usize) -> Option<(usize, usize)> {
    let has = |at: usize, term: &Term| {
        positions
            .get(at)?
            .iter()
            .find(|token| term.matches(&token.text))
    };
    let mut place = None;
    for (offset, term) in &needle.terms {
        let token = has(at + offset, term)?;
        // A single character is found in a pair, and is less than that.
        let token_end = match term {
            Term::Prefix(_) if token.kind == Kind::Pair => token.first_end,
            _ => token.end,
        };
        let (start, end) = place.unwrap_or((token.start, token_end));
        place = Some((start.min(token.start), end.max(token_end)));
    }
    place
}

/// One pass over the text: places rise and do not overlap.
fn in_code_points(text: &str, places: &[(usize, usize)]) -> Vec<[usize; 2]> {
    let mut bounds = places.iter().flat_map(|(start, end)| [*start, *end]);
    let mut next = bounds.next();
    let mut counted = Vec::with_capacity(places.len() * 2);
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
    counted.chunks_exact(2).map(|it| [it[0], it[1]]).collect()
}

#[cfg(test)]
mod tests {
    use super::highlights;
    use crate::needle::Needle;

    fn marked(text: &str, needles: &[&str]) -> String {
        let needles: Vec<_> = needles.iter().filter_map(|it| Needle::new(it)).collect();
        let places = highlights(text, &needles);
        let mut marked = String::new();
        for (at, char) in text.chars().enumerate() {
            if places.iter().any(|place| place[0] == at) {
                marked.push('[');
            }
            marked.push(char);
            if places.iter().any(|place| place[1] == at + 1) {
                marked.push(']');
            }
        }
        marked
    }

    #[test]
    fn what_was_asked_for_is_marked_as_it_was_written() {
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
    fn places_that_touch_are_one() {
        assert_eq!(marked("东京都", &["东京", "京都"]), "[东京都]");
    }
}
