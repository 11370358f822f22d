//! What moderators do about messages, in cases.

use domain::conversation::Conversation;
use domain::conversation::command::{
    ConversationCommand, EraseContent, MessageAct, ModerateMessage,
};
use domain::conversation::event::{ConversationEvent, MessageRestored, Role};

use crate::builders::*;
use crate::given_when_then::{Given, given};

fn moderate(by: &str, by_moderator: bool, act: MessageAct) -> ConversationCommand {
    ConversationCommand::Moderate(ModerateMessage {
        seq: 1,
        act,
        by: user(by),
        by_moderator,
        message: None,
    })
}

fn recall(by: &str, by_moderator: bool) -> ConversationCommand {
    moderate(by, by_moderator, MessageAct::Recall)
}

fn undo(by: &str, recalled_by: &str) -> ConversationCommand {
    let recalled_by = user(recalled_by);
    moderate(by, true, MessageAct::UndoRecall { recalled_by })
}

fn restored(by: &str) -> ConversationEvent {
    ConversationEvent::MessageRestored(MessageRestored {
        seq: 1,
        by: user(by),
    })
}

/// A group with the owner Anna, the admin Ben, and the member Cleo, who has sent message 1.
fn team() -> Given<Conversation> {
    given([
        group(["anna", "ben", "cleo"]),
        role_changed("anna", "ben", Role::Admin),
        sent(1, "cleo"),
    ])
}

#[test]
fn a_moderator_recalls_a_message_without_being_a_member() {
    team()
        .when(recall("mo", true))
        .then([recalled(1, "mo")])
        .when(recall("mo", true))
        .then_nothing();
    given::<Conversation>([direct("anna", "ben"), sent(1, "anna")])
        .when(recall("mo", true))
        .then([recalled(1, "mo")]);
}

#[test]
fn without_the_scope_only_the_owner_and_admins_can() {
    for by in ["anna", "ben"] {
        team().when(recall(by, false)).then([recalled(1, by)]);
    }
    team().when(recall("cleo", false)).then_refused("forbidden");
    team().when(recall("mo", false)).then_refused("not_found");
}

#[test]
fn a_message_that_does_not_exist_is_not_found() {
    given::<Conversation>([group(["anna"])])
        .when(recall("mo", true))
        .then_refused("not_found");
    given::<Conversation>([])
        .when(recall("mo", true))
        .then_refused("not_found");
}

#[test]
fn undoing_restores_only_what_the_same_user_recalled() {
    team()
        .and([recalled(1, "mo")])
        .when(undo("root", "mo"))
        .then([restored("root")])
        .when(undo("root", "mo"))
        .then_nothing();
    team()
        .and([recalled(1, "cleo")])
        .when(undo("root", "mo"))
        .then_nothing();
    team().when(undo("root", "mo")).then_nothing();
}

#[test]
fn an_erased_message_stays_recalled() {
    let erase = ConversationCommand::Erase(EraseContent {
        seqs: vec![1],
        title: false,
        by: user("root"),
    });
    team()
        .and([recalled(1, "mo")])
        .when(erase)
        .then_accepted()
        .when(undo("root", "mo"))
        .then_nothing();
}
