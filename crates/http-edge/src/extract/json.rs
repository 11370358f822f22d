//! Parses a JSON object. Valid input takes one pass over the bytes; only invalid input takes a
//! second one, to find the path of the invalid field.

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::number::InexactNumberError;
use super::plain_words::{describe_json_error, find_named_field, rephrase, split_place};
use super::unknown::UnknownNames;
use super::{body, number, shorten, text};
use crate::context::RequestContext;
use crate::problem::Problem;

/// The body of a request, a JSON object of at most `max_body_bytes`; as a response, its JSON.
///
/// Serde decides whether an array is accepted in place of a nested object.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let config = &RequestContext::from_extensions(request.extensions())?
            .edge
            .config;
        let limit = config.max_body_bytes;
        read_json(request, limit).await.map(Self)
    }
}

/// The body of a request, a JSON object of at most `max_batch_body_bytes`, for requests that
/// contain long lists.
#[derive(Debug, Clone, Copy, Default)]
pub struct LargeJson<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for LargeJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let config = &RequestContext::from_extensions(request.extensions())?
            .edge
            .config;
        let limit = config.max_batch_body_bytes;
        read_json(request, limit).await.map(Self)
    }
}

/// Reads and parses a body of at most `limit` bytes.
async fn read_json<T: DeserializeOwned>(request: Request, limit: usize) -> Result<T, Problem> {
    let context = RequestContext::from_extensions(request.extensions())?;
    let (timeout, unknown) = (
        context.edge.config.body_read_timeout,
        context.unknown.clone(),
    );
    body::require_content_type(request.headers(), is_json, "application/json")?;
    let bytes = body::read_body(request, limit, timeout).await?;
    from_json(&bytes, &unknown)
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

fn is_json(essence: &str) -> bool {
    const SUFFIX: &str = "+json";
    let Some((kind, subtype)) = essence.split_once('/') else {
        return false;
    };
    let has_suffix = subtype
        .len()
        .checked_sub(SUFFIX.len())
        .and_then(|start| subtype.get(start..))
        .is_some_and(|end| end.eq_ignore_ascii_case(SUFFIX));
    kind.eq_ignore_ascii_case("application") && (subtype.eq_ignore_ascii_case("json") || has_suffix)
}

/// Parses one JSON object, a request body or a line of a batch, with the same rules for all
/// requests. Fields that are flattened into a type are never unknown.
pub fn from_json<T: DeserializeOwned>(bytes: &[u8], unknown: &UnknownNames) -> Result<T, Problem> {
    let text =
        text::check_json_text(bytes).map_err(|defect| Problem::malformed("", defect.message()))?;
    if !text.trim_ascii_start().starts_with('{') {
        return Err(not_an_object(text));
    }
    match number::write_exactly(text) {
        Ok(exact) => parse(&exact, unknown),
        // Other faults come first: only in valid JSON does the path of a number mean something.
        Err(inexact) => {
            parse::<T>(text, unknown).and_then(|_| Err(describe_inexact(text, &inexact)))
        }
    }
}

fn parse<T: DeserializeOwned>(text: &str, unknown: &UnknownNames) -> Result<T, Problem> {
    let mut parser = serde_json::Deserializer::from_str(text);
    let mut found = Vec::new();
    // The path has a question mark for each optional value.
    let find = |path: serde_ignored::Path<'_>| found.push(path.to_string().replace(".?", ""));
    let parsed = serde_ignored::deserialize(&mut parser, find)
        .and_then(|value| parser.end().map(|()| value))
        .map_err(|error| describe_error::<T>(text.as_bytes(), &error))?;
    if !found.is_empty() {
        unknown.check_fields(found, field_names::<T>())?;
    }
    Ok(parsed)
}

/// The names of the fields of a struct.
pub fn field_names<T: DeserializeOwned>() -> &'static [&'static str] {
    serde_aux::prelude::serde_introspect::<T>()
}

fn describe_inexact(text: &str, inexact: &InexactNumberError) -> Problem {
    Problem::unprocessable("invalid", "A number in the body cannot be stored exactly.")
        .with_field_error(number::find_path(text, inexact.offset), inexact.to_string())
}

fn not_an_object(text: &str) -> Problem {
    if text.trim_ascii().is_empty() {
        return Problem::malformed("", "the body is empty; expected a JSON object");
    }
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => Problem::invalid("", "expected a JSON object"),
        Err(error) => Problem::malformed("", describe_json_error(&error)),
    }
}

