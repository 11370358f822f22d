//! Joining: by id, by a request, and by a link.

use domain::conversation::Conversation;
use domain::conversation::access_command::{AccessCommand, CreateLink};
use domain::conversation::event::{ConversationEvent, Role};
use domain::conversation::settings::{ConversationPolicy, JoinPolicy};

use crate::builders::*;
use crate::given_when_then::{Given, given};

fn conversation<const N: usize>(events: [ConversationEvent; N]) -> Given<Conversation> {
    given(events)
}

/// A group with the owner Anna, the admin Ben and the member Cleo.
fn team(join: JoinPolicy) -> Given<Conversation> {
    let policy = ConversationPolicy {
        join,
        ..ConversationPolicy::default()
    };
    given([
        group(["anna", "ben", "cleo"]),
        role_changed("anna", "ben", Role::Admin),
        policy_changed("anna", policy),
    ])
}

#[test]
fn anyone_joins_an_open_group() {
    team(JoinPolicy::Open)
        .when(join("zoe", None))
        .then([joined("zoe", "zoe", Role::Member)]);
    team(JoinPolicy::Open)
        .and([left("cleo", "cleo")])
        .when(join("cleo", None))
        .then_accepted();
    // A member has joined, whatever the policy is.
    for policy in [JoinPolicy::Added, JoinPolicy::Asked, JoinPolicy::Open] {
        team(policy).when(join("cleo", None)).then_nothing();
    }
}

#[test]
fn a_group_that_users_cannot_join_does_not_exist_for_others() {
    team(JoinPolicy::Added)
        .when(join("zoe", None))
        .then_refused("not_found");
    team(JoinPolicy::Added)
        .and([banned("anna", "zoe", None)])
        .when(join("zoe", None))
        .then_refused("not_found");
    conversation([direct("anna", "ben")])
        .when(join("zoe", None))
        .then_refused("not_found");
    conversation([])
        .when(join("zoe", None))
        .then_refused("not_found");
}

#[test]
fn a_banned_user_cannot_join() {
    for policy in [JoinPolicy::Asked, JoinPolicy::Open] {
        team(policy)
            .and([banned("anna", "zoe", None)])
            .when(join("zoe", None))
            .then_refused("banned");
        team(policy)
            .and([banned("anna", "zoe", None), unbanned("anna", "zoe")])
            .when(join("zoe", None))
            .then_accepted();
    }
    team(JoinPolicy::Added)
        .and([
            link_created("anna", 1, None, None),
            banned("anna", "zoe", None),
        ])
        .when(join_by_link("zoe", 1))
        .then_refused("banned");
}

#[test]
fn the_first_user_in_an_empty_group_becomes_its_owner() {
    team(JoinPolicy::Open)
        .and([
            left("cleo", "cleo"),
            left("ben", "ben"),
            left("anna", "anna"),
        ])
        .when(join("zoe", None))
        .then([joined("zoe", "zoe", Role::Owner)]);
}

#[test]
fn a_request_waits_until_it_is_admitted_or_declined() {
    let asked = || team(JoinPolicy::Asked).and([join_requested("zoe", Some("hi"))]);
    team(JoinPolicy::Asked)
        .when(join("zoe", Some("hi")))
        .then([join_requested("zoe", Some("hi"))]);
    asked().when(join("zoe", Some("hi"))).then_nothing();
    asked()
        .when(join("zoe", None))
        .then([join_requested("zoe", None)]);
    for by in ["anna", "ben"] {
        asked()
            .when(admit(by, "zoe"))
            .then([joined(by, "zoe", Role::Member)]);
        asked()
            .when(decline(by, "zoe"))
            .then([join_declined(by, "zoe")]);
    }
    for command in [admit("cleo", "zoe"), decline("cleo", "zoe")] {
        asked().when(command).then_refused("forbidden");
    }
    for command in [
        admit("zoe", "zoe"),
        admit("eve", "zoe"),
        decline("eve", "zoe"),
    ] {
        asked().when(command).then_refused("not_found");
    }
    asked()
        .when(decline("zoe", "zoe"))
        .then([join_declined("zoe", "zoe")]);
}

