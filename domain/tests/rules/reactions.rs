//! Adding and removing reactions.

use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, React};
use domain::message::MessageState;
use domain::refusal::Kind;

use crate::language::{Given, given};
use crate::words::*;

fn told() -> Given<Conversation> {
    given([group(["anna", "ben", "cleo"]), sent(1, "ben")])
}

#[test]
fn a_member_can_react_once_with_each_key() {
    told()
        .when(react("anna", 1, "+1"))
        .then([reacted(1, "anna", "+1")])
        .when(react("anna", 1, "+1"))
        .then_nothing()
        .when(react("anna", 1, "🎉"))
        .then([reacted(1, "anna", "🎉")])
        .when(react("ben", 1, "+1"))
        .then([reacted(1, "ben", "+1")]);
    told()
        .when(react("stranger", 1, "+1"))
        .then_refused("not_found");
}

#[test]
fn only_the_user_who_reacted_can_remove_the_reaction() {
    told()
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
    told()
        .when(unreact("stranger", 1, "+1"))
        .then_refused("not_found");
}

#[test]
fn a_recalled_message_accepts_no_reactions() {
    let gone = || told().and([reacted(1, "anna", "+1"), recalled(1, "ben")]);
    for key in ["+1", "-1"] {
        let refusal = gone().when(react("anna", 1, key)).refusal();
        assert_eq!((refusal.kind, refusal.code), (Kind::Invalid, "recalled"));
    }
    gone()
        .when(unreact("anna", 1, "+1"))
        .then([unreacted(1, "anna", "+1")]);
}

#[test]
fn the_number_of_reaction_keys_is_limited() {
    let full = || {
        told()
            .under(|limits| limits.reaction_keys = 2)
            .and([reacted(1, "anna", "a"), reacted(1, "ben", "b")])
    };
    full().when(react("cleo", 1, "c")).then_over_limit("key", 2);
    full().when(react("cleo", 1, "a")).then_done();
    full()
        .when(unreact("ben", 1, "b"))
        .then_done()
        .when(react("cleo", 1, "c"))
        .then_done();
}

#[test]
fn an_old_message_comes_from_the_lookup() {
    let long = || told().and(sent_all(2, 300, "ben"));
    let message = MessageState::fold([sent(1, "ben"), reacted(1, "anna", "+1")]);
    let with = |by, key| React {
        message: message.clone(),
        ..reacting(by, 1, key)
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
