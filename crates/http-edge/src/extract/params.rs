//! Parsers for the parameters that several endpoints share. A value out of range is `400`, because
//! the intended value is unknown.

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

/// The sequence number of a message in its conversation: 1 or more.
pub fn parse_seq(field: &str, text: &str) -> Result<i64, Problem> {
    match parse_whole_number(text) {
        Some(seq) if seq > 0 => Ok(seq),
        _ => Err(Problem::malformed(
            field,
            format!("expected a whole number from 1 to {}", i64::MAX),
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
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
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
    fn seq_is_positive_and_cursor_is_not_negative() {
        assert_eq!(parse_seq("seq", "1").unwrap(), 1);
        assert_eq!(parse_seq("seq", "9223372036854775807").unwrap(), i64::MAX);
        assert_eq!(parse_cursor("after", "0").unwrap(), 0);
        assert_eq!(parse_seq("seq", "0").unwrap_err().status(), 400);
        for bad in NOT_WHOLE {
            assert_eq!(parse_seq("seq", bad).unwrap_err().status(), 400, "{bad}");
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
