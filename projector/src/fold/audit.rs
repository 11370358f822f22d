//! The audit of acts: what was done with the rights of an administrator, a moderator or a service.
//! It has a row for every event that names who called.
//!
//! A row has ids, numbers and fixed words of the event, and no text that somebody wrote: an erasure
//! leaves the audit as it is.

use domain::envelope::AggregateKind;
use serde_json::{Map, Value};

use crate::decode::DecodedEvent;
use crate::rows::{AuditRow, sanitize_text};

/// The fields of events that rows take over, if they hold a short text, a number or a boolean.
const DETAIL_FIELDS: [&str; 17] = [
    "action",
    "before",
    "by",
    "conversation",
    "feature",
    "held_id",
    "kind",
    "name",
    "on",
    "outcome",
    "part",
    "parts",
    "role",
    "seq",
    "until",
    "up_to",
    "user",
];

/// Texts that are longer are no ids.
const MAX_DETAIL_CHARS: usize = 128;

/// The row of an event; `None` if it is nobody's act but the user's own.
pub(super) fn find_row(event: &DecodedEvent<'_>) -> Option<AuditRow> {
    let envelope = event.envelope;
    let actor = envelope.actor.as_deref()?;
    let data: Value = serde_json::from_str(envelope.data.get()).unwrap_or_default();
    let target = match envelope.aggregate {
        AggregateKind::Deployment => find_rule(&data),
        _ => Some(sanitize_text(&envelope.aggregate_id)),
    };
    Some(AuditRow {
        position: envelope.position,
        at: envelope.time,
        actor: sanitize_text(actor),
        act: sanitize_text(&envelope.event_type),
        target,
        detail: Value::Object(find_detail(envelope.aggregate, &data)).to_string(),
    })
}

/// What an event of the deployment is about.
fn find_rule(data: &Value) -> Option<String> {
    let name = data.get("name").or_else(|| data.get("feature"))?;
    name.as_str().map(sanitize_text)
}

fn find_detail(aggregate: AggregateKind, data: &Value) -> Map<String, Value> {
    // Users name their files, and those who administrate the rules.
    let is_text = |name: &str| name == "name" && aggregate == AggregateKind::File;
    let known = DETAIL_FIELDS.iter().filter(|name| !is_text(name));
    let fields = known.filter_map(|name| {
        let value = match data.get(*name)? {
            Value::String(text) if text.chars().count() <= MAX_DETAIL_CHARS => {
                Value::from(sanitize_text(text))
            }
            value @ (Value::Number(_) | Value::Bool(_)) => value.clone(),
            _ => return None,
        };
        Some(((*name).to_owned(), value))
    });
    fields.collect()
}

#[cfg(test)]
mod tests {
    use domain::envelope::Envelope;
    use domain::time::Timestamp;
    use serde_json::value::RawValue;

    use super::*;

    fn row(aggregate: AggregateKind, event_type: &str, data: &str) -> Option<(String, String)> {
        let envelope = Envelope {
            position: 7,
            tag: None,
            aggregate,
            aggregate_id: "anna".into(),
            sequence: 1,
            event_type: event_type.into(),
            version: 1,
            time: Timestamp::from_millis(0),
            actor: Some("root".into()),
            traceparent: None,
            data: RawValue::from_string(data.into()).expect("JSON"),
        };
        let row = find_row(&DecodedEvent::new(&envelope))?;
        assert_eq!((row.position, row.actor.as_str()), (7, "root"));
        Some((row.target.unwrap_or_default(), row.detail))
    }

    #[test]
    fn a_row_has_ids_and_fixed_words_and_no_text() {
        let restricted = r#"{"kind":"banned","until":"2026-11-01T10:00:00.000Z",
            "reason":"what somebody wrote","by":"root"}"#;
        let expected = r#"{"by":"root","kind":"banned","until":"2026-11-01T10:00:00.000Z"}"#;
        assert_eq!(
            row(AggregateKind::Profile, "user_restricted", restricted),
            Some(("anna".into(), expected.into()))
        );
        let held = r#"{"name":"case-7","reason":"a court","user":"anna","by":"root"}"#;
        assert_eq!(
            row(AggregateKind::Deployment, "hold_placed", held),
            Some((
                "case-7".into(),
                r#"{"by":"root","name":"case-7","user":"anna"}"#.into()
            ))
        );
    }
}