fn describe_error<T: DeserializeOwned>(bytes: &[u8], error: &serde_json::Error) -> Problem {
    // The parser has not seen any data after the fault, which would make the text invalid JSON. Of
    // valid JSON it reports a syntax error too, where it expects one of several names.
    if let Err(syntax) = serde_json::from_slice::<serde::de::IgnoredAny>(bytes) {
        return Problem::malformed("", describe_json_error(&syntax));
    }
    let whole = error.to_string();
    let (message, _) = split_place(&whole);
    let field = locate_field(&find_error_path::<T>(bytes, &whole), message);
    if message.starts_with("duplicate field") || message.starts_with("number out of range") {
        return Problem::malformed(field, rephrase(message));
    }
    let message = if error.classify() == Category::Data {
        shorten(&rephrase(message))
    } else {
        "expected a string".to_owned()
    };
    Problem::unprocessable(
        "invalid",
        "The body does not match the schema of this request.",
    )
    .with_field_error(field, message)
}

/// The path of the error in the document. axum tracks the path while it parses; its error text is
/// the path, a colon, and the message that we already have.
fn find_error_path<T: DeserializeOwned>(bytes: &[u8], message: &str) -> String {
    let source = match axum::Json::<T>::from_bytes(bytes) {
        Err(JsonRejection::JsonDataError(error)) => find_source_text(&error),
        Err(JsonRejection::JsonSyntaxError(error)) => find_source_text(&error),
        _ => return String::new(),
    };
    source
        .strip_suffix(message)
        .and_then(|path| path.strip_suffix(": "))
        .unwrap_or_default()
        .to_owned()
}

fn find_source_text(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(String::new, ToString::to_string)
}

