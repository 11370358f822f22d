//! The value types: what they accept, what they reject, and what they preserve byte for byte.

use domain::body::{MessageBody, MessageType};
use domain::ids::{ClientKey, ConversationId, DeviceId, ReactionKey, Title, UserId};
use domain::limits::Limits;
use domain::refusal::RefusalKind;
use domain::time::Timestamp;
use serde_json::{Value, json};

#[test]
fn id_lengths_are_counted_in_characters() {
    let wide = |count| "世".repeat(count);
    assert!(UserId::parse(&wide(128)).is_ok() && UserId::parse(&wide(129)).is_err());
    assert!(DeviceId::parse(&wide(128)).is_ok() && DeviceId::parse(&wide(129)).is_err());
    assert!(Title::parse(&wide(200)).is_ok() && Title::parse(&wide(201)).is_err());
    assert!(ReactionKey::parse(&wide(32)).is_ok() && ReactionKey::parse(&wide(33)).is_err());
    let ascii = |count| "x".repeat(count);
    assert!(
        ConversationId::parse(&ascii(64)).is_ok() && ConversationId::parse(&ascii(65)).is_err()
    );
    assert!(ClientKey::parse(&ascii(128)).is_ok() && ClientKey::parse(&ascii(129)).is_err());
    assert!(UserId::parse("").is_err() && DeviceId::parse("").is_err());
    assert!(ReactionKey::parse("").is_err() && ClientKey::parse("").is_err());
    assert!(Title::parse("").is_err() && Title::parse(" \u{2003}").is_err());
}

#[test]
fn ids_restrict_their_characters() {
    assert!(UserId::parse("a\u{7}b").is_err() && UserId::parse("a/b c").is_ok());
    assert!(ConversationId::parse("A-z0.9_").is_ok());
    for bad in ["a b", "a/b", "ä", "a\n", ""] {
        assert!(ConversationId::parse(bad).is_err(), "{bad:?}");
    }
    assert!(ClientKey::parse("a ~!").is_ok());
    assert!(ClientKey::parse("ä").is_err() && ClientKey::parse("a\t").is_err());
    assert!(Title::parse("a\nb").is_err() && ReactionKey::parse("\u{0}").is_err());
}

#[test]
fn ids_that_no_path_can_contain_are_only_read() {
    for dots in [".", ".."] {
        assert!(
            ConversationId::parse_group(dots).is_err() && ReactionKey::parse_new(dots).is_err()
        );
        assert!(ConversationId::parse(dots).is_ok() && ReactionKey::parse(dots).is_ok());
    }
    for id in ["...", ".a", "a.", "-"] {
        assert!(ConversationId::parse_group(id).is_ok() && ReactionKey::parse_new(id).is_ok());
    }
    assert!(ConversationId::parse_group("d_x").is_err());
    assert!(ReactionKey::parse_new("").is_err());
}

#[test]
fn deserializing_an_id_validates_it() {
    assert_eq!(
        serde_json::to_string(&UserId::parse("zoë").unwrap()).unwrap(),
        "\"zoë\""
    );
    assert_eq!(
        serde_json::from_str::<UserId>("\"zo\\u00eb\"")
            .unwrap()
            .as_str(),
        "zoë"
    );
    assert_eq!(
        serde_json::from_value::<UserId>(json!("zoë"))
            .unwrap()
            .as_str(),
        "zoë"
    );
    for bad in ["\"\"", "7", "null", "\"a\\u0007\""] {
        serde_json::from_str::<UserId>(bad).unwrap_err();
    }
}

#[test]
fn a_pair_has_one_conversation_id_in_either_order() {
    let [anna, ben] = ["anna", "ben"].map(|name| UserId::parse(name).unwrap());
    let id = ConversationId::direct(&anna, &ben);
    assert_eq!(id, ConversationId::direct(&ben, &anna));
    assert!(id.is_direct() && ConversationId::parse(id.as_str()).is_ok());
    assert_eq!(
        id.as_str(),
        "d_da789dee6f325bf4687c2d21ecfd937d",
        "must never change"
    );
}

fn parse(kind: MessageType, value: &Value) -> Result<MessageBody, domain::refusal::Refusal> {
    MessageBody::parse(kind, value, &Limits::default())
}

