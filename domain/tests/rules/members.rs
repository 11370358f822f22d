//! Adding and removing members and changing their roles.

use domain::conversation::Conversation;
use domain::conversation::command::{AddMembers, ConversationCommand};
use domain::conversation::event::Role;
use domain::refusal::Refusal;

use crate::builders::*;
use crate::given_when_then::{Given, given};

/// A group with the owner Anna, the admins Ben and Bob, and the members Cleo and Carl.
fn team() -> Given<Conversation> {
    given([
        group(["anna", "ben", "bob", "cleo", "carl"]),
        role_changed("anna", "ben", Role::Admin),
        role_changed("anna", "bob", Role::Admin),
    ])
}

#[test]
fn the_owner_and_admins_can_add_members() {
    for by in ["anna", "ben"] {
        team().when(add(by, ["dora", "emil"])).then([
            joined(by, "dora", Role::Member),
            joined(by, "emil", Role::Member),
        ]);
        team()
            .when(add_as(by, ["dora"], Role::Admin))
            .then([joined(by, "dora", Role::Admin)]);
    }
    team().when(add("cleo", ["dora"])).then_refused("forbidden");
    team()
        .when(add("stranger", ["dora"]))
        .then_refused("not_found");
    team().when(add("dora", ["dora"])).then_refused("not_found");
}

#[test]
fn adding_an_existing_member_changes_nothing() {
    team()
        .when(add("anna", ["ben", "cleo", "anna"]))
        .then_nothing();
    team()
        .when(add_as("anna", ["ben", "bob"], Role::Admin))
        .then_nothing();
    team()
        .when(add_as("ben", ["cleo"], Role::Member))
        .then_nothing();
    team().when(add("anna", [])).then_nothing();
}

#[test]
fn the_same_user_named_twice_joins_once() {
    team()
        .when(add("anna", ["dora", "cleo", "dora"]))
        .then([joined("anna", "dora", Role::Member)]);
}

#[test]
fn the_owner_and_admins_can_promote_members() {
    for by in ["anna", "ben"] {
        team()
            .when(add_as(by, ["cleo", "dora"], Role::Admin))
            .then([
                role_changed(by, "cleo", Role::Admin),
                joined(by, "dora", Role::Admin),
            ]);
    }
    team()
        .when(add_as("carl", ["cleo"], Role::Admin))
        .then_refused("forbidden");
}

#[test]
fn only_the_owner_can_demote_an_admin() {
    team()
        .when(add_as("anna", ["ben"], Role::Member))
        .then([role_changed("anna", "ben", Role::Member)]);
    team()
        .when(add_as("bob", ["ben"], Role::Member))
        .then_refused("forbidden");
    team()
        .when(add_as("ben", ["ben"], Role::Member))
        .then_refused("forbidden");
}

#[test]
fn one_refused_user_refuses_the_whole_command() {
    team()
        .when(add_as("bob", ["dora", "ben"], Role::Member))
        .then_refused("forbidden");
}

#[test]
fn the_owner_role_cannot_be_assigned_or_removed() {
    for by in ["anna", "ben"] {
        team()
            .when(add_as(by, ["anna"], Role::Member))
            .then_invalid("role");
        team()
            .when(add_as(by, ["anna"], Role::Admin))
            .then_invalid("role");
        team()
            .when(add_as(by, ["cleo"], Role::Owner))
            .then_invalid("role");
        team()
            .when(add_as(by, ["dora"], Role::Owner))
            .then_invalid("role");
    }
    team()
        .when(add_as("cleo", ["anna"], Role::Member))
        .then_refused("forbidden");
}

#[test]
fn the_number_of_users_per_command_is_limited() {
    let add_users = |count| {
        let (users, by) = (numbered_users(count), user("anna"));
        ConversationCommand::AddMembers(AddMembers {
            users,
            role: None,
            by,
            now: noon(),
        })
    };
    team().when(add_users(1_000)).then_accepted();
    team()
        .when(add_users(1_001))
        .then_over_limit("users", 1_000);
}

#[test]
fn a_group_cannot_grow_beyond_its_limit() {
    let small = || team().with_limits(|limits| limits.group_members = 6);
    small()
        .when(add("anna", ["dora"]))
        .then_accepted()
        .when(add("anna", ["emil"]))
        .then_over_limit("users", 6);
    small()
        .when(add("anna", ["dora", "emil"]))
        .then_over_limit("users", 6);
    small()
        .when(add("anna", ["dora"]))
        .then_accepted()
        .when(add("anna", ["dora"]))
        .then_nothing();
}

#[test]
fn a_lowered_limit_prevents_joins_but_not_role_changes() {
    let shrunk = || team().with_limits(|limits| limits.group_members = 2);
    shrunk()
        .when(add_as("anna", ["cleo"], Role::Admin))
        .then_accepted();
    shrunk()
        .when(add("anna", ["dora"]))
        .then_over_limit("users", 2);
}

