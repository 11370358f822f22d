//! Decides whether an event involves a user.

use domain::envelope::{AggregateKind, Envelope};
use serde_json::Value;

/// Fields with text that users wrote: a user id in them is not a reference to that user.
const USER_TEXT_FIELDS: [&str; 2] = ["body", "title"];

/// Whether the event belongs to the user's mailbox, or names the user in its data: as a sender, a
/// member or a mention.
pub fn involves_user(event: &Envelope, user: &str) -> bool {
    if event.aggregate == AggregateKind::Mailbox && event.aggregate_id == user {
        return true;
    }
    serde_json::from_str(event.data.get()).is_ok_and(|data| contains_user(&data, user))
}

/// The user id as a JSON string literal, as it occurs in stored payloads.
pub fn to_json_literal(user: &str) -> Vec<u8> {
    Value::from(user).to_string().into_bytes()
}

fn contains_user(data: &Value, user: &str) -> bool {
    match data {
        Value::String(text) => text == user,
        Value::Array(items) => items.iter().any(|item| contains_user(item, user)),
        Value::Object(fields) => fields.iter().any(|(key, value)| {
            !USER_TEXT_FIELDS.contains(&key.as_str()) && contains_user(value, user)
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use domain::time::Timestamp;
    use serde_json::{json, value::to_raw_value};

    use super::*;

    fn event(aggregate: AggregateKind, id: &str, data: &Value) -> Envelope {
        Envelope {
            position: 1,
            aggregate,
            aggregate_id: id.to_owned(),
            sequence: 1,
            event_type: "any".to_owned(),
            version: 1,
            time: Timestamp::from_millis(0),
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
            json!({ "sender": "anna" }),
        ] {
            assert!(!involves_user(&in_room(data.clone()), "ann"), "{data}");
        }
        let own = event(AggregateKind::Mailbox, "ann", &json!({ "read_seq": 1 }));
        assert!(involves_user(&own, "ann") && !involves_user(&own, "bob"));
    }
}
