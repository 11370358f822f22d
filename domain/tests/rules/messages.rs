//! Editing and recalling messages.

use domain::body::MessageType;
use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, EditMessage, RecallMessage};
use domain::conversation::event::{ConversationEvent, HistoryVisibility, MessageSent, Role};
use domain::message::MessageState;
use domain::refusal::{Refusal, RefusalKind};
use serde_json::json;

use crate::builders::*;
use crate::given_when_then::{Given, given};

const DAY_MS: i64 = 24 * 3_600 * 1_000;

/// A group with the owner Anna, the admin Ben, and the members Cleo and Carl. Cleo has sent
/// message 1.
fn team() -> Given<Conversation> {
    given([
        group(["anna", "ben", "cleo", "carl"]),
        role_changed("anna", "ben", Role::Admin),
        sent(1, "cleo"),
    ])
}

#[test]
fn the_author_can_edit() {
    team()
        .when(edit("cleo", 1, "better"))
        .then([edited(1, "cleo", "better")]);
}

#[test]
fn no_other_user_can_edit() {
    for other in ["anna", "ben", "carl"] {
        team()
            .when(edit(other, 1, "better"))
            .then_refused("forbidden");
    }
    team()
        .when(edit("stranger", 1, "better"))
        .then_refused("not_found");
}

#[test]
fn a_missing_message_is_not_found() {
    for seq in [i64::MIN, -1, 0, 2, i64::MAX] {
        for command in [
            edit("cleo", seq, "x"),
            recall("cleo", seq),
            react("cleo", seq, "+1"),
        ] {
            assert_eq!(team().when(command).into_refusal(), Refusal::not_found());
        }
        team()
            .when(unreact("cleo", seq, "+1"))
            .then_refused("not_found");
    }
}

#[test]
fn a_lookup_does_not_make_a_message_exist() {
    let Some(message) = MessageState::fold([sent(9, "cleo")]) else {
        panic!("the events must fold to a message")
    };
    let message = Some(message);
    let command = ConversationCommand::Recall(RecallMessage {
        message,
        ..recall_by("cleo", 9)
    });
    team().when(command).then_refused("not_found");
}

#[test]
fn an_equal_body_changes_nothing() {
    team().when(edit("cleo", 1, "hello")).then_nothing();
    team()
        .when(edit("cleo", 1, "better"))
        .then_accepted()
        .when(edit("cleo", 1, "better"))
        .then_nothing()
        .when(edit("cleo", 1, "hello"))
        .then([edited(1, "cleo", "hello")]);
}

