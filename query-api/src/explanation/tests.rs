//! The rules, one by one.

use domain::conversation::event::RETENTION_USER;
use domain::envelope::{AggregateKind, Envelope};
use domain::ids::{ConversationId, UserId};
use domain::time::Timestamp;
use serde_json::json;
use serde_json::value::to_raw_value;

use super::facts::VisibilityFacts;
use super::rules::explain;
use super::visibility_explanation::{ExplainedPeriod, VisibilityQuestion, VisibilityReason};

fn question() -> VisibilityQuestion {
    VisibilityQuestion {
        user: UserId::parse("bob").expect("a user"),
        conversation: ConversationId::parse("team").expect("a conversation"),
        seq: 3,
        as_of: None,
    }
}

/// A message that bob can see.
fn facts() -> VisibilityFacts {
    VisibilityFacts {
        read_position: 20,
        kind: Some("group".into()),
        history: Some("all".into()),
        head_seq: Some(5),
        is_member: Some(true),
        message_position: Some(7),
        sender: Some("ann".into()),
        has_body: true,
        is_visible: true,
        is_in_window: true,
        stays: vec![period(2, None, 0, None)],
        ..VisibilityFacts::default()
    }
}

fn period(
    from_position: i64,
    to_position: Option<i64>,
    after_seq: i64,
    until_seq: Option<i64>,
) -> ExplainedPeriod {
    ExplainedPeriod {
        from_position,
        to_position,
        after_seq,
        until_seq,
    }
}

fn event(position: i64, event_type: &str, by: &str) -> Envelope {
    Envelope {
        position,
        tag: None,
        aggregate: AggregateKind::Conversation,
        aggregate_id: "team".into(),
        sequence: position,
        event_type: event_type.into(),
        version: 1,
        time: Timestamp::from_millis(0),
        actor: None,
        traceparent: None,
        data: to_raw_value(&json!({ "seq": 3, "by": by })).expect("JSON"),
    }
}

fn reason(facts: VisibilityFacts, events: &[Envelope]) -> VisibilityReason {
    explain(&question(), facts, events).why
}

#[test]
fn a_visible_message_names_what_shows_it() {
    assert_eq!(reason(facts(), &[]), VisibilityReason::Member);
    let since_join = VisibilityFacts {
        history: Some("since_join".into()),
        ..facts()
    };
    let explained = explain(&question(), since_join, &[]);
    assert_eq!(explained.why, VisibilityReason::Stay);
    assert!(
        explained.summary.contains("position 2"),
        "{}",
        explained.summary
    );
    assert!(
        explained
            .checks
            .iter()
            .all(|check| check.outcome != "hides")
    );
}

#[test]
fn a_hidden_message_names_the_rule_that_hides_it() {
    let hidden = || VisibilityFacts {
        is_visible: false,
        ..facts()
    };
    let left = VisibilityFacts {
        is_member: Some(false),
        stays: vec![period(2, Some(9), 0, Some(4))],
        ..hidden()
    };
    let explained = explain(&question(), left, &[]);
    assert_eq!(explained.why, VisibilityReason::Left);
    assert!(
        explained.summary.contains("position 9"),
        "{}",
        explained.summary
    );
    let banned = VisibilityFacts {
        is_member: Some(false),
        is_banned: true,
        stays: vec![period(2, Some(9), 0, Some(4))],
        ..hidden()
    };
    let explained = explain(&question(), banned, &[]);
    assert_eq!(explained.why, VisibilityReason::Left);
    assert!(
        explained.summary.contains("bob is banned now"),
        "{}",
        explained.summary
    );
    let never = VisibilityFacts {
        is_member: None,
        stays: Vec::new(),
        ..hidden()
    };
    assert_eq!(reason(never, &[]), VisibilityReason::NeverMember);
    let before_join = VisibilityFacts {
        history: Some("since_join".into()),
        is_in_window: false,
        stays: vec![period(2, Some(4), 0, Some(2)), period(9, None, 4, None)],
        ..hidden()
    };
    assert_eq!(reason(before_join, &[]), VisibilityReason::BeforeJoin);
    let cleared = VisibilityFacts {
        cleared_seq: 4,
        is_in_window: false,
        ..hidden()
    };
    let explained = explain(&question(), cleared, &[]);
    assert_eq!(explained.why, VisibilityReason::Cleared);
    let hides = explained
        .checks
        .iter()
        .filter(|check| check.outcome == "hides");
    assert_eq!(hides.map(|check| check.rule).collect::<Vec<_>>(), ["clear"]);
    assert!(
        explained.summary.contains("up to 4"),
        "{}",
        explained.summary
    );
}

#[test]
fn a_message_that_the_read_model_lacks_is_explained_by_the_log() {
    let absent = || VisibilityFacts {
        message_position: None,
        is_visible: false,
        ..facts()
    };
    let sent = [event(30, "message_sent", "ann")];
    assert_eq!(reason(absent(), &[]), VisibilityReason::NoMessage);
    assert_eq!(reason(absent(), &sent), VisibilityReason::NotYet);
    let parked = VisibilityFacts {
        parked_from: Some(25),
        read_position: 40,
        ..absent()
    };
    assert_eq!(reason(parked, &sent), VisibilityReason::Parked);
    let unknown = VisibilityFacts {
        kind: None,
        head_seq: None,
        ..absent()
    };
    assert_eq!(reason(unknown, &[]), VisibilityReason::NoConversation);
}

#[test]
fn a_message_without_a_body_names_who_removed_it() {
    let bare = || VisibilityFacts {
        has_body: false,
        ..facts()
    };
    let recalled = event(9, "message_recalled", "ann");
    let explained = explain(&question(), bare(), std::slice::from_ref(&recalled));
    assert_eq!(explained.why, VisibilityReason::Recalled);
    assert!(explained.visible && !explained.has_content);
    assert!(
        explained.summary.contains("ann at position 9"),
        "{}",
        explained.summary
    );
    let erased = [recalled.clone(), event(11, "message_erased", "root")];
    assert_eq!(reason(bare(), &erased), VisibilityReason::Erased);
    let expired = [recalled, event(11, "message_erased", RETENTION_USER)];
    assert_eq!(reason(bare(), &expired), VisibilityReason::Expired);
}

#[test]
fn a_block_hides_nothing() {
    let blocking = VisibilityFacts {
        blocks_sender: true,
        ..facts()
    };
    let explained = explain(&question(), blocking, &[]);
    assert!(explained.visible);
    let block = explained.checks.last().expect("a check");
    assert_eq!((block.rule, block.outcome), ("block", "no_effect"));
    assert!(block.detail.contains("bob blocks ann"), "{}", block.detail);
}
