//! Screens the texts of commands: word lists and rules for links decide whether a text is refused,
//! stored with parts of it masked, or flagged.
//!
//! A handler screens when it decides, or before that keeps the refusal for then: a retry of a
//! command that was accepted returns the first response, whatever the rules are by then.

use std::borrow::Borrow;

use domain::body::MessageType;
use domain::deployment::content::TextPlace;
use domain::ids::{InvalidIdError, RuleName, Title, Topic};
use domain::refusal::Refusal;
use domain::texts::DisplayName;
use moderation::Rulebook;
use serde_json::Value;

/// A value whose text was screened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScreenedValue<T> {
    /// The value to store.
    pub(crate) value: T,
    /// Whether parts of it are masked.
    pub(crate) masked: bool,
    /// The rules that flag it. They become part of the event that stores the value.
    pub(crate) flags: Vec<RuleName>,
}

impl<T> ScreenedValue<T> {
    /// A value in which nothing was found.
    pub(crate) fn unchanged(value: T) -> Self {
        Self {
            value,
            masked: false,
            flags: Vec::new(),
        }
    }
}

/// Screens a text. The value is the text to store if parts of it are masked.
fn screen_text(
    rulebook: &Rulebook,
    place: TextPlace,
    field: &'static str,
    text: &str,
) -> Result<ScreenedValue<Option<String>>, Refusal> {
    let screening = rulebook.screen(place, text);
    if screening.is_refused {
        return Err(Refusal::content_refused(field));
    }
    let value = screening.mask(text);
    Ok(ScreenedValue {
        masked: value.is_some(),
        value,
        flags: screening.flagged_by,
    })
}

/// Screens the body of a message: its text, and the name that a message of another type shows. The
/// value is the body to store if parts of it are masked.
pub(crate) fn screen_body(
    rulebook: &Rulebook,
    kind: MessageType,
    body: &Value,
) -> Result<ScreenedValue<Option<Value>>, Refusal> {
    let mut screened = ScreenedValue::unchanged(None);
    if !rulebook.screens() {
        return Ok(screened);
    }
    for (key, field) in [("text", "body.text"), ("name", "body.name")] {
        let is_shown = key == "text" || kind != MessageType::Text;
        let Some(text) = body.get(key).and_then(Value::as_str).filter(|_| is_shown) else {
            continue;
        };
        let found = screen_text(rulebook, TextPlace::Text, field, text)?;
        for flag in found.flags {
            if !screened.flags.contains(&flag) {
                screened.flags.push(flag);
            }
        }
        if let Some(text) = found.value {
            let body = screened.value.get_or_insert_with(|| body.clone());
            body[key] = text.into();
            screened.masked = true;
        }
    }
    Ok(screened)
}

/// Screens a value that is a short text, such as a title. `parse` makes the masked value.
fn screen_value<T: Borrow<str>>(
    rulebook: &Rulebook,
    place: TextPlace,
    field: &'static str,
    value: Option<T>,
    parse: fn(&str) -> Result<T, InvalidIdError>,
) -> Result<ScreenedValue<Option<T>>, Refusal> {
    let text: Option<&str> = value.as_ref().map(Borrow::borrow);
    let text = text.unwrap_or_default();
    if text.is_empty() || !rulebook.screens() {
        return Ok(ScreenedValue::unchanged(value));
    }
    let found = screen_text(rulebook, place, field, text)?;
    let value = match &found.value {
        None => value,
        Some(masked) => Some(parse(masked).map_err(|invalid| Refusal::invalid(field, invalid.0))?),
    };
    Ok(ScreenedValue {
        value,
        masked: found.masked,
        flags: found.flags,
    })
}

/// Screens the title of a conversation.
pub(crate) fn screen_title(
    rulebook: &Rulebook,
    title: Option<Title>,
) -> Result<ScreenedValue<Option<Title>>, Refusal> {
    screen_value(rulebook, TextPlace::Title, "title", title, Title::parse)
}

/// Screens the topic of a conversation, by the lists that check titles.
pub(crate) fn screen_topic(
    rulebook: &Rulebook,
    topic: Option<Topic>,
) -> Result<ScreenedValue<Option<Topic>>, Refusal> {
    screen_value(rulebook, TextPlace::Title, "topic", topic, |text| {
        Topic::parse(text)
    })
}

/// Screens the name that others see of a user.
pub(crate) fn screen_name(
    rulebook: &Rulebook,
    name: Option<DisplayName>,
) -> Result<ScreenedValue<Option<DisplayName>>, Refusal> {
    screen_value(rulebook, TextPlace::Name, "display_name", name, |text| {
        DisplayName::parse(text)
    })
}
