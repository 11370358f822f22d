//! Adding and removing reactions.

use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, UpdateReaction};
use domain::message::MessageState;
use domain::refusal::RefusalKind;

use crate::builders::*;
use crate::given_when_then::{Given, given};

fn group_with_message() -> Given<Conversation> {
    given([group(["anna", "ben", "cleo"]), sent(1, "ben")])
}

#[test]
fn a_member_can_react_once_with_each_key() {
    group_with_message()
        .when(react("anna", 1, "+1"))
        .then([reacted(1, "anna", "+1")])
        .when(react("anna", 1, "+1"))
        .then_nothing()
        .when(react("anna", 1, "🎉"))
        .then([reacted(1, "anna", "🎉")])
        .when(react("ben", 1, "+1"))
        .then([reacted(1, "ben", "+1")]);
    group_with_message()
        .when(react("stranger", 1, "+1"))
        .then_refused("not_found");
}

#[test]
fn only_the_user_who_reacted_can_remove_the_reaction() {
    group_with_message()
        .and([reacted(1, "anna", "+1"), reacted(1, "ben", "+1")])
        .when(unreact("anna", 1, "+1"))
        .then([unreacted(1, "anna", "+1")])
        .when(unreact("anna", 1, "+1"))
        .then_nothing()
        .when(unreact("cleo", 1, "+1"))
        .then_nothing()
        .when(unreact("ben", 1, "-1"))
        .then_nothing()
        .when(unreact("ben", 1, "+1"))
        .then([unreacted(1, "ben", "+1")]);
    group_with_message()
        .when(unreact("stranger", 1, "+1"))
        .then_refused("not_found");
}

#[test]
fn a_recalled_message_accepts_no_reactions() {
    let gone = || group_with_message().and([reacted(1, "anna", "+1"), recalled(1, "ben")]);
    for key in ["+1", "-1"] {
        let refusal = gone().when(react("anna", 1, key)).into_refusal();
        assert_eq!(
            (refusal.kind, refusal.code),
            (RefusalKind::Invalid, "recalled")
        );
    }
    gone()
        .when(unreact("anna", 1, "+1"))
        .then([unreacted(1, "anna", "+1")]);
}

#[test]
fn the_number_of_reaction_keys_is_limited() {
    let full = || {
        group_with_message()
            .with_limits(|limits| limits.reaction_keys = 2)
            .and([reacted(1, "anna", "a"), reacted(1, "ben", "b")])
    };
    full().when(react("cleo", 1, "c")).then_over_limit("key", 2);
    full().when(react("cleo", 1, "a")).then_accepted();
    full()
        .when(unreact("ben", 1, "b"))
        .then_accepted()
        .when(react("cleo", 1, "c"))
        .then_accepted();
}

#[test]
fn an_old_message_comes_from_the_lookup() {
    let long = || group_with_message().and(sent_all(2, 300, "ben"));
    let message = MessageState::fold([sent(1, "ben"), reacted(1, "anna", "+1")]);
    let with = |by, key| UpdateReaction {
        message: message.clone(),
        ..react_by(by, 1, key)
    };
    long()
        .when(ConversationCommand::React(with("anna", "+1")))
        .then_nothing();
    long()
        .when(ConversationCommand::React(with("cleo", "+1")))
        .then([reacted(1, "cleo", "+1")]);
    long()
        .when(ConversationCommand::Unreact(with("anna", "+1")))
        .then([unreacted(1, "anna", "+1")]);
    long()
        .when(ConversationCommand::Unreact(with("cleo", "+1")))
        .then_nothing();
}
