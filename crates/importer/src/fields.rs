//! Reads the fields of JSON objects that other systems write. `null` counts as absent, and a field
//! of another type is an error that names it.

use serde_json::Value;

/// How many characters of a value an error shows.
const MAX_SHOWN_CHARS: usize = 40;

/// A text.
pub(crate) fn text(object: &Value, field: &str) -> Result<Option<String>, String> {
    match &object[field] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        other => Err(unexpected(field, other, "a text")),
    }
}

/// A text that is not empty.
pub(crate) fn filled_text(object: &Value, field: &str) -> Result<Option<String>, String> {
    Ok(text(object, field)?.filter(|text| !text.trim().is_empty()))
}

/// A text that must be there.
pub(crate) fn required_text(object: &Value, field: &str) -> Result<String, String> {
    filled_text(object, field)?.ok_or_else(|| format!("{field} is missing"))
}

/// An id: a text or a whole number.
pub(crate) fn id(object: &Value, field: &str) -> Result<Option<String>, String> {
    match &object[field] {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Number(number) if !number.is_f64() => Ok(Some(number.to_string())),
        other => Err(unexpected(field, other, "an id")),
    }
}

/// An id that must be there.
pub(crate) fn required_id(object: &Value, field: &str) -> Result<String, String> {
    id(object, field)?.ok_or_else(|| format!("{field} is missing"))
}

/// A whole number.
pub(crate) fn integer(object: &Value, field: &str) -> Result<Option<i64>, String> {
    match &object[field] {
        Value::Null => Ok(None),
        value => value
            .as_i64()
            .map(Some)
            .ok_or_else(|| unexpected(field, value, "a whole number")),
    }
}

/// A list; empty if it is absent.
pub(crate) fn list<'a>(object: &'a Value, field: &str) -> Result<&'a [Value], String> {
    match &object[field] {
        Value::Null => Ok(&[]),
        Value::Array(list) => Ok(list),
        other => Err(unexpected(field, other, "a list")),
    }
}

/// A list of texts; empty if it is absent. Those that are `null` are left out.
pub(crate) fn texts(object: &Value, field: &str) -> Result<Vec<String>, String> {
    let mut texts = Vec::new();
    for item in list(object, field)? {
        match item {
            Value::Null => {}
            Value::String(text) => texts.push(text.clone()),
            other => return Err(unexpected(field, other, "a list of texts")),
        }
    }
    Ok(texts)
}

/// Refuses a value that is not an object.
pub(crate) fn check_object(value: &Value) -> Result<(), String> {
    match value {
        Value::Object(_) => Ok(()),
        other => Err(format!("is {}, expected an object", shorten(other))),
    }
}

fn unexpected(field: &str, found: &Value, expected: &str) -> String {
    format!("{field} is {}, expected {expected}", shorten(found))
}

fn shorten(value: &Value) -> String {
    let text = value.to_string();
    let mut short: String = text.chars().take(MAX_SHOWN_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn null_is_absent_and_another_type_is_an_error() {
        let object = json!({"a": null, "b": 5, "c": "x", "d": ["x", null], "e": [1], "f": 1.5});
        for field in ["a", "nothing"] {
            assert_eq!(text(&object, field), Ok(None));
            assert_eq!(id(&object, field), Ok(None));
            assert_eq!(integer(&object, field), Ok(None));
            assert_eq!(texts(&object, field), Ok(vec![]));
        }
        assert_eq!(text(&object, "b"), Err("b is 5, expected a text".into()));
        assert_eq!(id(&object, "b"), Ok(Some("5".into())));
        assert_eq!(integer(&object, "b"), Ok(Some(5)));
        assert_eq!(texts(&object, "d"), Ok(vec!["x".into()]));
        assert!(list(&object, "b").is_err() && texts(&object, "e").is_err());
        assert!(id(&object, "f").is_err() && integer(&object, "f").is_err());
        assert_eq!(required_text(&object, "a"), Err("a is missing".into()));
        let long = json!("x".repeat(100));
        let error = check_object(&long).expect_err("not an object");
        assert!(error.contains('…') && error.chars().count() < 80, "{error}");
    }
}
