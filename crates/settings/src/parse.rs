//! The formats of values on the command line.

use std::time::Duration;

use domain::deployment::feature::Feature;
use domain::time::Timestamp;
use http_edge::extract::describe_unknown;

/// Parses a human-readable duration: `7d`, `90s`, `1h 30m`.
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| error.to_string())
}

/// Parses the name of a feature that can be switched off.
pub(super) fn parse_feature(text: &str) -> Result<Feature, String> {
    let known = Feature::ALL.map(Feature::as_str);
    Feature::parse(text).ok_or_else(|| describe_unknown(text, &known))
}

/// Parses a point in time in RFC 3339, or a day, which is the time at which it begins in UTC.
pub(super) fn parse_time(text: &str) -> Result<Timestamp, String> {
    let begin = || Timestamp::parse(&format!("{text}T00:00:00Z"));
    Timestamp::parse(text).or_else(begin).ok_or_else(|| {
        "expected a time such as 2026-11-01T00:00:00Z, or a day such as 2026-11-01".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_feature_is_named_with_the_nearest_one() {
        assert_eq!(parse_feature("typing"), Ok(Feature::Typing));
        let nearest = "unknown; did you mean typing?".to_owned();
        assert_eq!(parse_feature("typng"), Err(nearest));
    }

    #[test]
    fn a_day_is_the_time_at_which_it_begins() {
        for (text, time) in [
            ("2026-11-29", "2026-11-29T00:00:00.000Z"),
            ("2026-11-29T01:30:00+01:00", "2026-11-29T00:30:00.000Z"),
        ] {
            let parsed = parse_time(text).map(|time| time.to_string());
            assert_eq!(parsed.as_deref(), Ok(time), "{text}");
        }
        for bad in ["2026-11-31", "2026-11", "29.11.2026", "yesterday", ""] {
            let error = parse_time(bad).expect_err(bad);
            assert!(error.contains("a day such as"), "{bad}: {error}");
        }
    }
}
