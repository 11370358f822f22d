//! What of a message's body is searched: `text`, and the `name` of a file or whatever else has one.

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Body {
    text: Option<Value>,
    name: Option<Value>,
}

/// The searched text of a message of this type with this body, as JSON: the text, then the name on a
/// line of its own. Empty if it has neither.
pub fn text(kind: &str, body: &str) -> String {
    let Ok(body) = serde_json::from_str::<Body>(body) else {
        return String::new();
    };
    let name = body.name.filter(|_| kind != "text");
    match (string(body.text), string(name)) {
        (Some(text), Some(name)) => format!("{text}\n{name}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => String::new(),
    }
}

fn string(value: Option<Value>) -> Option<String> {
    match value {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn words_and_names_are_searched() {
        assert_eq!(text("text", r#"{"text":"hi","name":"x"}"#), "hi");
        assert_eq!(text("file", r#"{"name":"foo.png","size":3}"#), "foo.png");
        assert_eq!(
            text("image", r#"{"text":"look","name":"a.png"}"#),
            "look\na.png"
        );
        assert_eq!(text("custom", r#"{"text":3,"name":["a"]}"#), "");
        assert_eq!(text("location", "{}"), "");
        assert_eq!(text("text", "no json"), "");
    }
}
