//! Consent to direct conversations and groups, and invitations.

use std::collections::BTreeSet;

use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, InvitationCommand};
use domain::conversation::event::{
    ConversationEvent, ConversationKind, InvitationEnded, InvitationOutcome, Invited, Role,
};
use domain::conversation::invitation_command::{AcceptInvitation, WithdrawInvitation};

use crate::builders::*;
use crate::given_when_then::{Given, given};

fn invitation(command: InvitationCommand) -> ConversationCommand {
    ConversationCommand::Invitation(command)
}

fn to_ask<const N: usize>(names: [&str; N]) -> BTreeSet<domain::ids::UserId> {
    users(names).into_iter().collect()
}

/// The command with which `by` adds these users, of whom some must be asked.
fn add<const N: usize, const M: usize>(
    by: &str,
    names: [&str; N],
    asked: [&str; M],
) -> ConversationCommand {
    let ConversationCommand::AddMembers(add) = crate::builders::add(by, names) else {
        panic!("it adds members");
    };
    invitation(InvitationCommand::AddMembers(add, to_ask(asked)))
}

fn accept(name: &str) -> ConversationCommand {
    invitation(InvitationCommand::Accept(AcceptInvitation {
        user: user(name),
        blocks_inviter: false,
        now: noon(),
    }))
}

fn decline(name: &str) -> ConversationCommand {
    invitation(InvitationCommand::Decline(user(name)))
}

fn withdraw(by: &str, name: &str) -> ConversationCommand {
    invitation(InvitationCommand::Withdraw(WithdrawInvitation {
        user: user(name),
        by: user(by),
    }))
}

fn invited(name: &str, by: &str) -> ConversationEvent {
    ConversationEvent::Invited(Invited {
        user: user(name),
        role: Role::Member,
        by: user(by),
    })
}

fn ended(name: &str, outcome: InvitationOutcome, by: &str) -> ConversationEvent {
    ConversationEvent::InvitationEnded(InvitationEnded {
        user: user(name),
        outcome,
        by: user(by),
        invited_by: user("anna"),
    })
}

/// A group of anna and ben, with an invitation of cleo by anna.
fn with_invitation() -> Given<Conversation> {
    given::<Conversation>([group(["anna", "ben"]), invited("cleo", "anna")])
}

#[test]
fn a_direct_conversation_begins_only_with_consent() {
    let direct = create_with(ConversationKind::Direct, "anna", users(["ben"]));
    let create = |asked| invitation(InvitationCommand::Create(direct.clone(), asked));
    given::<Conversation>([])
        .when(create(to_ask(["ben"])))
        .then_refused("not_a_contact");
    // One that exists continues, whatever the other user decides later.
    given::<Conversation>([])
        .when(create(to_ask([])))
        .then_accepted()
        .when(create(to_ask(["ben"])))
        .then_nothing();
}

#[test]
fn a_block_counts_before_consent() {
    let mut direct = create_with(ConversationKind::Direct, "anna", users(["ben"]));
    direct.blocked = true;
    given::<Conversation>([])
        .when(invitation(InvitationCommand::Create(
            direct,
            to_ask(["ben"]),
        )))
        .then_refused("blocked");
}

#[test]
fn those_who_must_be_asked_are_invited_to_a_new_group() {
    let request = create_with(ConversationKind::Group, "anna", users(["ben", "cleo"]));
    let create = InvitationCommand::Create(request, to_ask(["cleo"]));
    let created = given::<Conversation>([])
        .when(invitation(create))
        .then([group(["anna", "ben"]), invited("cleo", "anna")]);
    assert!(!created.state.is_member(&user("cleo")));
    assert_eq!(created.state.inviter_of(&user("cleo")), Some(&user("anna")));
}

#[test]
fn those_who_must_be_asked_are_invited_once() {
    given::<Conversation>([group(["anna", "ben"])])
        .when(add("anna", ["ben", "cleo", "dora"], ["ben", "cleo"]))
        .then([
            joined("anna", "dora", Role::Member),
            invited("cleo", "anna"),
        ])
        .when(add("anna", ["cleo"], ["cleo"]))
        .then_nothing();
    given::<Conversation>([group(["anna", "ben"])])
        .when(add("ben", ["cleo"], ["cleo"]))
        .then_refused("forbidden");
    given::<Conversation>([group(["anna", "ben"])])
        .when(add("zoe", ["cleo"], ["cleo"]))
        .then_refused("not_found");
}

#[test]
fn an_invited_user_joins_or_declines() {
    let outcome = with_invitation()
        .when(accept("cleo"))
        .then([
            ended("cleo", InvitationOutcome::Joined, "cleo"),
            joined("cleo", "cleo", Role::Member),
        ])
        .when(accept("cleo"))
        .then_nothing();
    assert!(outcome.state.inviter_of(&user("cleo")).is_none());
    with_invitation()
        .when(decline("cleo"))
        .then([ended("cleo", InvitationOutcome::Declined, "cleo")])
        .when(decline("cleo"))
        .then_nothing()
        .when(accept("cleo"))
        .then_refused("not_found");
    with_invitation()
        .when(accept("zoe"))
        .then_refused("not_found");
    given::<Conversation>([])
        .when(accept("zoe"))
        .then_refused("not_found");
}

#[test]
fn the_invitation_of_a_blocked_user_does_not_exist() {
    let accept = AcceptInvitation {
        user: user("cleo"),
        blocks_inviter: true,
        now: noon(),
    };
    with_invitation()
        .when(invitation(InvitationCommand::Accept(accept)))
        .then_refused("not_found");
}

#[test]
fn the_owner_and_admins_withdraw_invitations() {
    with_invitation()
        .when(withdraw("anna", "cleo"))
        .then([ended("cleo", InvitationOutcome::Withdrawn, "anna")])
        .when(withdraw("anna", "cleo"))
        .then_nothing();
    with_invitation()
        .when(withdraw("ben", "cleo"))
        .then_refused("forbidden");
    with_invitation()
        .when(withdraw("cleo", "cleo"))
        .then_refused("not_found");
}

#[test]
fn adding_an_invited_user_who_need_not_be_asked_any_more_ends_the_invitation() {
    with_invitation().when(add("anna", ["cleo"], [])).then([
        ended("cleo", InvitationOutcome::Joined, "anna"),
        joined("anna", "cleo", Role::Member),
    ]);
    // However a user joins, the invitation is over.
    let state = with_invitation()
        .and([joined("anna", "cleo", Role::Member)])
        .state;
    assert!(state.inviter_of(&user("cleo")).is_none());
}

#[test]
fn who_joins_a_group_without_members_owns_it() {
    with_invitation()
        .and([left("ben", "ben"), left("anna", "anna")])
        .when(accept("cleo"))
        .then([
            ended("cleo", InvitationOutcome::Joined, "cleo"),
            joined("cleo", "cleo", Role::Owner),
        ]);
}

#[test]
fn invitations_and_the_groups_they_lead_to_are_limited() {
    with_invitation()
        .with_limits(|limits| limits.invitations = 1)
        .when(add("anna", ["dora"], ["dora"]))
        .then_over_limit("users", 1);
    with_invitation()
        .with_limits(|limits| limits.group_members = 2)
        .when(accept("cleo"))
        .then_over_limit("invitation", 2);
    with_invitation()
        .with_limits(|limits| limits.users_per_command = 1)
        .when(add("anna", ["dora", "emil"], ["dora"]))
        .then_over_limit("users", 1);
}
