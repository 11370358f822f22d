//! The fields that an app adds to a profile or a conversation: a JSON object of bounded size.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::body::MessageBody;
use crate::refusal::Refusal;

/// The maximum size as compact JSON, in bytes.
pub const MAX_CUSTOM_BYTES: usize = 4 * 1024;

/// A JSON object of the app's own, as compact text. Values that are equal as JSON have equal text.
#[derive(Clone, PartialEq, Eq)]
pub struct CustomFields(Arc<str>);

impl CustomFields {
    /// Parses the value of a field `custom`: an object of at most 4 KiB.
    pub fn parse(value: &Value) -> Result<Self, Refusal> {
        if !value.is_object() {
            return Err(Refusal::invalid(
                "custom",
                "Expected a JSON object, or null.",
            ));
        }
        let json = MessageBody::canonical_json(value);
        if json.len() > MAX_CUSTOM_BYTES {
            return Err(Refusal::invalid(
                "custom",
                format!(
                    "The object is {} bytes of JSON; at most {MAX_CUSTOM_BYTES} are allowed.",
                    json.len()
                ),
            ));
        }
        Ok(Self(json.into()))
    }

    /// The object as compact JSON.
    pub fn as_json(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CustomFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for CustomFields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CustomFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Not as raw text: serde cannot read that in a struct that is flattened into another one.
        let value = Value::deserialize(deserializer)?;
        Ok(Self(value.to_string().into()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_small_objects_are_accepted() {
        let parsed = CustomFields::parse(&json!({"b": 1.0, "a": [null]}));
        assert_eq!(
            parsed.map(|fields| fields.as_json().to_owned()).as_deref(),
            Ok(r#"{"a":[null],"b":1}"#)
        );
        for bad in [
            json!(null),
            json!([]),
            json!("x"),
            json!({"a": "x".repeat(4_096)}),
        ] {
            let field = CustomFields::parse(&bad).map_err(|refusal| refusal.field);
            assert_eq!(field.err(), Some(Some("custom")));
        }
    }
}