#[test]
fn a_request_is_answered_once() {
    let asked = || team(JoinPolicy::Asked).and([join_requested("zoe", None)]);
    asked()
        .and([joined("anna", "zoe", Role::Member)])
        .when(admit("anna", "zoe"))
        .then_nothing();
    let declined = || asked().and([join_declined("anna", "zoe")]);
    declined()
        .when(admit("anna", "zoe"))
        .then_refused("not_found");
    declined().when(decline("anna", "zoe")).then_nothing();
    declined()
        .when(decline("zoe", "zoe"))
        .then_refused("not_found");
    // Leaving does not bring the request back.
    asked()
        .and([joined("anna", "zoe", Role::Member), left("zoe", "zoe")])
        .when(admit("anna", "zoe"))
        .then_refused("not_found");
    asked()
        .and([banned("anna", "zoe", None)])
        .when(admit("anna", "zoe"))
        .then_refused("not_found");
}

#[test]
fn the_number_of_requests_and_of_members_is_limited() {
    let full = || {
        team(JoinPolicy::Asked)
            .and([join_requested("zoe", None)])
            .with_limits(|limits| limits.join_requests = 1)
    };
    full()
        .when(join("eve", None))
        .then_refused("too_many_join_requests");
    full().when(join("zoe", Some("please"))).then_accepted();
    let small = || team(JoinPolicy::Open).with_limits(|limits| limits.group_members = 3);
    small().when(join("zoe", None)).then_refused("invalid");
    small()
        .and([link_created("anna", 1, None, None)])
        .when(join_by_link("zoe", 1))
        .then_refused("invalid");
}

#[test]
fn links_are_made_and_ended_by_the_owner_and_admins() {
    for by in ["anna", "ben"] {
        team(JoinPolicy::Added)
            .when(create_link(by, 1))
            .then([link_created(by, 1, None, None)]);
        team(JoinPolicy::Added)
            .and([link_created("anna", 1, None, None)])
            .when(end_link(by, 1))
            .then([link_ended(by, 1)]);
    }
    for (by, code) in [("cleo", "forbidden"), ("eve", "not_found")] {
        for command in [create_link(by, 1), end_link(by, 1)] {
            team(JoinPolicy::Added).when(command).then_refused(code);
        }
    }
    team(JoinPolicy::Added)
        .when(end_link("anna", 1))
        .then_nothing();
    conversation([direct("anna", "ben")])
        .when(create_link("anna", 1))
        .then_refused("invalid");
}

#[test]
fn a_link_works_until_it_is_used_up_expires_or_is_ended() {
    let with_link = |max_uses, expires_at| {
        team(JoinPolicy::Added).and([link_created("anna", 1, max_uses, expires_at)])
    };
    with_link(None, None)
        .when(join_by_link("zoe", 1))
        .then([joined_by_link("zoe", 1)]);
    with_link(Some(1), None)
        .when(join_by_link("zoe", 1))
        .then_accepted();
    with_link(Some(1), None)
        .and([joined_by_link("zoe", 1)])
        .when(join_by_link("eve", 1))
        .then_refused("not_found");
    // A use is not given back, and joining in another way is no use.
    with_link(Some(1), None)
        .and([joined_by_link("zoe", 1), left("zoe", "zoe")])
        .when(join_by_link("eve", 1))
        .then_refused("not_found");
    with_link(Some(1), None)
        .and([joined("anna", "zoe", Role::Member)])
        .when(join_by_link("eve", 1))
        .then_accepted();
    with_link(None, Some(noon()))
        .when(join_by_link("zoe", 1))
        .then_refused("not_found");
    with_link(None, Some(noon_plus(1)))
        .when(join_by_link("zoe", 1))
        .then_accepted();
    with_link(None, None)
        .and([link_ended("anna", 1)])
        .when(join_by_link("zoe", 1))
        .then_refused("not_found");
    with_link(None, None)
        .when(join_by_link("zoe", 2))
        .then_refused("not_found");
    with_link(None, None)
        .when(join_by_link("cleo", 1))
        .then_nothing();
}

#[test]
fn the_number_of_links_is_limited_and_those_that_are_over_make_room() {
    let create = |number| {
        access(AccessCommand::CreateLink(CreateLink {
            link: link_id(number),
            max_uses: Some(1),
            expires_at: None,
            by: user("anna"),
            now: noon(),
        }))
    };
    let full = || {
        team(JoinPolicy::Added)
            .and([
                link_created("anna", 1, Some(1), None),
                link_created("anna", 2, None, None),
            ])
            .with_limits(|limits| limits.links = 2)
    };
    full().when(create(3)).then_refused("too_many_links");
    full()
        .and([joined_by_link("zoe", 1)])
        .when(create(3))
        .then([
            link_ended("anna", 1),
            link_created("anna", 3, Some(1), None),
        ]);
}
