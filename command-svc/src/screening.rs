//! Screens the texts of commands: word lists and rules for links decide whether a text is refused,
//! stored with parts of it masked, or flagged.
//!
//! A handler screens when it decides, or before that keeps the refusal for then: a retry of a
//! command that was accepted returns the first response, whatever the rules are by then.

use domain::body::MessageType;
use domain::deployment::content::TextPlace;
use domain::ids::Title;
use domain::refusal::Refusal;
use moderation::Rulebook;
use serde_json::Value;

/// A value whose text was screened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Screened<T> {
    /// The value to store.
    pub(crate) value: T,
    /// Whether parts of it are masked.
    pub(crate) masked: bool,
}

/// Screens a text. Returns the text to store if parts of it are masked.
pub(crate) fn screen_text(
    rulebook: &Rulebook,
    place: TextPlace,
    field: &'static str,
    text: &str,
) -> Result<Option<String>, Refusal> {
    let screening = rulebook.screen(place, text);
    if screening.is_refused {
        return Err(Refusal::content_refused(field));
    }
    Ok(screening.mask(text))
}

/// Screens the body of a message: its text, and the name that a message of another type shows.
/// Returns the body to store if parts of it are masked.
pub(crate) fn screen_body(
    rulebook: &Rulebook,
    kind: MessageType,
    body: &Value,
) -> Result<Option<Value>, Refusal> {
    let mut masked = None;
    if !rulebook.screens() {
        return Ok(masked);
    }
    for (key, field) in [("text", "body.text"), ("name", "body.name")] {
        let is_shown = key == "text" || kind != MessageType::Text;
        let Some(text) = body.get(key).and_then(Value::as_str).filter(|_| is_shown) else {
            continue;
        };
        if let Some(text) = screen_text(rulebook, TextPlace::Text, field, text)? {
            let body = masked.get_or_insert_with(|| body.clone());
            body[key] = text.into();
        }
    }
    Ok(masked)
}

/// Screens the title of a conversation.
pub(crate) fn screen_title(
    rulebook: &Rulebook,
    title: Option<Title>,
) -> Result<Screened<Option<Title>>, Refusal> {
    let text = title.as_ref().map(Title::as_str).unwrap_or_default();
    if text.is_empty() || !rulebook.screens() {
        let masked = false;
        return Ok(Screened {
            value: title,
            masked,
        });
    }
    match screen_text(rulebook, TextPlace::Title, "title", text)? {
        None => Ok(Screened {
            value: title,
            masked: false,
        }),
        Some(masked) => Ok(Screened {
            value: Some(
                Title::parse(&masked).map_err(|invalid| Refusal::invalid("title", invalid.0))?,
            ),
            masked: true,
        }),
    }
}
