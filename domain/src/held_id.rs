//! The id of a held message.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::{InvalidIdError, ParseVisitor};

/// The id of a held message among those of its sender: `h1`, `h2`, ...
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeldId(i64);

impl HeldId {
    /// The id of the held message with this number.
    pub fn from_number(number: i64) -> Self {
        Self(number)
    }

    /// Parses the text. Every id has one form.
    pub fn parse(text: &str) -> Result<Self, InvalidIdError> {
        let number = text
            .strip_prefix('h')
            .and_then(|number| number.parse().ok());
        number
            .filter(|number| *number > 0)
            .map(Self)
            .filter(|id| id.to_string() == text)
            .ok_or(InvalidIdError("Expected the id of a held message."))
    }

    /// Its number among the held messages of the sender.
    pub fn number(self) -> i64 {
        self.0
    }
}

impl fmt::Display for HeldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "h{}", self.0)
    }
}

impl Serialize for HeldId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HeldId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(ParseVisitor(Self::parse))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_form() {
        assert_eq!(HeldId::parse("h7"), Ok(HeldId(7)));
        for bad in [
            "",
            "h",
            "7",
            "h0",
            "h-1",
            "h07",
            "h+7",
            "H7",
            "h9223372036854775808",
        ] {
            assert!(HeldId::parse(bad).is_err(), "{bad}");
        }
    }
}
