//! What counts as flooding.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

use super::limits::{MAX_FLOOD_SECONDS, MAX_FLOOD_WINDOW_SECONDS, MAX_SAME_TEXT};
use crate::refusal::Refusal;

/// A sender who sends this many near-equal texts within this time floods.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FloodRule {
    /// How many texts.
    pub same_text: u32,
    /// Within which time.
    pub within: RuleDuration,
    /// Where they are counted.
    pub across: FloodReach,
    /// What happens.
    pub then: FloodAction,
    /// How long the first silence lasts.
    #[serde(rename = "for", default, skip_serializing_if = "Option::is_none")]
    pub lasting: Option<RuleDuration>,
}

/// Where near-equal texts are counted, and where the sender is silenced.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum FloodReach {
    /// In each conversation by itself.
    Conversation,
    /// In all conversations together.
    All,
}

/// What happens when a user floods.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum FloodAction {
    /// A case is opened.
    Flag,
    /// A case is opened, and the sender is silenced for some time.
    Silence,
}

/// A duration as it was given: a number of seconds, minutes, hours or days, such as `30s`, `10m`,
/// `2h` or `7d`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleDuration {
    text: String,
    seconds: u32,
}

impl RuleDuration {
    /// Parses a duration of at least a second; `None` if it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let (last, unit) = text.char_indices().next_back()?;
        let factor = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 24 * 3_600,
            _ => return None,
        };
        let number = &text[..last];
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let number: u32 = number.parse().ok().filter(|_| is_number)?;
        let seconds = number.checked_mul(factor).filter(|seconds| *seconds > 0)?;
        Some(Self {
            text: text.to_owned(),
            seconds,
        })
    }

    /// This many minutes.
    pub fn from_minutes(minutes: u16) -> Self {
        Self {
            text: format!("{minutes}m"),
            seconds: 60 * u32::from(minutes),
        }
    }

    /// The duration in seconds.
    pub fn seconds(&self) -> u32 {
        self.seconds
    }

    /// The duration in milliseconds.
    pub fn millis(&self) -> i64 {
        i64::from(self.seconds) * 1_000
    }
}

impl fmt::Display for RuleDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for RuleDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for RuleDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("expected a duration such as 30s"))
    }
}

impl FloodRule {
    /// Checks the rule at this index of a list.
    pub(super) fn check(&self, index: usize) -> Result<(), Refusal> {
        let invalid = |field: &str, expected: String| {
            let detail = format!("rules[{index}].{field}: expected {expected}.");
            Err(Refusal::invalid("rules", detail))
        };
        if !(2..=MAX_SAME_TEXT).contains(&self.same_text) {
            return invalid("same_text", format!("2 to {MAX_SAME_TEXT} texts"));
        }
        if self.within.seconds() > MAX_FLOOD_WINDOW_SECONDS {
            return invalid("within", "a duration of at most 1d, such as 30s".to_owned());
        }
        match (&self.lasting, self.then) {
            (None, FloodAction::Silence) => {
                let expected = "a duration such as 1m, because the rule silences".to_owned();
                invalid("for", expected)
            }
            (Some(lasting), _) if lasting.seconds() > MAX_FLOOD_SECONDS => {
                invalid("for", "a duration of at most 30d, such as 1m".to_owned())
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        let seconds = |text| RuleDuration::parse(text).map(|parsed| parsed.seconds());
        assert_eq!(seconds("30s"), Some(30));
        assert_eq!(seconds("10m"), Some(600));
        assert_eq!(seconds("2h"), Some(7_200));
        assert_eq!(seconds("7d"), Some(7 * 24 * 3_600));
        for bad in [
            "", "s", "0s", "30", "+1s", "1.5h", "1h 30m", "99999d", "ms", "1w", "1\u{e9}",
        ] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
        let kept = RuleDuration::parse("60s").expect("a duration");
        assert_eq!(serde_json::to_string(&kept).expect("JSON"), r#""60s""#);
        assert!(serde_json::from_str::<RuleDuration>(r#""1""#).is_err());
    }
}
