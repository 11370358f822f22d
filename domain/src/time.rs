//! Timestamps with millisecond precision, as the system stores and displays them.
//!
//! Each event has one or two, which are written and read several times on its way. So the usual
//! form has code of its own, which takes a fraction of the time that a general formatter takes.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::format_description::well_known::Rfc3339;
use time::{Date, Month, OffsetDateTime, Time};

/// Milliseconds since 1970-01-01 UTC. Formatted as RFC 3339 with exactly three fractional digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// What [`Timestamp::parse`] accepts, for error messages.
    pub const FORMAT: &'static str = "an RFC 3339 time such as 2026-11-01T09:30:00Z";

    /// Creates a timestamp from milliseconds since 1970. Values outside the years 0 to 9999 are
    /// clamped to that range, because RFC 3339 cannot express them.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(-62_167_219_200_000, 253_402_300_799_999))
    }

    /// Milliseconds since 1970.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// Parses RFC 3339 text with any offset. Digits beyond milliseconds are truncated.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(time) = Self::parse_usual(text.as_bytes()) {
            return Some(time);
        }
        let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        Some(Self::from_millis(
            i64::try_from(time.unix_timestamp_nanos().div_euclid(1_000_000)).ok()?,
        ))
    }
}

/// `0000-00-00T00:00:00.000Z`, the form in which the system writes every time.
const USUAL_FORM: [u8; 24] = *b"0000-00-00T00:00:00.000Z";

/// Where the digits of year, month, day, hour, minute, second and millisecond are in it.
const USUAL_DIGITS: [std::ops::Range<usize>; 7] =
    [0..4, 5..7, 8..10, 11..13, 14..16, 17..19, 20..23];

const DAY_MILLIS: i64 = 86_400_000;

/// The Julian day of 1970-01-01.
const EPOCH_JULIAN_DAY: i64 = 2_440_588;

impl Timestamp {
    /// Parses the usual form. `None` also for what only a general parser knows, such as a leap
    /// second.
    fn parse_usual(text: &[u8]) -> Option<Self> {
        let text: &[u8; 24] = text.try_into().ok()?;
        let fits = |(byte, form): (&u8, &u8)| match form {
            b'0' => byte.is_ascii_digit(),
            separator => byte == separator,
        };
        if !text.iter().zip(&USUAL_FORM).all(fits) {
            return None;
        }
        let [year, month, day, hour, minute, second, millisecond] = USUAL_DIGITS.map(|digits| {
            let digits = text[digits].iter();
            digits.fold(0, |number, digit| number * 10 + u16::from(digit - b'0'))
        });
        let month = Month::try_from(month as u8).ok()?;
        let date = Date::from_calendar_date(year.into(), month, day as u8).ok()?;
        let time =
            Time::from_hms_milli(hour as u8, minute as u8, second as u8, millisecond).ok()?;
        let days = i64::from(date.to_julian_day()) - EPOCH_JULIAN_DAY;
        let (hour, minute, second, millisecond) = time.as_hms_milli();
        let seconds = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second);
        Some(Self::from_millis(
            days * DAY_MILLIS + seconds * 1000 + i64::from(millisecond),
        ))
    }

    /// Writes the usual form.
    fn write_usual(self, text: &mut [u8; 24]) -> &str {
        *text = USUAL_FORM;
        let julian_day = self.0.div_euclid(DAY_MILLIS) + EPOCH_JULIAN_DAY;
        // Cannot fail: a timestamp is in the years 0 to 9999.
        let date = Date::from_julian_day(julian_day as i32).unwrap_or(Date::MIN);
        let (year, month, day) = date.to_calendar_date();
        let millis = self.0.rem_euclid(DAY_MILLIS);
        let numbers = [
            i64::from(year),
            i64::from(u8::from(month)),
            i64::from(day),
            millis / 3_600_000,
            millis / 60_000 % 60,
            millis / 1000 % 60,
            millis % 1000,
        ];
        for (mut number, digits) in numbers.into_iter().zip(USUAL_DIGITS) {
            for digit in text[digits].iter_mut().rev() {
                *digit += (number % 10) as u8;
                number /= 10;
            }
        }
        // Cannot fail: the form and digits are ASCII.
        std::str::from_utf8(text).unwrap_or_default()
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(time: OffsetDateTime) -> Self {
        Self::from_millis(time.unix_timestamp() * 1000 + i64::from(time.millisecond()))
    }
}

impl From<Timestamp> for OffsetDateTime {
    fn from(time: Timestamp) -> Self {
        let millisecond = time.0.rem_euclid(1000) as u16;
        OffsetDateTime::from_unix_timestamp(time.0.div_euclid(1000))
            .and_then(|second| second.replace_millisecond(millisecond))
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.write_usual(&mut [0; 24]))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.write_usual(&mut [0; 24]))
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| D::Error::custom(format_args!("expected {}", Self::FORMAT)))
    }
}
