//! Creating a conversation, and changing its title and history visibility.

use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, CreateConversation};
use domain::conversation::event::{ConversationKind, HistoryVisibility, Role};
use domain::refusal::Refusal;

use crate::builders::*;
use crate::given_when_then::{Given, given};

fn no_conversation() -> Given<Conversation> {
    given([])
}

#[test]
fn the_creator_of_a_group_comes_first_and_owns_it() {
    no_conversation()
        .when(create_group("anna", ["ben", "cleo"]))
        .then([group(["anna", "ben", "cleo"])]);
}

#[test]
fn a_group_can_start_with_its_creator_alone() {
    no_conversation()
        .when(create_group("anna", []))
        .then([group(["anna"])]);
}

#[test]
fn duplicates_and_the_creator_are_dropped_from_the_members() {
    no_conversation()
        .when(create_group("anna", ["ben", "anna", "ben", "cleo", "anna"]))
        .then([group(["anna", "ben", "cleo"])]);
}

#[test]
fn a_group_keeps_its_title() {
    let named = CreateConversation {
        title: Some(title("Trip to Oslo")),
        ..create_with(ConversationKind::Group, "anna", vec![])
    };
    let created = no_conversation()
        .when(ConversationCommand::Create(named))
        .then_accepted();
    created
        .when(change("anna", Some(Some("Trip to Oslo")), None))
        .then_nothing();
}

#[test]
fn a_direct_conversation_has_two_ordinary_members() {
    no_conversation()
        .when(create_direct("anna", ["ben"]))
        .then([direct("anna", "ben")]);
}

#[test]
fn the_creator_may_be_named_in_a_direct_conversation() {
    no_conversation()
        .when(create_direct("anna", ["anna", "ben", "ben"]))
        .then([direct("anna", "ben")]);
}

#[test]
fn a_direct_conversation_needs_exactly_one_other() {
    no_conversation()
        .when(create_direct("anna", []))
        .then_invalid("members");
    no_conversation()
        .when(create_direct("anna", ["anna"]))
        .then_invalid("members");
    no_conversation()
        .when(create_direct("anna", ["ben", "cleo"]))
        .then_invalid("members");
}

#[test]
fn a_direct_conversation_has_no_title() {
    let named = CreateConversation {
        title: Some(title("Us")),
        ..create_with(ConversationKind::Direct, "anna", users(["ben"]))
    };
    no_conversation()
        .when(ConversationCommand::Create(named.clone()))
        .then_invalid("title");
    given::<Conversation>([direct("anna", "ben")])
        .when(ConversationCommand::Create(named))
        .then_invalid("title");
}

#[test]
fn a_blocked_user_cannot_create_a_direct_conversation() {
    let blocked = CreateConversation {
        blocked: true,
        ..create_with(ConversationKind::Direct, "anna", users(["ben"]))
    };
    no_conversation()
        .when(ConversationCommand::Create(blocked))
        .then_refused("blocked");
}

#[test]
fn blocks_have_no_effect_in_a_group() {
    let blocked = CreateConversation {
        blocked: true,
        ..create_with(ConversationKind::Group, "anna", users(["ben"]))
    };
    no_conversation()
        .when(ConversationCommand::Create(blocked))
        .then([group(["anna", "ben"])]);
}

#[test]
fn either_user_finds_the_direct_conversation_again_even_while_blocked() {
    for (by, other) in [("anna", "ben"), ("ben", "anna")] {
        for blocked in [false, true] {
            let again = CreateConversation {
                blocked,
                ..create_with(ConversationKind::Direct, by, users([other]))
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
        ConversationCommand::Create(create_with(
            ConversationKind::Group,
            "anna",
            numbered_users(count),
        ))
    };
    no_conversation().when(with(1_000)).then_accepted();
    no_conversation()
        .when(with(1_001))
        .then_over_limit("members", 1_000);
}

#[test]
fn the_size_of_a_new_group_is_limited() {
    let small = || no_conversation().with_limits(|limits| limits.group_members = 3);
    small()
        .when(create_group("anna", ["ben", "cleo"]))
        .then_accepted();
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
        assert_eq!(
            no_conversation().when(command).into_refusal(),
            Refusal::not_found()
        );
    }
}

#[test]
fn the_owner_and_admins_can_change_title_and_history() {
    let trio = || {
        given::<Conversation>([
            group(["anna", "ben", "cleo"]),
            role_changed("anna", "ben", Role::Admin),
        ])
    };
    for by in ["anna", "ben"] {
        trio()
            .when(change(by, Some(Some("Oslo")), None))
            .then([changed(by, Some("Oslo"), HistoryVisibility::All)])
            .when(change(by, None, Some(HistoryVisibility::SinceJoin)))
            .then([changed(by, Some("Oslo"), HistoryVisibility::SinceJoin)])
            .when(change(by, Some(None), None))
            .then([changed(by, None, HistoryVisibility::SinceJoin)]);
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
            changed("anna", Some("Oslo"), HistoryVisibility::SinceJoin),
        ])
    };
    named().when(change("anna", None, None)).then_nothing();
    named()
        .when(change(
            "anna",
            Some(Some("Oslo")),
            Some(HistoryVisibility::SinceJoin),
        ))
        .then_nothing();
    given::<Conversation>([group(["anna"])])
        .when(change("anna", Some(None), Some(HistoryVisibility::All)))
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
        .when(change("ben", None, Some(HistoryVisibility::SinceJoin)))
        .then_invalid("history");
    pair()
        .when(change("cleo", Some(Some("Us")), None))
        .then_refused("not_found");
}