/// The path of the invalid field. serde reports a field that is missing, unknown or there twice at
/// its parent, so this appends its name.
fn locate_field(path: &str, message: &str) -> String {
    let path = if path == "." || path == "?" { "" } else { path };
    match find_named_field(message) {
        Some(name) if path.is_empty() || path == name => name.to_owned(),
        Some(name) if path.ends_with(&format!(".{name}")) => path.to_owned(),
        Some(name) => format!("{path}.{name}"),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code)]
    struct SampleObject {
        name: String,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum SampleChoice {
        One,
        Other,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code)]
    struct SampleRequest {
        id: u32,
        choice: Option<SampleChoice>,
        #[serde(default)]
        members: Vec<String>,
        inner: Option<SampleObject>,
        any: Option<serde_json::Value>,
        raw: Option<Box<serde_json::value::RawValue>>,
    }

    fn parse_error(text: &[u8]) -> (u16, &'static str, String) {
        let problem = from_json::<SampleRequest>(text, &UnknownNames::ignore()).unwrap_err();
        (
            problem.status().as_u16(),
            problem.code(),
            problem.errors()[0].field.clone(),
        )
    }

    #[test]
    fn unparsable_input_is_malformed() {
        let whole = br#"{"id":1,"members":["a\n"],"inner":{"name":"x"}}"#;
        from_json::<SampleRequest>(whole, &UnknownNames::refuse()).unwrap();
        for end in 0..whole.len() {
            let (status, code, _) = parse_error(&whole[..end]);
            assert_eq!((status, code), (400, "malformed"), "cut at {end}");
        }
        let deep = [b"{\"id\":1,\"any\":".to_vec(), b"[".repeat(100_000)].concat();
        let documents: [&[u8]; 22] = [
            b"",
            b" ",
            b"{\"id\":1}{\"id\":2}",
            b"{\"id\":\"x\"} garbage",
            b"{\"id\":1},",
            b"{\"id\":1,}",
            b"{id:1}",
            b"{'id':1}",
            b"{\"id\":NaN}",
            b"{\"id\":Infinity}",
            b"{\"id\":1e999}",
            b"{\"id\":01}",
            b"{\"id\":1}//",
            b"\xef\xbb\xbf{\"id\":1}",
            b"{\"id\":1,\"members\":[\"\\ud800\"]}",
            b"{\"id\":1,\"unknown\":\"\\ud800\"}",
            b"{\"id\":1,\"raw\":{\"a\":\"\\u0000\"}}",
            b"{\"id\":1,\"\\u0000\":1}",
            b"{\"id\":1,\"unknown\":\"\xff\"}",
            b"{\"id\":1,\"members\":[\"a\x01\"]}",
            b"{\"id\":1,\"id\":1}",
            &deep,
        ];
        for document in documents {
            let (status, code, _) = parse_error(document);
            let text = String::from_utf8_lossy(&document[..document.len().min(60)]);
            assert_eq!((status, code), (400, "malformed"), "{text}");
        }
    }

    #[test]
    fn unexpected_value_is_invalid_and_its_field_is_named() {
        for (document, field) in [
            (r"{}", "id"),
            (r#"{"id":null}"#, "id"),
            (r#"{"id":"1"}"#, "id"),
            (r#"{"id":-1}"#, "id"),
            (r#"{"id":1.5}"#, "id"),
            (
                r#"{"id":1,"any":{"a":[0,12345678901234567890123]}}"#,
                "any.a[1]",
            ),
            (r#"{"id":1,"raw":{"b":0.12345678901234567890}}"#, "raw.b"),
            (r#"{"id":"1","any":12345678901234567890123}"#, "id"),
            (r#"{"id":4294967296}"#, "id"),
            (r#"{"id":1,"members":5}"#, "members"),
            (r#"{"id":1,"members":["a",5]}"#, "members[1]"),
            (r#"{"id":1,"inner":{}}"#, "inner.name"),
            (r#"{"id":1,"inner":{"name":[]}}"#, "inner.name"),
            (r#"{"id":1,"inner":5}"#, "inner"),
            (r#"{"id":1,"choice":"both"}"#, "choice"),
            (r#"{"id":1,"choice":5}"#, "choice"),
            (r#"{"id":1,"choice":[]}"#, "choice"),
            ("null", ""),
            ("[]", ""),
            (r"[1,[],null,null,null]", ""),
            ("5", ""),
            (r#""text""#, ""),
        ] {
            assert_eq!(
                parse_error(document.as_bytes()),
                (422, "invalid", field.to_owned()),
                "{document}"
            );
        }
    }

    #[test]
    fn messages_are_short_and_hide_type_names() {
        let parse = |text: &[u8]| from_json::<SampleRequest>(text, &UnknownNames::refuse());
        let problem = parse(br#"{"id":1,"inner":5}"#).unwrap_err();
        assert_eq!(
            problem.errors()[0].message,
            "expected an object, found the number 5"
        );
        let problem = parse(br#"{"id":1,"choice":"both"}"#).unwrap_err();
        assert_eq!(
            problem.errors()[0].message,
            "unknown value \"both\"; expected one of one, other"
        );
        let problem = parse(br#"{"id":1,"choice":5}"#).unwrap_err();
        assert_eq!(problem.errors()[0].message, "expected a string");
        let problem = parse(b"{}").unwrap_err();
        assert_eq!(problem.errors()[0].message, "required, but missing");
        let long = format!(r#"{{"id":"{}"}}"#, "x".repeat(10_000));
        let problem = parse(long.as_bytes()).unwrap_err();
        assert!(problem.errors()[0].message.len() < 250);
    }

    #[test]
    fn unknown_fields_are_refused_with_the_nearest_name_wherever_they_are() {
        let refused = |text: &[u8]| {
            let problem = from_json::<SampleRequest>(text, &UnknownNames::refuse()).unwrap_err();
            let error = &problem.errors()[0];
            (
                problem.status().as_u16(),
                error.field.clone(),
                error.message.clone(),
            )
        };
        let expected = "unknown; did you mean members?".to_owned();
        assert_eq!(
            refused(br#"{"id":1,"member":[]}"#),
            (422, "member".to_owned(), expected)
        );
        let (status, field, _) = refused(br#"{"id":1,"inner":{"name":"a","colour":"b"}}"#);
        assert_eq!((status, field.as_str()), (422, "inner.colour"));
        // What a client may fill as it likes has no unknown fields.
        let free = br#"{"id":1,"any":{"x":{"y":1}},"raw":{"z":[{}]}}"#;
        from_json::<SampleRequest>(free, &UnknownNames::refuse()).unwrap();
        from_json::<SampleRequest>(br#"{"id":1,"member":[]}"#, &UnknownNames::ignore()).unwrap();
    }

    #[test]
    fn json_media_types_are_recognised() {
        for good in [
            "application/json",
            "Application/JSON",
            "application/cloudevents+json",
        ] {
            assert!(is_json(good), "{good}");
        }
        for bad in [
            "",
            "json",
            "text/json",
            "application/jsonp",
            "application/x-www-form-urlencoded",
        ] {
            assert!(!is_json(bad), "{bad}");
        }
    }
}
