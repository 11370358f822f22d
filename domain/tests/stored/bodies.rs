//! The documented keys of message bodies: what is required, and what each value must be.

use domain::body::{MessageBody, MessageType};
use domain::limits::Limits;
use domain::refusal::RefusalKind;
use serde_json::{Value, json};

const MEDIA: [MessageType; 4] = [
    MessageType::Image,
    MessageType::Audio,
    MessageType::Video,
    MessageType::File,
];

/// The field that is refused; `None` if the body is accepted.
fn refused(kind: MessageType, body: &Value) -> Option<&'static str> {
    let refusal = MessageBody::parse(kind, body, &Limits::default()).err()?;
    assert_eq!(refusal.kind, RefusalKind::Invalid, "{body}");
    refusal.field
}

/// A body with everything that any type requires, and one more key.
fn body_with(key: &str, value: Value) -> Value {
    let mut body = json!({ "url": "https://files.example/1", "lat": 59.9, "lng": 10.75 });
    body[key] = value;
    body
}

#[test]
fn each_type_requires_what_it_cannot_be_shown_without() {
    for kind in MEDIA {
        assert_eq!(refused(kind, &json!({})), Some("body.url"));
        assert_eq!(refused(kind, &json!({ "url": null })), Some("body.url"));
        assert_eq!(refused(kind, &json!({ "url": "u" })), None);
    }
    let named = json!({ "name": "plan.pdf" });
    assert_eq!(refused(MessageType::File, &named), None);
    assert_eq!(refused(MessageType::Image, &named), Some("body.url"));
    let location = |body: Value| refused(MessageType::Location, &body);
    assert_eq!(location(json!({})), Some("body.lat"));
    assert_eq!(location(json!({ "lat": 1 })), Some("body.lng"));
    assert_eq!(location(json!({ "lat": 1, "lng": null })), Some("body.lng"));
    assert_eq!(location(json!({ "lat": 1, "lng": -0.5 })), None);
}

/// Checks values of one key in every type that has documented keys.
fn check_values(key: &str, good: &[Value], bad: &[Value]) {
    let field = format!("body.{key}");
    for kind in MEDIA.into_iter().chain([MessageType::Location]) {
        for value in good {
            let body = body_with(key, value.clone());
            assert_eq!(refused(kind, &body), None, "{key}: {value}");
        }
        for value in bad {
            let body = body_with(key, value.clone());
            assert_eq!(refused(kind, &body), Some(&*field), "{key}: {value}");
        }
    }
}

/// The elements of a JSON array.
fn values(list: Value) -> Vec<Value> {
    serde_json::from_value(list).unwrap()
}

#[test]
fn texts_are_checked_in_each_type() {
    let check = |key, good, bad| check_values(key, &values(good), &values(bad));
    let [long, too_long] = [2_048, 2_049].map(|length| "x".repeat(length));
    let bad = json!(["", 5, "a b", "a\u{7}", too_long]);
    check("url", json!(["a/b", "https://files.example/1", long]), bad);
    let [long, too_long] = [255, 256].map(|length| "世".repeat(length));
    let bad = json!(["", 7, ["a"], "a\nb", too_long]);
    check("name", json!(["Plan 2.pdf", long]), bad);
    let bad = json!(["png", "/", "a/", "a b/c", "a/b/c", "ä/b", 1]);
    check("mime", json!(["image/png", "audio/webm;codecs=opus"]), bad);
    let bad = json!([{}, "x".repeat(32_769)]);
    check("thumb", json!(["data:image/png;base64,AAAA"]), bad);
}

#[test]
fn numbers_are_checked_in_each_type() {
    let check = |key, good, bad| check_values(key, &values(good), &values(bad));
    let largest = 9_007_199_254_740_991_u64;
    check(
        "size",
        json!([0, 3.0, largest]),
        json!([-1, 0.5, "3", largest + 2]),
    );
    check("width", json!([1, 1_000_000]), json!([0, 1_000_001, 1.5]));
    check("height", json!([1]), json!([0, true]));
    check("duration", json!([0, 12.5]), json!([-1, "12", 31_536_001]));
    check("lat", json!([-90, 90.0]), json!([90.1, "59"]));
    check("lng", json!([-180, 180]), json!([-180.5, []]));
}

#[test]
fn keys_of_the_app_are_not_checked() {
    let own = json!({ "url": "u", "lat": 0, "lng": 0, "text": 5, "blurhash": [1], "Width": -1 });
    for kind in MEDIA.into_iter().chain([MessageType::Location]) {
        assert_eq!(refused(kind, &own), None);
    }
    let free = json!({ "url": 5, "size": -1, "lat": "north" });
    assert_eq!(refused(MessageType::Custom, &free), None);
    assert_eq!(refused(MessageType::Control, &free), None);
    let mut text = free;
    text["text"] = "hello".into();
    assert_eq!(refused(MessageType::Text, &text), None);
}

#[test]
fn stored_bodies_of_an_earlier_release_are_still_read() {
    let stored = r#"{"lon":10.75,"size":-1}"#;
    let body: MessageBody = serde_json::from_str(stored).unwrap();
    assert_eq!(body.as_json(), stored);
}
