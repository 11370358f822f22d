//! Parsers for the parameters that several endpoints share. A value out of range is `400`, because
//! the intended value is unknown; only a seq in a path names something that does not exist.

use crate::problem::Problem;

/// The page size: `default` without the parameter, otherwise 1 to `max`.
pub fn parse_limit(text: Option<&str>, default: i64, max: i64) -> Result<i64, Problem> {
    let Some(text) = text else { return Ok(default) };
    match parse_whole_number(text) {
        Some(limit) if (1..=max).contains(&limit) => Ok(limit),
        _ => Err(Problem::malformed(
            "limit",
            format!("expected a whole number from 1 to {max}"),
        )),
    }
}

/// The seq of a message in a path. Text that is not a positive integer is `400`; an integer beyond
/// the range of seqs is `404`, like every other seq that does not exist.
pub fn parse_seq(text: &str) -> Result<i64, Problem> {
    let seq = parse_saturating(text).ok_or_else(seq_problem)?;
    if seq == i64::MAX {
        return Err(Problem::not_found());
    }
    check_seq(seq)
}

/// Checks the seq of a message that was parsed as a number: a positive integer, or `400`.
pub fn check_seq(seq: i64) -> Result<i64, Problem> {
    if seq > 0 { Ok(seq) } else { Err(seq_problem()) }
}

fn seq_problem() -> Problem {
    Problem::malformed("seq", "expected a positive integer")
}

/// A seq that bounds a page: an integer of at least `min`. One beyond the range of seqs does not
/// restrict the page.
pub fn parse_seq_bound(field: &str, text: &str, min: i64) -> Result<i64, Problem> {
    match parse_saturating(text) {
        Some(seq) if seq >= min => Ok(seq),
        _ => Err(Problem::malformed(
            field,
            format!("expected an integer of at least {min}"),
        )),
    }
}

/// A position in the log: 0 or more.
pub fn parse_cursor(field: &str, text: &str) -> Result<i64, Problem> {
    parse_whole_number(text).ok_or_else(|| {
        Problem::malformed(
            field,
            format!("expected a whole number from 0 to {}", i64::MAX),
        )
    })
}

/// `true` or `false`.
pub fn parse_flag(field: &str, text: &str) -> Result<bool, Problem> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Problem::malformed(field, "expected true or false")),
    }
}

/// Parses decimal digits only: no sign, no space, no fraction.
fn parse_whole_number(text: &str) -> Option<i64> {
    is_digits(text).then(|| text.parse().ok()).flatten()
}

/// The same, but a number that is too large becomes `i64::MAX`.
fn parse_saturating(text: &str) -> Option<i64> {
    is_digits(text).then(|| text.parse().unwrap_or(i64::MAX))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOT_WHOLE: [&str; 14] = [
        "",
        " ",
        "-1",
        "+1",
        "1.5",
        "1e3",
        "0x10",
        "abc",
        "1 ",
        "\"1\"",
        "9223372036854775808",
        "18446744073709551616",
        "٣",
        "1_000",
    ];

    #[test]
    fn limits_have_a_default_and_a_range() {
        assert_eq!(parse_limit(None, 50, 200).unwrap(), 50);
        assert_eq!(parse_limit(Some("1"), 50, 200).unwrap(), 1);
        assert_eq!(parse_limit(Some("200"), 50, 200).unwrap(), 200);
        for bad in NOT_WHOLE.iter().chain(&["0", "201"]) {
            let problem = parse_limit(Some(bad), 50, 200).unwrap_err();
            assert_eq!(problem.status(), 400, "{bad}");
            assert!(problem.errors()[0].message.contains("200"));
        }
    }

    #[test]
    fn a_seq_is_a_positive_integer_and_exists() {
        assert_eq!(parse_seq("1").unwrap(), 1);
        assert_eq!(parse_seq("007").unwrap(), 7);
        for bad in ["", "0", "00", "-7", "+7", "7.0", "7 ", "seven", "٣"] {
            let problem = parse_seq(bad).unwrap_err();
            assert_eq!(problem.status(), 400, "{bad}");
            assert_eq!(problem.errors()[0].field, "seq");
        }
        for missing in [
            "9223372036854775807",
            "9223372036854775808",
            "99999999999999999999",
        ] {
            assert_eq!(parse_seq(missing).unwrap_err().status(), 404, "{missing}");
        }
        assert_eq!(check_seq(1).unwrap(), 1);
        let message = |problem: Problem| problem.errors()[0].message.clone();
        assert_eq!(
            message(check_seq(0).unwrap_err()),
            message(parse_seq("0").unwrap_err())
        );
    }

    #[test]
    fn a_bound_may_exceed_every_seq() {
        let bound = |text, min| parse_seq_bound("before", text, min);
        assert_eq!(bound("9223372036854775808", 1).unwrap(), i64::MAX);
        assert_eq!(bound("0", 0).unwrap(), 0);
        for bad in ["0", "", "-1", "one"] {
            assert_eq!(bound(bad, 1).unwrap_err().status(), 400, "{bad}");
        }
    }

    #[test]
    fn a_cursor_is_not_negative() {
        assert_eq!(parse_cursor("after", "0").unwrap(), 0);
        for bad in NOT_WHOLE {
            assert_eq!(
                parse_cursor("after", bad).unwrap_err().status(),
                400,
                "{bad}"
            );
        }
    }

    #[test]
    fn flags_are_true_or_false() {
        assert!(parse_flag("archived", "true").unwrap());
        assert!(!parse_flag("archived", "false").unwrap());
        assert!(parse_flag("archived", "1").is_err());
    }
}
