//! Message bodies: JSON objects stored as compact text with sorted keys, so that two bodies that
//! are equal as JSON values are also equal byte for byte.

mod canonical;
mod fields;
mod file;
mod glyphs;
mod message_type;

pub use file::MessageFile;
pub(crate) use glyphs::is_invisible;
pub use message_type::MessageType;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::limits::Limits;
use crate::refusal::Refusal;

/// The body of a message: a JSON object as compact text.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageBody(Arc<str>);

impl MessageBody {
    /// Validates a JSON value and converts it to the body of a message of this type.
    ///
    /// Refuses a value that is not an object, a text message without visible text, a missing or
    /// invalid documented key (docs/messages.md), and a body larger than `limits.body_bytes`.
    pub fn parse(kind: MessageType, value: &Value, limits: &Limits) -> Result<Self, Refusal> {
        let Value::Object(fields) = value else {
            return Err(Refusal::invalid("body", "Expected a JSON object."));
        };
        if kind == MessageType::Text {
            match fields.get("text") {
                Some(Value::String(text)) if text.chars().all(is_invisible) => {
                    return Err(Refusal::invalid(
                        "body.text",
                        "The text is empty or contains only invisible characters.",
                    ));
                }
                Some(Value::String(_)) => {}
                _ => {
                    return Err(Refusal::invalid(
                        "body.text",
                        "A text message must have its text in body.text.",
                    ));
                }
            }
        }
        fields::check(kind, fields)?;
        let json = Self::canonical_json(value);
        if json.len() > limits.body_bytes {
            return Err(Refusal::too_large(
                "body",
                format!(
                    "The body is {} bytes of JSON; at most {} are allowed.",
                    json.len(),
                    limits.body_bytes
                ),
            ));
        }
        Ok(Self(json.into()))
    }

    /// The text of a value in which equal values are equal, also for a value that is no body.
    pub fn canonical_json(value: &Value) -> String {
        // Cannot fail: a value is JSON. `Display` writes the same, and takes longer.
        serde_json::to_string(&canonical::canonicalize(value)).unwrap_or_default()
    }

    /// The body of a text message.
    pub fn from_text(text: &str) -> Self {
        Self(serde_json::json!({ "text": text }).to_string().into())
    }

    /// The placeholder that replaces an erased body.
    pub fn erased_placeholder() -> Self {
        Self(r#"{"erased":true}"#.into())
    }

    /// The body as compact JSON.
    pub fn as_json(&self) -> &str {
        &self.0
    }

    /// The fingerprint of the body. Bodies that are equal as JSON values have equal fingerprints.
    pub fn digest(&self) -> u128 {
        crate::digest::fingerprint(&[self.0.as_bytes()])
    }
}

impl fmt::Debug for MessageBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for MessageBody {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for MessageBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self(raw.get().into()))
    }
}
