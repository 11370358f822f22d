//! The messages of the JSON parser in the words of JSON. Clients know neither serde nor our types,
//! so "invalid type: map, expected a sequence" becomes "expected an array, found an object".

use super::shorten;
use super::unknown::describe_unknown;

/// Describes why a JSON text is not as expected: with the field, if the error names it, and with
/// the place, if the text is not JSON at all.
pub fn describe_json_error(error: &serde_json::Error) -> String {
    let whole = error.to_string();
    let (message, place) = split_place(&whole);
    let plain = rephrase(message);
    shorten(&match find_named_field(message) {
        Some(name) => format!("{name}: {plain}"),
        None if error.is_data() => plain,
        None => plain + place,
    })
}

/// Splits off the place: " at line 1 column 9".
pub(super) fn split_place(whole: &str) -> (&str, &str) {
    let at = whole.rfind(" at line ").unwrap_or(whole.len());
    whole.split_at(at)
}

/// The field that a message names itself, because it has no value of its own to point at.
pub(super) fn find_named_field(message: &str) -> Option<&str> {
    let prefixes = ["missing field `", "duplicate field `", "unknown field `"];
    let rest = prefixes
        .iter()
        .find_map(|prefix| message.strip_prefix(prefix))?;
    rest.split('`').next()
}

/// Says the same in the words of JSON. Messages of our own types pass as they are.
pub(super) fn rephrase(message: &str) -> String {
    if message.starts_with("missing field `") {
        return "required, but missing".to_owned();
    }
    if message.starts_with("duplicate field `") {
        return "occurs more than once".to_owned();
    }
    if message.starts_with("data did not match any variant") {
        return "has none of the forms that are expected here".to_owned();
    }
    if let Some(rest) = message.strip_prefix("unknown field `") {
        let (name, expected) = rest.split_once('`').unwrap_or((rest, ""));
        return describe_unknown(name, &quoted_names(expected));
    }
    if let Some(rest) = message.strip_prefix("unknown variant `") {
        // The name, which the client chose, may itself have these words: the last ones count.
        let (name, expected) = rest.rsplit_once("`, expected ").unwrap_or((rest, ""));
        let names = quoted_names(expected).join(", ");
        return format!("unknown value {name:?}; expected one of {names}");
    }
    let kinds = ["invalid type: ", "invalid value: ", "invalid length "];
    let mismatch = kinds.iter().find_map(|kind| message.strip_prefix(kind));
    match mismatch.and_then(|mismatch| mismatch.rsplit_once(", expected ")) {
        Some((found, expected)) => {
            let found = if message.starts_with("invalid length ") {
                format!("{found} elements")
            } else {
                name_found(found)
            };
            format!("expected {}, found {found}", name_expected(expected))
        }
        None => rephrase_syntax(message),
    }
}

/// The names between backticks.
fn quoted_names(list: &str) -> Vec<&str> {
    list.split('`').skip(1).step_by(2).collect()
}

/// What was found, in the words of JSON.
fn name_found(found: &str) -> String {
    let numbers = ["integer `", "floating point `", "number `", "number "];
    let number = numbers.iter().find_map(|kind| found.strip_prefix(kind));
    if let Some(number) = number {
        return format!("the number {}", number.trim_end_matches('`'));
    }
    if let Some(truth) = found.strip_prefix("boolean `") {
        return truth.trim_end_matches('`').to_owned();
    }
    match found {
        "sequence" => "an array".to_owned(),
        "map" => "an object".to_owned(),
        "unit value" => "null".to_owned(),
        _ if found.starts_with("string ") => format!("the {found}"),
        _ => found.to_owned(),
    }
}

/// What was expected, in the words of JSON.
fn name_expected(expected: &str) -> &str {
    // Of an array in place of an object, serde knows how many elements it would need.
    let objects = ["struct ", "internally tagged ", "adjacently tagged "];
    if objects.iter().any(|kind| expected.starts_with(kind)) {
        return "an object";
    }
    match expected {
        "a map" => "an object",
        "a sequence" => "an array",
        "a boolean" => "true or false",
        "unit" => "null",
        "u8" => "an integer from 0 to 255",
        "u16" => "an integer from 0 to 65535",
        "u32" => "an integer from 0 to 4294967295",
        "u64" | "u128" | "usize" => "an integer that is not negative",
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => "an integer",
        "f32" | "f64" => "a number",
        "string or map" | "variant identifier" => "a string",
        _ if expected.starts_with("enum ") => "a string",
        _ => expected,
    }
}