#[test]
fn any_member_can_leave() {
    for name in ["ben", "cleo"] {
        team().when(remove(name, name)).then([left(name, name)]);
    }
}

#[test]
fn a_former_member_is_treated_as_a_stranger() {
    let mut commands = vec![
        change("cleo", Some(None), None),
        add("cleo", ["dora"]),
        remove("cleo", "cleo"),
        remove("cleo", "carl"),
        send("cleo"),
        edit("cleo", 1, "x"),
        recall("cleo", 1),
        react("cleo", 1, "+1"),
        unreact("cleo", 1, "+1"),
    ];
    for command in commands.drain(..) {
        let refusal = team()
            .and([sent(1, "cleo"), left("cleo", "cleo")])
            .when(command)
            .into_refusal();
        assert_eq!(refusal, Refusal::not_found());
    }
}

#[test]
fn the_owner_and_admins_can_remove_others() {
    team()
        .when(remove("anna", "ben"))
        .then([left("anna", "ben")]);
    team()
        .when(remove("anna", "cleo"))
        .then([left("anna", "cleo")]);
    team().when(remove("ben", "bob")).then([left("ben", "bob")]);
    team()
        .when(remove("ben", "cleo"))
        .then([left("ben", "cleo")]);
    team()
        .when(remove("cleo", "carl"))
        .then_refused("forbidden");
    team()
        .when(remove("cleo", "nobody"))
        .then_refused("forbidden");
    team()
        .when(remove("stranger", "cleo"))
        .then_refused("not_found");
}

#[test]
fn the_owner_cannot_be_removed() {
    team().when(remove("ben", "anna")).then_refused("forbidden");
    team()
        .when(remove("cleo", "anna"))
        .then_refused("forbidden");
}

#[test]
fn removing_a_non_member_changes_nothing() {
    team().when(remove("anna", "stranger")).then_nothing();
    team()
        .when(remove("anna", "cleo"))
        .then_accepted()
        .when(remove("anna", "cleo"))
        .then_nothing();
}

#[test]
fn the_longest_serving_admin_succeeds_the_owner() {
    team().when(remove("anna", "anna")).then([
        left("anna", "anna"),
        role_changed("anna", "ben", Role::Owner),
    ]);
}

#[test]
fn an_admin_succeeds_before_members_who_have_served_longer() {
    given::<Conversation>([
        group(["anna", "zoe", "ben", "bob"]),
        role_changed("anna", "bob", Role::Admin),
        role_changed("anna", "ben", Role::Admin),
    ])
    .when(remove("anna", "anna"))
    .then([
        left("anna", "anna"),
        role_changed("anna", "ben", Role::Owner),
    ]);
}

#[test]
fn seniority_counts_the_current_membership_not_the_time_as_admin() {
    given::<Conversation>([
        group(["anna", "zoe", "ben"]),
        role_changed("anna", "ben", Role::Admin),
        role_changed("anna", "zoe", Role::Admin),
    ])
    .when(remove("anna", "anna"))
    .then([
        left("anna", "anna"),
        role_changed("anna", "zoe", Role::Owner),
    ]);
}

#[test]
fn without_an_admin_the_longest_serving_member_succeeds() {
    given::<Conversation>([group(["anna", "zoe", "ben"])])
        .when(remove("anna", "anna"))
        .then([
            left("anna", "anna"),
            role_changed("anna", "zoe", Role::Owner),
        ]);
}

#[test]
fn rejoining_resets_seniority() {
    given::<Conversation>([
        group(["anna", "zoe", "ben"]),
        left("zoe", "zoe"),
        joined("anna", "zoe", Role::Member),
    ])
    .when(remove("anna", "anna"))
    .then([
        left("anna", "anna"),
        role_changed("anna", "ben", Role::Owner),
    ]);
}

#[test]
fn the_last_member_leaves_without_a_successor() {
    let empty = given::<Conversation>([group(["anna"])])
        .when(remove("anna", "anna"))
        .then([left("anna", "anna")]);
    assert!(empty.state.exists());
    assert_eq!(empty.state.member_count(), 0);
}

#[test]
fn the_members_of_a_direct_conversation_are_fixed() {
    let pair = || given::<Conversation>([direct("anna", "ben")]);
    pair().when(add("anna", ["cleo"])).then_invalid("users");
    pair().when(add("anna", ["ben"])).then_invalid("users");
    pair()
        .when(add_as("anna", ["ben"], Role::Admin))
        .then_invalid("users");
    pair().when(remove("anna", "anna")).then_invalid("user");
    pair().when(remove("anna", "ben")).then_invalid("user");
    pair().when(remove("cleo", "ben")).then_refused("not_found");
}
