//! Restoring recalled messages.

use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, EraseContent, RestoreMessage};
use domain::conversation::event::{ConversationEvent, HistoryVisibility, MessageRestored, Role};
use domain::message::MessageState;

use crate::builders::*;
use crate::given_when_then::{Given, given};

fn restore(by: &str, seq: i64) -> ConversationCommand {
    ConversationCommand::Restore(RestoreMessage {
        seq,
        by: user(by),
        message: None,
    })
}

fn restored(seq: i64, by: &str) -> ConversationEvent {
    ConversationEvent::MessageRestored(MessageRestored { seq, by: user(by) })
}

/// A group with the owner Anna, the admin Ben, and the member Cleo, who has recalled her message 1.
fn team() -> Given<Conversation> {
    given([
        group(["anna", "ben", "cleo"]),
        role_changed("anna", "ben", Role::Admin),
        sent(1, "cleo"),
        reacted(1, "anna", "+1"),
        recalled(1, "cleo"),
    ])
}

#[test]
fn the_owner_and_admins_can_restore() {
    for by in ["anna", "ben"] {
        team().when(restore(by, 1)).then([restored(1, by)]);
    }
    team().when(restore("cleo", 1)).then_refused("forbidden");
    team().when(restore("eve", 1)).then_refused("not_found");
    for seq in [i64::MIN, 0, 2, i64::MAX] {
        team().when(restore("anna", seq)).then_refused("not_found");
    }
}

#[test]
fn nobody_can_restore_in_a_direct_conversation() {
    for by in ["anna", "ben"] {
        given::<Conversation>([direct("anna", "ben"), sent(1, "anna"), recalled(1, "anna")])
            .when(restore(by, 1))
            .then_refused("forbidden");
    }
}

#[test]
fn a_message_that_is_not_recalled_stays_as_it_is() {
    team()
        .and([restored(1, "anna")])
        .when(restore("ben", 1))
        .then_nothing();
}

#[test]
fn a_restored_message_is_as_it_was() {
    let before = team().and([restored(1, "anna")]);
    let message = before.state.recent_message(1).cloned().unwrap();
    let expected = MessageState::fold([sent(1, "cleo"), reacted(1, "anna", "+1")]);
    assert_eq!(Some(message), expected);
    before
        .when(edit("cleo", 1, "better"))
        .then([edited(1, "cleo", "better")])
        .when(recall("cleo", 1))
        .then([recalled(1, "cleo")])
        .when(restore("ben", 1))
        .then([restored(1, "ben")]);
}

#[test]
fn an_erased_message_cannot_be_restored() {
    let erase = ConversationCommand::Erase(EraseContent {
        seqs: vec![1],
        title: false,
        by: user("operator"),
    });
    team()
        .when(erase)
        .then_accepted()
        .when(restore("anna", 1))
        .then_refused("erased");
}

#[test]
fn a_message_that_the_caller_cannot_see_is_not_found() {
    given::<Conversation>([
        group(["anna", "ben"]),
        sent(1, "anna"),
        recalled(1, "anna"),
        changed("anna", None, HistoryVisibility::SinceJoin),
        joined("anna", "dora", Role::Admin),
    ])
    .when(restore("dora", 1))
    .then_refused("not_found");
}