/// Why a text is not JSON.
fn rephrase_syntax(message: &str) -> String {
    if let Some(place) = message.strip_prefix("EOF while parsing ") {
        let place = match place {
            "a list" => "an array",
            place => place,
        };
        return format!("the JSON ends within {place}");
    }
    let plain = match message {
        "expected value" => "expected a JSON value",
        "expected ident" => "expected true, false or null",
        "trailing characters" => "expected nothing after the JSON value",
        "trailing comma" => "expected a value after the comma",
        "recursion limit exceeded" => "the JSON is nested too deeply",
        "key must be a string" => "expected a string in quotation marks as the name of a field",
        other => other,
    };
    plain.to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde::de::DeserializeOwned;

    use super::describe_json_error;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum SampleKind {
        Direct,
        Group,
    }

    #[derive(Debug, Deserialize)]
    #[serde(tag = "type", rename_all = "snake_case")]
    #[expect(dead_code)]
    enum SampleFrame {
        Typing { conversation: String },
        Watch { users: Vec<String> },
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code)]
    struct SampleStrict {
        conversation: String,
        seq: Option<i64>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    #[expect(dead_code)]
    enum SampleEither {
        Number(i64),
        List(Vec<String>),
    }

    fn described<T: DeserializeOwned + std::fmt::Debug>(json: &str) -> String {
        describe_json_error(&serde_json::from_str::<T>(json).unwrap_err())
    }

    #[test]
    fn values_of_another_type_are_described_in_the_words_of_json() {
        assert_eq!(
            described::<String>("5"),
            "expected a string, found the number 5"
        );
        assert_eq!(described::<String>("null"), "expected a string, found null");
        assert_eq!(
            described::<String>("{}"),
            "expected a string, found an object"
        );
        assert_eq!(
            described::<Vec<String>>("{}"),
            "expected an array, found an object"
        );
        assert_eq!(
            described::<BTreeMap<String, i64>>("[]"),
            "expected an object, found an array"
        );
        assert_eq!(
            described::<bool>("\"yes, expected x\""),
            "expected true or false, found the string \"yes, expected x\""
        );
        assert_eq!(
            described::<i64>("1.5"),
            "expected an integer, found the number 1.5"
        );
        assert_eq!(described::<i64>("true"), "expected an integer, found true");
        assert_eq!(
            described::<u32>("-1"),
            "expected an integer from 0 to 4294967295, found the number -1"
        );
        assert_eq!(
            described::<SampleStrict>("5"),
            "expected an object, found the number 5"
        );
        assert_eq!(
            described::<SampleStrict>("[]"),
            "expected an object, found 0 elements"
        );
    }

    #[test]
    fn names_that_are_expected_are_listed() {
        assert_eq!(
            described::<SampleKind>("\"grup\""),
            "unknown value \"grup\"; expected one of direct, group"
        );
        assert_eq!(
            described::<SampleFrame>(r#"{"type":"x`, expected `y"}"#),
            "unknown value \"x`, expected `y\"; expected one of typing, watch"
        );
        assert_eq!(
            described::<SampleStrict>(r#"{"conversation":"c","seqq":1}"#),
            "seqq: unknown; did you mean seq?"
        );
        assert_eq!(
            described::<SampleStrict>("{}"),
            "conversation: required, but missing"
        );
        assert_eq!(
            described::<SampleStrict>(r#"{"seq":1,"seq":2}"#),
            "seq: occurs more than once"
        );
        assert_eq!(
            described::<SampleEither>("{}"),
            "has none of the forms that are expected here"
        );
    }

    #[test]
    fn what_is_not_json_is_described_with_its_place() {
        assert_eq!(
            described::<Vec<i64>>("[1"),
            "the JSON ends within an array at line 1 column 2"
        );
        assert_eq!(
            described::<Vec<i64>>("[1,]"),
            "expected a value after the comma at line 1 column 4"
        );
        assert_eq!(
            described::<i64>("1 2"),
            "expected nothing after the JSON value at line 1 column 3"
        );
        assert_eq!(
            described::<i64>("x"),
            "expected a JSON value at line 1 column 1"
        );
    }
}
