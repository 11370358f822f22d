//! What is done for moderators because of the events of the log.

#![allow(clippy::unwrap_used)]

use domain::case::target::CaseTarget;
use domain::envelope::{AggregateKind, Envelope};
use domain::time::Timestamp;
use moderation::{FlagAct, HoldAct, ModerationAct, ModerationFold};
use serde_json::json;
use serde_json::value::{RawValue, Value};

fn event(position: i64, aggregate: AggregateKind, kind: &str, data: &Value) -> Envelope {
    let id = match aggregate {
        AggregateKind::Conversation => "lunch",
        AggregateKind::Deployment => "tidings",
        _ => "ann",
    };
    Envelope {
        position,
        tag: None,
        aggregate,
        aggregate_id: id.to_owned(),
        sequence: position,
        event_type: kind.to_owned(),
        version: 1,
        time: Timestamp::parse("2026-11-01T12:00:00Z").unwrap(),
        actor: None,
        traceparent: None,
        data: RawValue::from_string(data.to_string()).unwrap(),
    }
}

fn sent(position: i64, sent_at: &str, flags: &[&str]) -> Envelope {
    let data = json!({
        "seq": position, "sender": "ann", "type": "text", "body": { "text": "buy now" },
        "sent_at": sent_at, "flags": flags,
    });
    event(position, AggregateKind::Conversation, "message_sent", &data)
}

fn flags_of(acts: &[ModerationAct]) -> (&CaseTarget, String) {
    let [ModerationAct::Flag(FlagAct { target, rules, .. })] = acts else {
        panic!("{acts:?}");
    };
    (target, format!("{rules:?}"))
}

fn apply(event: &Envelope) -> Vec<ModerationAct> {
    ModerationFold::default().apply(event).unwrap()
}

#[test]
fn a_flagged_text_has_a_case_of_what_it_belongs_to() {
    let now = "2026-11-01T12:00:00Z";
    let found = apply(&sent(7, now, &["insults", "links"]));
    let (target, rules) = flags_of(&found);
    assert!(matches!(target, CaseTarget::Message { seq: 7, .. }));
    assert_eq!(rules, r#"["insults", "links"]"#);
    assert!(apply(&sent(7, now, &[])).is_empty());

    let titled = json!({ "title": "t", "history": "all", "by": "ann", "flags": ["insults"] });
    let titled = event(
        8,
        AggregateKind::Conversation,
        "conversation_changed",
        &titled,
    );
    let found = apply(&titled);
    assert!(matches!(
        flags_of(&found).0,
        CaseTarget::Conversation { .. }
    ));

    let named = json!({ "display_name": "Rogue", "by": "root", "flags": ["insults"] });
    let found = apply(&event(9, AggregateKind::Profile, "profile_changed", &named));
    assert!(matches!(flags_of(&found).0, CaseTarget::User { user } if user.as_str() == "ann"));
}

#[test]
fn a_held_message_has_a_case() {
    let held = json!({
        "held_id": "h1", "conversation": "lunch", "type": "text", "body": { "text": "a" },
        "mentions": [], "reason": "spam",
    });
    let found = apply(&event(3, AggregateKind::Mailbox, "message_held", &held));
    let [
        ModerationAct::Hold(HoldAct {
            position,
            target,
            reason,
        }),
    ] = &found[..]
    else {
        panic!("{found:?}");
    };
    assert_eq!((*position, reason.as_str()), (3, "spam"));
    assert!(matches!(target, CaseTarget::Held { held_id, .. } if held_id.to_string() == "h1"));
    assert!(
        apply(&event(
            4,
            AggregateKind::Mailbox,
            "user_blocked",
            &json!({})
        ))
        .is_empty()
    );
}

#[test]
fn floods_are_found_but_not_in_what_was_imported() {
    let rules = json!({
        "by": "root",
        "rules": [{ "same_text": 2, "within": "30s", "across": "all", "then": "flag" }],
    });
    let rules = event(1, AggregateKind::Deployment, "flood_rules_set", &rules);
    let follow = |sent_at: &str| {
        let mut fold = ModerationFold::default();
        let events = [rules.clone(), sent(2, sent_at, &[]), sent(3, sent_at, &[])];
        let acts = events.iter().flat_map(|event| fold.apply(event).unwrap());
        acts.collect::<Vec<_>>()
    };
    let found = follow("2026-11-01T12:00:00Z");
    assert!(matches!(&found[..], [ModerationAct::Flood(act)] if act.offence.position == 3));
    assert_eq!(follow("2020-11-01T12:00:00Z"), []);
}

#[test]
fn an_event_that_cannot_be_decoded_is_an_error() {
    let odd = event(
        3,
        AggregateKind::Conversation,
        "message_sent",
        &json!({ "seq": "one" }),
    );
    assert!(ModerationFold::default().apply(&odd).is_err());
}
