//! The searchable text of a message body: `text`, and the `name` of any type other than `text`.

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct SearchedBody {
    text: Option<Value>,
    name: Option<Value>,
}

/// Extracts the searchable text from a JSON body of a message of type `kind`: the text, then the
/// name on its own line. Returns an empty string if the body has neither.
pub fn searchable_text(kind: &str, body: &str) -> String {
    let Ok(body) = serde_json::from_str::<SearchedBody>(body) else {
        return String::new();
    };
    let name = body.name.filter(|_| kind != "text");
    match (non_empty_string(body.text), non_empty_string(name)) {
        (Some(text), Some(name)) => format!("{text}\n{name}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => String::new(),
    }
}

fn non_empty_string(value: Option<Value>) -> Option<String> {
    match value {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::searchable_text;

    #[test]
    fn text_and_names_are_searchable() {
        assert_eq!(searchable_text("text", r#"{"text":"hi","name":"x"}"#), "hi");
        assert_eq!(
            searchable_text("file", r#"{"name":"foo.png","size":3}"#),
            "foo.png"
        );
        assert_eq!(
            searchable_text("image", r#"{"text":"look","name":"a.png"}"#),
            "look\na.png"
        );
        assert_eq!(searchable_text("custom", r#"{"text":3,"name":["a"]}"#), "");
        assert_eq!(searchable_text("location", "{}"), "");
        assert_eq!(searchable_text("text", "no json"), "");
    }
}
