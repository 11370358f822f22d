//! Beginning a conversation, and changing its title and history rule.

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
fn a_group_may_begin_with_its_creator_alone() {
    nothing()
        .when(create_group("anna", []))
        .then([group(["anna"])]);
}

#[test]
fn repetitions_and_the_creator_among_the_named_are_dropped() {
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
fn a_direct_conversation_has_two_plain_members() {
    nothing()
        .when(create_direct("anna", ["ben"]))
        .then([direct("anna", "ben")]);
}

#[test]
fn naming_oneself_in_a_direct_conversation_is_fine() {
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
fn a_blocked_user_begins_no_direct_conversation() {
    let blocked = Create {
        blocked: true,
        ..creating(ConversationKind::Direct, "anna", users(["ben"]))
    };
    nothing()
        .when(ConversationCommand::Create(blocked))
        .then_refused("blocked");
}

#[test]
fn being_blocked_means_nothing_in_a_group() {
    let blocked = Create {
        blocked: true,
        ..creating(ConversationKind::Group, "anna", users(["ben"]))
    };
    nothing()
        .when(ConversationCommand::Create(blocked))
        .then([group(["anna", "ben"])]);
}

#[test]
fn a_direct_conversation_is_found_again_by_either_side_also_while_blocked() {
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
fn a_groups_id_is_taken_for_everybody() {
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
fn one_command_names_a_bounded_number_of_users() {
    let with = |count| {
        ConversationCommand::Create(creating(ConversationKind::Group, "anna", crowd(count)))
    };
    nothing().when(with(1_000)).then_done();
    nothing()
        .when(with(1_001))
        .then_over_limit("members", 1_000);
}

#[test]
fn a_group_begins_within_its_size() {
    let small = || nothing().under(|limits| limits.group_members = 3);
    small()
        .when(create_group("anna", ["ben", "cleo"]))
        .then_done();
    small()
        .when(create_group("anna", ["ben", "cleo", "dan"]))
        .then_over_limit("members", 3);
}

#[test]
fn nothing_can_be_done_before_the_creation() {
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
fn the_owner_and_admins_change_title_and_history() {
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
fn changing_to_what_is_so_changes_nothing() {
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
fn nothing_of_a_direct_conversation_is_changed() {
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
