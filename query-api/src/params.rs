//! Parameters of queries, from text. What cannot be read is `400` with the name of the parameter.
//!
//! A parameter that is there but blank is as good as left out, except for numbers that bound a
//! page: a program that sends a blank number has lost one.

use domain::ids::ConversationId;
use domain::time::Timestamp;
use http_edge::Problem;
use http_edge::extract::parse;

/// A limit of a page: how many without one, and how many at most.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// Without the parameter.
    pub default: i64,
    /// More is refused, so that nobody takes a part for the whole.
    pub max: i64,
}

impl Limit {
    /// 1 to `max`.
    pub fn parse(self, text: Option<&str>) -> Result<i64, Problem> {
        parse::limit(text, self.default, self.max)
    }
}

/// A seq in a path: a positive integer. One that is larger than any seq does not exist.
pub fn seq(text: &str) -> Result<i64, Problem> {
    match digits(text) {
        Some(seq) if seq == i64::MAX => Err(Problem::not_found()),
        Some(seq) if seq > 0 => Ok(seq),
        _ => Err(Problem::malformed("seq", "expected a positive integer")),
    }
}

/// A seq in a query that bounds a page: at least `min`. One that is larger than any seq bounds
/// nothing.
pub fn bound(field: &str, text: Option<&str>, min: i64) -> Result<Option<i64>, Problem> {
    text.map(|text| {
        digits(text).filter(|seq| *seq >= min).ok_or_else(|| {
            Problem::malformed(field, format!("expected a whole number from {min} on"))
        })
    })
    .transpose()
}

/// Digits only, nothing else that parses as a number (`+5`). What is too large is `i64::MAX`.
fn digits(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(i64::MAX))
}

/// A conversation in a path. An id that cannot exist is answered as one that does not.
pub fn conversation(text: &str) -> Result<ConversationId, Problem> {
    ConversationId::parse(text).map_err(|_| Problem::not_found())
}

/// A position of the log, 0 before the first event.
pub fn position(field: &str, text: Option<&str>) -> Result<Option<i64>, Problem> {
    given(text)
        .map(|text| parse::cursor(field, text))
        .transpose()
}

/// `true` or `false`; left out is false.
pub fn flag(field: &str, text: Option<&str>) -> Result<bool, Problem> {
    given(text).map_or(Ok(false), |text| parse::flag(field, text))
}

/// A point in time.
pub fn time(field: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let expected = || {
        Problem::malformed(
            field,
            "expected an RFC 3339 time such as 2026-11-01T09:30:00Z",
        )
    };
    given(text)
        .map(|text| Timestamp::parse(text).ok_or_else(expected))
        .transpose()
}

/// The text, unless there is none.
pub fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seq_in_a_path_is_positive() {
        assert_eq!(seq("7").ok(), Some(7));
        for bad in ["", "0", "00", "-7", "+7", "7.0", "seven"] {
            assert_eq!(seq(bad).unwrap_err().status(), 400, "{bad}");
        }
        assert_eq!(seq("9223372036854775808").unwrap_err().status(), 404);
    }

    #[test]
    fn a_bound_may_lie_beyond_everything() {
        assert_eq!(
            bound("before", Some("9223372036854775808"), 1).ok(),
            Some(Some(i64::MAX))
        );
        assert_eq!(bound("after", Some("0"), 0).ok(), Some(Some(0)));
        assert_eq!(bound("after", None, 0).ok(), Some(None));
        for bad in ["0", "", "-1", "one"] {
            assert!(bound("before", Some(bad), 1).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_blank_is_left_out() {
        assert_eq!(position("after", Some("")).ok(), Some(None));
        assert_eq!(position("after", Some("0")).ok(), Some(Some(0)));
        assert!(position("after", Some("-1")).is_err());
        assert_eq!(flag("archived", Some("")).ok(), Some(false));
        assert!(flag("archived", Some("yes")).is_err());
        assert_eq!(time("since", Some("")).ok(), Some(None));
        assert!(time("since", Some("yesterday")).is_err());
    }

    #[test]
    fn an_impossible_conversation_is_an_unknown_one() {
        for bad in ["", "a b", "a/b", "\0", &"c".repeat(65)] {
            assert_eq!(conversation(bad).unwrap_err().status(), 404, "{bad}");
        }
    }
}
