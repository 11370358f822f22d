//! Tests of which events involve a user.

use domain::envelope::{AggregateKind, Envelope};
use domain::time::Timestamp;
use event_log::user_filter::involves_user;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

fn event(aggregate: AggregateKind, id: &str, data: &Value) -> Envelope {
    Envelope {
        position: 1,
        tag: None,
        aggregate,
        aggregate_id: id.to_owned(),
        sequence: 1,
        event_type: "any".to_owned(),
        version: 1,
        time: Timestamp::from_millis(0),
        actor: None,
        traceparent: None,
        data: to_raw_value(data).expect("valid JSON"),
    }
}

#[test]
fn an_event_involves_its_mailbox_owner_and_the_users_it_names() {
    let in_room = |data: Value| event(AggregateKind::Conversation, "ann", &data);
    for data in [
        json!({ "sender": "ann" }),
        json!({ "members": [{ "user": "ann", "role": "owner" }], "by": "bob" }),
        json!({ "mentions": ["bob", "ann"] }),
    ] {
        assert!(involves_user(&in_room(data.clone()), "ann"), "{data}");
    }
    for data in [
        json!({ "sender": "bob", "body": { "text": "ann" } }),
        json!({ "title": "ann", "by": "bob" }),
        json!({ "sender": "bob", "client_message_id": "ann" }),
        json!({ "sender": "anna" }),
    ] {
        assert!(!involves_user(&in_room(data.clone()), "ann"), "{data}");
    }
    let own = event(AggregateKind::Mailbox, "ann", &json!({ "read_seq": 1 }));
    assert!(involves_user(&own, "ann") && !involves_user(&own, "bob"));
}
