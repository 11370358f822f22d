//! The time of an event is written and read as a general formatter and parser would do it.

use domain::time::Timestamp;
use proptest::prelude::*;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::proptest_config;

/// The years 0 to 9999.
fn millis() -> impl Strategy<Value = i64> {
    -62_167_219_200_000..=253_402_300_799_999_i64
}

proptest! {
    #![proptest_config(proptest_config(2_000))]

    #[test]
    fn a_written_time_is_read_as_what_it_was(millis in millis()) {
        let time = Timestamp::from_millis(millis);
        let text = time.to_string();
        prop_assert_eq!(Timestamp::parse(&text), Some(time));
        let general = OffsetDateTime::parse(&text, &Rfc3339).unwrap();
        prop_assert_eq!(general.unix_timestamp_nanos(), i128::from(millis) * 1_000_000);
        prop_assert_eq!(OffsetDateTime::from(time), general);
        prop_assert_eq!(serde_json::to_string(&time).unwrap(), format!("\"{text}\""));
    }

    #[test]
    fn a_text_is_read_as_a_general_parser_reads_it(
        text in "[0-9]{4}-[0-2][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9][.,][0-9]{2,4}[Zz+]",
    ) {
        let general = OffsetDateTime::parse(&text, &Rfc3339).ok();
        let expected = general.map(|time| time.unix_timestamp_nanos().div_euclid(1_000_000));
        let parsed = Timestamp::parse(&text);
        prop_assert_eq!(parsed.map(|time| i128::from(time.millis())), expected);
    }
}

#[test]
fn the_ends_of_the_calendar_are_written_with_four_digits() {
    for (millis, text) in [
        (i64::MIN, "0000-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (i64::MAX, "9999-12-31T23:59:59.999Z"),
    ] {
        assert_eq!(Timestamp::from_millis(millis).to_string(), text);
    }
}