#[test]
fn text_without_visible_characters_is_refused() {
    for text in [
        "",
        " ",
        "\n\t",
        "\u{200b}\u{feff}",
        "\u{2800}",
        "\u{3164}",
        "\u{e0001}",
        "\u{fe0f}",
    ] {
        let refusal = parse(MessageType::Text, &json!({ "text": text })).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.field),
            ("invalid", Some("body.text")),
            "{text:?}"
        );
    }
    for text in ["x", " . ", "👋🏽", "\u{200b}a", "‏שלום"] {
        parse(MessageType::Text, &json!({ "text": text })).unwrap();
    }
    parse(MessageType::Control, &json!({})).unwrap();
    parse(MessageType::Custom, &json!({ "text": "" })).unwrap();
}

#[test]
fn a_body_must_be_an_object() {
    for value in [json!(null), json!("x"), json!(1), json!([])] {
        let refusal = parse(MessageType::Custom, &value).unwrap_err();
        assert_eq!((refusal.code, refusal.field), ("invalid", Some("body")));
    }
}

#[test]
fn the_size_of_a_body_is_limited() {
    let body_of = |bytes: usize| json!({ "text": "x".repeat(bytes - r#"{"text":""}"#.len()) });
    parse(MessageType::Text, &body_of(65_536)).unwrap();
    let refusal = parse(MessageType::Text, &body_of(65_537)).unwrap_err();
    assert_eq!(
        (refusal.kind, refusal.code),
        (RefusalKind::TooLarge, "too_large")
    );
    assert!(refusal.detail.contains("65536"));
}

#[test]
fn text_is_preserved_byte_for_byte() {
    let text = "e\u{301} é \u{202e}abc\u{202c} 👩‍👩‍👧 \\ \" \u{7f} \u{10ffff}";
    let body = parse(MessageType::Text, &json!({ "text": text })).unwrap();
    let stored = serde_json::to_string(&body).unwrap();
    let read: MessageBody = serde_json::from_str(&stored).unwrap();
    assert_eq!(read, body);
    let value: Value = serde_json::from_str(read.as_json()).unwrap();
    assert_eq!(value["text"], text);
}

#[test]
fn equal_json_values_are_equal_bodies() {
    let body =
        |text: &str| parse(MessageType::Custom, &serde_json::from_str(text).unwrap()).unwrap();
    let one = body(r#"{"a":1,"b":{"x":[100,-0.0,-3.0,1e19],"y":0.5}}"#);
    let other = body(r#"{ "b" : {"y":5e-1, "x":[1e2, 0, -3, 10000000000000000000]}, "a":1.0 }"#);
    assert_eq!(
        (one.as_json(), one.digest()),
        (other.as_json(), other.digest())
    );
    assert_ne!(one.digest(), body(r#"{"a":2}"#).digest());
    assert_ne!(body(r#"{"a":1}"#).digest(), body(r#"{"a":"1"}"#).digest());
    let large = body(r#"{"a":1e300,"b":1.5}"#);
    let read: Value = serde_json::from_str(large.as_json()).unwrap();
    assert_eq!(read, json!({ "a": 1e300, "b": 1.5 }));
}

#[test]
fn timestamps_are_formatted_in_utc_with_milliseconds() {
    let format = |text| Timestamp::parse(text).map(|time| time.to_string());
    assert_eq!(
        format("2026-11-01T09:30:00Z").as_deref(),
        Some("2026-11-01T09:30:00.000Z")
    );
    assert_eq!(
        format("2026-11-01T11:30:00.1239+02:00").as_deref(),
        Some("2026-11-01T09:30:00.123Z")
    );
    assert_eq!(
        format("1969-12-31T23:59:59.9999Z").as_deref(),
        Some("1969-12-31T23:59:59.999Z")
    );
    assert_eq!(format("yesterday"), None);
    assert_eq!(
        Timestamp::from_millis(i64::MAX).to_string(),
        "9999-12-31T23:59:59.999Z"
    );
    assert_eq!(
        Timestamp::from_millis(i64::MIN).to_string(),
        "0000-01-01T00:00:00.000Z"
    );
}
