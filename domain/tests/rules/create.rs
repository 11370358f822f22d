//! Creating a conversation, and changing its title and history visibility.

use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, Create};
use domain::conversation::event::{ConversationKind, History, Role};
use domain::refusal::Refusal;

use crate::language::{Given, given};
use crate::words::*;

fn nothing() -> Given<Conversation> {
    given([])
}

#[test]
fn the_creator_of_a_group_comes_first_and_owns_it() {
    nothing()
        .when(create_group("anna", ["ben", "cleo"]))
        .then([group(["anna", "ben", "cleo"])]);
}

#[test]
fn a_group_can_start_with_its_creator_alone() {
    nothing()
        .when(create_group("anna", []))
        .then([group(["anna"])]);
}

#[test]
fn duplicates_and_the_creator_are_dropped_from_the_members() {
    nothing()
        .when(create_group("anna", ["ben", "anna", "ben", "cleo", "anna"]))
        .then([group(["anna", "ben", "cleo"])]);
}

#[test]
fn a_group_keeps_its_title() {
    let named = Create {
        title: Some(title("Trip to Oslo")),
        ..creating(ConversationKind::Group, "anna", vec![])
    };
    let created = nothing()
        .when(ConversationCommand::Create(named))
        .then_done();
    created
        .when(change("anna", Some(Some("Trip to Oslo")), None))
        .then_nothing();
}

#[test]
fn a_direct_conversation_has_two_ordinary_members() {
    nothing()
        .when(create_direct("anna", ["ben"]))
        .then([direct("anna", "ben")]);
}

#[test]
fn the_creator_may_be_named_in_a_direct_conversation() {
    nothing()
        .when(create_direct("anna", ["anna", "ben", "ben"]))
        .then([direct("anna", "ben")]);
}

#[test]
fn a_direct_conversation_needs_exactly_one_other() {
    nothing()
        .when(create_direct("anna", []))
        .then_invalid("members");
    nothing()
        .when(create_direct("anna", ["anna"]))
        .then_invalid("members");
    nothing()
        .when(create_direct("anna", ["ben", "cleo"]))
        .then_invalid("members");
}

#[test]
fn a_direct_conversation_has_no_title() {
    let named = Create {
        title: Some(title("Us")),
        ..creating(ConversationKind::Direct, "anna", users(["ben"]))
    };
    nothing()
        .when(ConversationCommand::Create(named.clone()))
        .then_invalid("title");
    given::<Conversation>([direct("anna", "ben")])
        .when(ConversationCommand::Create(named))
        .then_invalid("title");
}

#[test]
fn a_blocked_user_cannot_create_a_direct_conversation() {
    let blocked = Create {
        blocked: true,
        ..creating(ConversationKind::Direct, "anna", users(["ben"]))
    };
    nothing()
        .when(ConversationCommand::Create(blocked))
        .then_refused("blocked");
}

#[test]
fn blocks_have_no_effect_in_a_group() {
    let blocked = Create {
        blocked: true,
        ..creating(ConversationKind::Group, "anna", users(["ben"]))
    };
    nothing()
        .when(ConversationCommand::Create(blocked))
        .then([group(["anna", "ben"])]);
}

#[test]
fn either_user_finds_the_direct_conversation_again_even_while_blocked() {
    for (by, other) in [("anna", "ben"), ("ben", "anna")] {
        for blocked in [false, true] {
            let again = Create {
                blocked,
                ..creating(ConversationKind::Direct, by, users([other]))
            };
            given::<Conversation>([direct("anna", "ben")])
                .when(ConversationCommand::Create(again))
                .then_nothing();
        }
    }
}

#[test]
fn a_direct_conversation_is_not_found_by_others() {
    given::<Conversation>([direct("anna", "ben")])
        .when(create_direct("cleo", ["ben"]))
        .then_refused("not_found");
    given::<Conversation>([direct("anna", "ben")])
        .when(create_direct("anna", ["cleo"]))
        .then_refused("not_found");
}

#[test]
fn the_id_of_a_group_cannot_be_reused_by_anyone() {
    for by in ["anna", "ben", "stranger"] {
        given::<Conversation>([group(["anna", "ben"])])
            .when(create_group(by, []))
            .then_refused("conflict");
    }
    given::<Conversation>([group(["anna"]), left("anna", "anna")])
        .when(create_group("anna", []))
        .then_refused("conflict");
}

#[test]
fn the_number_of_users_per_command_is_limited() {
    let with = |count| {
        ConversationCommand::Create(creating(ConversationKind::Group, "anna", crowd(count)))
    };
    nothing().when(with(1_000)).then_done();
    nothing()
        .when(with(1_001))
        .then_over_limit("members", 1_000);
}

#[test]
fn the_size_of_a_new_group_is_limited() {
    let small = || nothing().under(|limits| limits.group_members = 3);
    small()
        .when(create_group("anna", ["ben", "cleo"]))
        .then_done();
    small()
        .when(create_group("anna", ["ben", "cleo", "dan"]))
        .then_over_limit("members", 3);
}

#[test]
fn every_command_before_the_creation_is_refused() {
    for command in [
        change("anna", Some(None), None),
        add("anna", ["ben"]),
        remove("anna", "anna"),
        send("anna"),
        edit("anna", 1, "x"),
        recall("anna", 1),
        react("anna", 1, "+1"),
        unreact("anna", 1, "+1"),
        ConversationCommand::Import(vec![]),
    ] {
        assert_eq!(nothing().when(command).refusal(), Refusal::not_found());
    }
}

#[test]
fn the_owner_and_admins_can_change_title_and_history() {
    let trio = || {
        given::<Conversation>([
            group(["anna", "ben", "cleo"]),
            became("anna", "ben", Role::Admin),
        ])
    };
    for by in ["anna", "ben"] {
        trio()
            .when(change(by, Some(Some("Oslo")), None))
            .then([changed(by, Some("Oslo"), History::All)])
            .when(change(by, None, Some(History::SinceJoin)))
            .then([changed(by, Some("Oslo"), History::SinceJoin)])
            .when(change(by, Some(None), None))
            .then([changed(by, None, History::SinceJoin)]);
    }
    trio()
        .when(change("cleo", Some(Some("Oslo")), None))
        .then_refused("forbidden");
    trio()
        .when(change("cleo", None, None))
        .then_refused("forbidden");
    trio()
        .when(change("stranger", Some(Some("Oslo")), None))
        .then_refused("not_found");
}

#[test]
fn changing_to_the_current_values_changes_nothing() {
    let named = || {
        given::<Conversation>([
            group(["anna"]),
            changed("anna", Some("Oslo"), History::SinceJoin),
        ])
    };
    named().when(change("anna", None, None)).then_nothing();
    named()
        .when(change("anna", Some(Some("Oslo")), Some(History::SinceJoin)))
        .then_nothing();
    given::<Conversation>([group(["anna"])])
        .when(change("anna", Some(None), Some(History::All)))
        .then_nothing();
}

#[test]
fn a_direct_conversation_cannot_be_changed() {
    let pair = || given::<Conversation>([direct("anna", "ben")]);
    pair()
        .when(change("anna", Some(Some("Us")), None))
        .then_invalid("title");
    pair()
        .when(change("anna", Some(None), None))
        .then_invalid("title");
    pair()
        .when(change("ben", None, Some(History::SinceJoin)))
        .then_invalid("history");
    pair()
        .when(change("cleo", Some(Some("Us")), None))
        .then_refused("not_found");
}
