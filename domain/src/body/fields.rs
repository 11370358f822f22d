//! The documented keys of a body that is not only text: what an image, a file, an audio recording,
//! a video and a location consist of. A key means the same in each of these types. All other keys
//! are the app's own and are not checked.

use serde_json::{Map, Value};

use super::message_type::MessageType;
use crate::file::name::is_media_type;
use crate::ids::FileId;
use crate::refusal::Refusal;

/// The largest whole number that every JSON reader keeps exactly.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// A key, the field that an error names, and the rule for its value.
struct BodyKey {
    name: &'static str,
    field: &'static str,
    rule: ValueRule,
}

/// What the value of a key must be. `null` counts as absent.
#[derive(Clone, Copy)]
enum ValueRule {
    /// An address: text without whitespace and control characters, up to this many characters.
    Address(usize),
    /// Text without control characters, up to this many characters.
    Name(usize),
    /// A media type such as `image/png`, with or without parameters.
    MediaType,
    /// A whole number within these bounds.
    Whole(f64, f64),
    /// A number within these bounds.
    Number(f64, f64),
    /// The id of a file.
    FileId,
}

const fn key(name: &'static str, field: &'static str, rule: ValueRule) -> BodyKey {
    BodyKey { name, field, rule }
}

const KEYS: [BodyKey; 11] = [
    key("file", "body.file", ValueRule::FileId),
    key("url", "body.url", ValueRule::Address(2_048)),
    key("name", "body.name", ValueRule::Name(255)),
    key("mime", "body.mime", ValueRule::MediaType),
    key("size", "body.size", ValueRule::Whole(0.0, MAX_SAFE_INTEGER)),
    key("width", "body.width", ValueRule::Whole(1.0, 1_000_000.0)),
    key("height", "body.height", ValueRule::Whole(1.0, 1_000_000.0)),
    // Long enough for a small picture in a data URL.
    key("thumb", "body.thumb", ValueRule::Address(32_768)),
    key(
        "duration",
        "body.duration",
        ValueRule::Number(0.0, 31_536_000.0),
    ),
    key("lat", "body.lat", ValueRule::Number(-90.0, 90.0)),
    key("lng", "body.lng", ValueRule::Number(-180.0, 180.0)),
];

/// Checks the documented keys of a body of this type.
pub(super) fn check(kind: MessageType, fields: &Map<String, Value>) -> Result<(), Refusal> {
    use MessageType as T;
    match kind {
        T::Text | T::Custom | T::Control => return Ok(()),
        T::Image | T::File | T::Audio | T::Video | T::Location => {}
    }
    let find = |name: &str| fields.get(name).filter(|value| !value.is_null());
    for BodyKey { name, field, rule } in KEYS {
        if let Some(value) = find(name)
            && !rule.accepts(value)
        {
            return Err(Refusal::invalid(field, rule.describe()));
        }
    }
    let require = |name: &str, field, what: &str| match find(name) {
        Some(_) => Ok(()),
        None => Err(Refusal::invalid(
            field,
            format!("A message of type {} must have {what}.", kind.as_str()),
        )),
    };
    match kind {
        T::Image | T::File | T::Audio | T::Video if find("file").is_some() => Ok(()),
        T::Image | T::Audio | T::Video => require(
            "url",
            "body.url",
            "its file in body.file or its address in body.url",
        ),
        T::File if find("name").is_some() => Ok(()),
        T::File => require(
            "url",
            "body.url",
            "its file in body.file, its address in body.url or its name in body.name",
        ),
        T::Location => require("lat", "body.lat", "its latitude in body.lat")
            .and_then(|()| require("lng", "body.lng", "its longitude in body.lng")),
        T::Text | T::Custom | T::Control => Ok(()),
    }
}

impl ValueRule {
    fn accepts(self, value: &Value) -> bool {
        let text = |max: usize, is_refused: fn(char) -> bool| {
            value.as_str().is_some_and(|text| {
                !text.is_empty() && text.chars().count() <= max && !text.contains(is_refused)
            })
        };
        let number =
            |min: f64, max: f64| value.as_f64().filter(|number| (min..=max).contains(number));
        match self {
            Self::Address(max) => text(max, |char| char.is_whitespace() || char.is_control()),
            Self::Name(max) => text(max, char::is_control),
            Self::MediaType => value.as_str().is_some_and(is_media_type),
            Self::Whole(min, max) => number(min, max).is_some_and(|found| found.fract() == 0.0),
            Self::Number(min, max) => number(min, max).is_some(),
            Self::FileId => value.as_str().is_some_and(|id| FileId::parse(id).is_ok()),
        }
    }

    fn describe(self) -> String {
        match self {
            Self::Address(max) => format!(
                "Expected an address: a string of 1 to {max} characters without whitespace and \
                 control characters."
            ),
            Self::Name(max) => {
                format!("Expected a string of 1 to {max} characters without control characters.")
            }
            Self::MediaType => {
                "Expected a media type such as image/png, of at most 255 characters.".to_owned()
            }
            Self::Whole(min, max) => format!("Expected a whole number from {min} to {max}."),
            Self::Number(min, max) => format!("Expected a number from {min} to {max}."),
            Self::FileId => {
                "Expected the id of a file, as POST /v1/files has returned it.".to_owned()
            }
        }
    }
}