#[test]
fn bodies_are_compared_as_json_values() {
    let location = |body: &serde_json::Value| {
        let limits = domain::limits::Limits::default();
        domain::body::MessageBody::parse(MessageType::Location, body, &limits).unwrap()
    };
    let located = ConversationEvent::MessageSent(MessageSent {
        kind: MessageType::Location,
        body: location(&json!({ "lat": 60.0, "lng": 10.75 })),
        ..message(2, "cleo")
    });
    let body = serde_json::from_str(r#"{ "lng": 1.075e1, "lat": 60 }"#).unwrap();
    let same = EditMessage {
        body,
        ..edit_by("cleo", 2, "")
    };
    team()
        .and([located])
        .when(ConversationCommand::Edit(same))
        .then_nothing();
}

#[test]
fn the_new_body_must_be_valid_for_the_message_type() {
    let with = |body| {
        ConversationCommand::Edit(EditMessage {
            body,
            ..edit_by("cleo", 1, "")
        })
    };
    team()
        .when(with(json!({ "text": " \u{200b} " })))
        .then_invalid("body.text");
    team()
        .when(with(json!({ "words": "x" })))
        .then_invalid("body.text");
    team().when(with(json!("x"))).then_invalid("body");
    let refusal = team()
        .when(with(json!({ "text": "x".repeat(70_000) })))
        .into_refusal();
    assert_eq!(
        (refusal.kind, refusal.field),
        (RefusalKind::TooLarge, Some("body"))
    );
    assert!(refusal.detail.contains("65536"), "{}", refusal.detail);
}

#[test]
fn a_recalled_message_cannot_be_edited() {
    let gone = || team().and([recalled(1, "cleo")]);
    gone()
        .when(edit("cleo", 1, "better"))
        .then_refused("recalled");
    gone()
        .when(edit("cleo", 1, "hello"))
        .then_refused("recalled");
    gone()
        .when(edit("carl", 1, "better"))
        .then_refused("forbidden");
    assert_eq!(
        gone().when(edit("cleo", 1, "better")).into_refusal().kind,
        RefusalKind::Invalid
    );
}

#[test]
fn the_author_the_owner_and_admins_can_recall() {
    for by in ["cleo", "anna", "ben"] {
        team().when(recall(by, 1)).then([recalled(1, by)]);
    }
    team().when(recall("carl", 1)).then_refused("forbidden");
    team().when(recall("stranger", 1)).then_refused("not_found");
}

#[test]
fn in_a_direct_conversation_only_the_author_can_recall() {
    let pair = || given::<Conversation>([direct("anna", "ben"), sent(1, "ben")]);
    pair().when(recall("ben", 1)).then([recalled(1, "ben")]);
    pair().when(recall("anna", 1)).then_refused("forbidden");
}

#[test]
fn an_author_can_recall_within_the_window() {
    let after = |by, millis| {
        ConversationCommand::Recall(RecallMessage {
            now: noon_plus(millis),
            ..recall_by(by, 1)
        })
    };
    team().when(after("cleo", DAY_MS)).then_accepted();
    let refusal = team().when(after("cleo", DAY_MS + 1)).into_refusal();
    assert_eq!(
        (refusal.kind, refusal.code),
        (RefusalKind::Invalid, "recall_window_passed")
    );
    assert!(refusal.detail.contains("86400"), "{}", refusal.detail);
    for by in ["anna", "ben"] {
        team()
            .when(after(by, 1_000 * DAY_MS))
            .then([recalled(1, by)]);
    }
    let wide = team().with_limits(|limits| limits.recall_window_ms = 2 * DAY_MS);
    wide.when(after("cleo", DAY_MS + 1)).then_accepted();
}

#[test]
fn an_author_who_is_an_admin_has_no_window() {
    let late = RecallMessage {
        now: noon_plus(DAY_MS + 1),
        ..recall_by("cleo", 1)
    };
    team()
        .and([role_changed("anna", "cleo", Role::Admin)])
        .when(ConversationCommand::Recall(late))
        .then_accepted();
}

#[test]
fn recalling_again_changes_nothing_for_users_with_permission() {
    let gone = || team().and([recalled(1, "cleo")]);
    for by in ["cleo", "anna", "ben"] {
        gone().when(recall(by, 1)).then_nothing();
    }
    gone().when(recall("carl", 1)).then_refused("forbidden");
    let late = RecallMessage {
        now: noon_plus(2 * DAY_MS),
        ..recall_by("cleo", 1)
    };
    gone()
        .when(ConversationCommand::Recall(late))
        .then_nothing();
}

#[test]
fn an_invisible_message_is_not_found() {
    let later = || {
        team().and([
            changed("anna", None, HistoryVisibility::SinceJoin),
            joined("anna", "dora", Role::Admin),
        ])
    };
    later().when(edit("dora", 1, "x")).then_refused("not_found");
    later().when(recall("dora", 1)).then_refused("not_found");
    later()
        .when(react("dora", 1, "+1"))
        .then_refused("not_found");
    later()
        .when(unreact("dora", 1, "+1"))
        .then_refused("not_found");
}

#[test]
fn an_old_message_comes_from_the_lookup() {
    let long = || team().and(sent_all(2, 300, "carl"));
    assert!(!long().state.is_recent(1));
    let message = MessageState::fold([sent(1, "cleo"), edited(1, "cleo", "newer")]);
    let edit_to = |text| {
        let message = message.clone();
        ConversationCommand::Edit(EditMessage {
            message,
            ..edit_by("cleo", 1, text)
        })
    };
    long()
        .when(edit_to("newest"))
        .then([edited(1, "cleo", "newest")]);
    long().when(edit_to("newer")).then_nothing();
    let message = message.clone();
    let command = ConversationCommand::Recall(RecallMessage {
        message,
        ..recall_by("carl", 1)
    });
    long().when(command).then_refused("forbidden");
    long().when(recall("cleo", 1)).then_refused("not_found");
}

#[test]
fn a_recent_message_takes_precedence_over_the_lookup() {
    let message = MessageState::fold([sent(1, "cleo")]);
    let stale = EditMessage {
        message,
        ..edit_by("cleo", 1, "better")
    };
    team()
        .and([recalled(1, "ben")])
        .when(ConversationCommand::Edit(stale))
        .then_refused("recalled");
}
