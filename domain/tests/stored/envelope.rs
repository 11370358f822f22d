//! The CloudEvents envelope and the NATS subject.

use domain::envelope::{AggregateKind, Envelope, EnvelopeError};
use domain::history::EpochTag;
use domain::subject;
use domain::time::Timestamp;
use serde_json::value::RawValue;
use serde_json::{Value, json};

fn envelope(id: &str, data: &str) -> Envelope {
    Envelope {
        position: 42,
        tag: Some(EpochTag::from_bits(0x5f3a_9c21)),
        aggregate: AggregateKind::Mailbox,
        aggregate_id: id.to_owned(),
        sequence: 3,
        event_type: "user_blocked".to_owned(),
        version: 1,
        time: Timestamp::parse("2026-11-01T09:30:00Z").unwrap(),
        actor: None,
        traceparent: None,
        data: RawValue::from_string(data.to_owned()).unwrap(),
    }
}

#[test]
fn an_envelope_is_one_cloud_events_object() {
    let json = envelope("zoë", r#"{"user":"anna"}"#).to_json().unwrap();
    let value: Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(
        value,
        json!({
            "specversion": "1.0",
            "id": "42.5f3a9c21",
            "source": "/mailboxes/zoë",
            "type": "tidings.user_blocked.v1",
            "time": "2026-11-01T09:30:00.000Z",
            "datacontenttype": "application/json",
            "position": 42,
            "sequence": 3,
            "data": { "user": "anna" },
        })
    );
    assert!(!json.contains(&b'\n'));
}

#[test]
fn an_event_names_who_called_for_the_user() {
    let mut event = envelope("zoë", r#"{"user":"anna"}"#);
    event.actor = Some("desk é".to_owned());
    let json = event.to_json().unwrap();
    let value: Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(value["actor"], "desk é");
    let read = Envelope::from_json(&json).unwrap();
    assert_eq!(read.actor.as_deref(), Some("desk é"));
    assert_eq!(read.to_json().unwrap(), json);
}

#[test]
fn an_event_of_a_traced_request_has_its_traceparent() {
    let mut event = envelope("ann", r#"{"user":"bob"}"#);
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    event.traceparent = Some(traceparent.to_owned());
    let json = event.to_json().unwrap();
    let value: Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(value["traceparent"], traceparent);
    let read = Envelope::from_json(&json).unwrap();
    assert_eq!(read.traceparent.as_deref(), Some(traceparent));
    assert_eq!(read.to_json().unwrap(), json);
}

/// An event of a type whose data has these fields.
fn typed(aggregate: AggregateKind, event_type: &str, data: &Value) -> Envelope {
    Envelope {
        aggregate,
        event_type: event_type.to_owned(),
        ..envelope("lunch", &data.to_string())
    }
}

#[test]
fn an_event_names_the_conversation_that_it_belongs_to() {
    let read = json!({ "conversation": "room \u{e9}", "read_seq": 7 });
    let forged = json!({ "seq": 1, "body": { "conversation": "other" } });
    for (aggregate, event_type, data, conversation) in [
        (
            AggregateKind::Conversation,
            "message_sent",
            &forged,
            Some("lunch"),
        ),
        (
            AggregateKind::Mailbox,
            "conversation_read",
            &read,
            Some("room \u{e9}"),
        ),
        (
            AggregateKind::Mailbox,
            "user_blocked",
            &json!({ "user": "anna" }),
            None,
        ),
    ] {
        let event = typed(aggregate, event_type, data);
        assert_eq!(
            event.conversation().as_deref(),
            conversation,
            "{event_type}"
        );
        let json: Value = serde_json::from_slice(&event.to_json().unwrap()).unwrap();
        assert_eq!(json["conversation"].as_str(), conversation, "{event_type}");
    }
}

#[test]
fn an_event_was_sent_when_its_message_was_sent_or_edited() {
    let [sent, edited] = ["2008-03-01T12:00:00.000Z", "2008-03-02T12:00:00.000Z"];
    for (event_type, data, expected) in [
        ("message_sent", json!({ "seq": 1, "sent_at": sent }), sent),
        (
            "message_edited",
            json!({ "seq": 1, "edited_at": edited }),
            edited,
        ),
        (
            "member_added",
            json!({ "user": "anna", "joined_at": sent }),
            sent,
        ),
        (
            "conversation_created",
            json!({ "by": "anna", "created_at": sent }),
            sent,
        ),
        (
            "message_sent",
            json!({ "body": { "sent_at": sent } }),
            "2026-11-01T09:30:00.000Z",
        ),
        (
            "member_added",
            json!({ "user": "anna" }),
            "2026-11-01T09:30:00.000Z",
        ),
        (
            "unreadable",
            json!({ "sent_at": "yesterday" }),
            "2026-11-01T09:30:00.000Z",
        ),
    ] {
        let event = typed(AggregateKind::Conversation, event_type, &data);
        assert_eq!(event.sent_at().to_string(), expected, "{data}");
    }
}

#[test]
fn decoding_reverses_encoding_even_for_unusual_ids() {
    for id in ["a", "a/b", "/conversations/x", "\"quoted\"", "zoë 👋", "\\"] {
        let data = r#"{"b":1,"a":{"text":"\u00e9 \"x\""}}"#;
        let before = envelope(id, data);
        let after = Envelope::from_json(&before.to_json().unwrap()).unwrap();
        assert_eq!(after.aggregate_id, id);
        assert_eq!(after.data.get(), data, "byte for byte");
        let metadata = |e: &Envelope| (e.position, e.aggregate, e.sequence, e.version, e.time);
        assert_eq!(metadata(&after), metadata(&before));
        assert_eq!(after.event_type, before.event_type);
    }
}

#[test]
fn other_objects_are_rejected_with_the_field() {
    let good = envelope("anna", "{}").to_json().unwrap();
    let good: Value = serde_json::from_slice(&good).unwrap();
    for (field, bad) in [
        ("source", json!("/users/anna")),
        ("type", json!("user_blocked.v1")),
        ("type", json!("tidings.user_blocked")),
        ("type", json!("tidings.user_blocked.vx")),
    ] {
        let mut value = good.clone();
        value[field] = bad.clone();
        match Envelope::from_json(value.to_string().as_bytes()) {
            Err(EnvelopeError::Field {
                field: named,
                value,
            }) => {
                assert_eq!((named, json!(value)), (field, bad));
            }
            other => panic!("{field}: {other:?}"),
        }
    }
    let error = Envelope::from_json(b"{}").unwrap_err();
    assert!(matches!(error, EnvelopeError::Json(_)));
}

#[test]
fn subjects_have_a_two_digit_partition_and_no_ids() {
    let subject = subject::event_subject(
        subject::PREFIX,
        AggregateKind::Conversation,
        "a.b c>",
        "message_sent",
    );
    let parts: Vec<_> = subject.split('.').collect();
    assert_eq!(parts[..3], ["tidings", "events", "conversation"]);
    assert_eq!(
        (parts[3].len(), parts[4], parts.len()),
        (2, "message_sent", 5)
    );
    assert_eq!(
        subject::partition(""),
        0xcbf2_9ce4_8422_2325 % 64,
        "must never change"
    );
    assert_eq!(
        subject::partition("a"),
        0xaf63_dc4c_8601_ec8c % 64,
        "must never change"
    );
    let used: std::collections::BTreeSet<_> = (0..1_000)
        .map(|n| subject::partition(&format!("c{n}")))
        .collect();
    assert_eq!(used, (0..64).collect());
}
