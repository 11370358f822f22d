//! What a message carries: a JSON object, kept as compact text with its keys in order, so that
//! two bodies that are equal as JSON values are equal as bytes.

mod canonical;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::limits::Limits;
use crate::refusal::Refusal;

/// What kind of message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageType {
    /// Words, in `body.text`.
    Text,
    /// A picture.
    Image,
    /// A file, its name in `body.name`.
    File,
    /// A sound.
    Audio,
    /// A film.
    Video,
    /// A place.
    Location,
    /// Whatever the app means by it.
    Custom,
    /// For programs: delivered and kept, never counted, previewed or searched.
    Control,
}

impl MessageType {
    /// The name on the wire and in the tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::File => "file",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Location => "location",
            Self::Custom => "custom",
            Self::Control => "control",
        }
    }

    /// Whether it counts as unread and is previewed.
    pub fn is_countable(self) -> bool {
        self != Self::Control
    }
}

/// A message's body: a JSON object as compact text.
#[derive(Clone, PartialEq, Eq)]
pub struct Body(Arc<str>);

impl Body {
    /// Takes a JSON value as the body of a message of this type, if the rules allow it.
    pub fn parse(kind: MessageType, value: &Value, limits: &Limits) -> Result<Self, Refusal> {
        let Value::Object(fields) = value else {
            return Err(Refusal::invalid("body", "expected a JSON object"));
        };
        if kind == MessageType::Text {
            match fields.get("text") {
                Some(Value::String(text)) if text.chars().all(is_invisible) => {
                    return Err(Refusal::invalid(
                        "body.text",
                        "the text is empty or has only invisible characters",
                    ));
                }
                Some(Value::String(_)) => {}
                _ => {
                    return Err(Refusal::invalid(
                        "body.text",
                        "a text message has its words in body.text",
                    ));
                }
            }
        }
        let json = canonical::of(value).to_string();
        if json.len() > limits.body_bytes {
            return Err(Refusal::too_large(
                "body",
                format!(
                    "{} bytes of JSON; at most {} are taken",
                    json.len(),
                    limits.body_bytes
                ),
            ));
        }
        Ok(Self(json.into()))
    }

    /// A text message's body.
    pub fn text(text: &str) -> Self {
        Self(serde_json::json!({ "text": text }).to_string().into())
    }

    /// What stands where a body was before it was erased.
    pub fn erased() -> Self {
        Self(r#"{"erased":true}"#.into())
    }

    /// The body as compact JSON.
    pub fn as_json(&self) -> &str {
        &self.0
    }

    /// Equal for bodies that are equal as JSON values.
    pub fn digest(&self) -> u128 {
        crate::digest::of(&[self.0.as_bytes()])
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self(raw.get().into()))
    }
}

/// Characters that show nothing: blanks, controls, format characters, fillers, selectors.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}
