//! Pinning and unpinning messages.

use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, EraseContent, UpdatePin};
use domain::conversation::event::{ConversationEvent, MessageErased, MessagePin, Role};

use crate::builders::*;
use crate::given_when_then::{Given, given};

fn update(by: &str, seq: i64) -> UpdatePin {
    UpdatePin {
        seq,
        by: user(by),
        message: None,
    }
}

fn pin(by: &str, seq: i64) -> ConversationCommand {
    ConversationCommand::Pin(update(by, seq))
}

fn unpin(by: &str, seq: i64) -> ConversationCommand {
    ConversationCommand::Unpin(update(by, seq))
}

fn pinned(seq: i64, by: &str) -> ConversationEvent {
    ConversationEvent::MessagePinned(MessagePin { seq, by: user(by) })
}

fn unpinned(seq: i64, by: &str) -> ConversationEvent {
    ConversationEvent::MessageUnpinned(MessagePin { seq, by: user(by) })
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
fn in_a_group_the_owner_and_admins_pin() {
    for by in ["anna", "ben"] {
        team()
            .when(pin(by, 1))
            .then([pinned(1, by)])
            .when(pin("anna", 1))
            .then_nothing()
            .when(unpin(by, 1))
            .then([unpinned(1, by)])
            .when(unpin(by, 1))
            .then_nothing();
    }
    for command in [pin("cleo", 1), unpin("cleo", 1)] {
        team().when(command).then_refused("forbidden");
    }
    for command in [
        pin("eve", 1),
        unpin("eve", 1),
        pin("anna", 2),
        unpin("anna", 0),
    ] {
        team().when(command).then_refused("not_found");
    }
}

#[test]
fn in_a_direct_conversation_both_members_pin() {
    for by in ["anna", "ben"] {
        given::<Conversation>([direct("anna", "ben"), sent(1, "anna")])
            .when(pin(by, 1))
            .then([pinned(1, by)]);
    }
}

#[test]
fn a_recalled_message_is_unpinned_and_cannot_be_pinned() {
    team()
        .and([pinned(1, "anna")])
        .when(recall("cleo", 1))
        .then([recalled(1, "cleo"), unpinned(1, "cleo")])
        .when(pin("anna", 1))
        .then_refused("recalled");
}

#[test]
fn an_erased_message_is_unpinned() {
    let erased = ConversationEvent::MessageErased(MessageErased {
        seq: 1,
        by: user("operator"),
    });
    let erase = ConversationCommand::Erase(EraseContent {
        seqs: vec![1],
        title: false,
        by: user("operator"),
    });
    team()
        .and([pinned(1, "anna")])
        .when(erase)
        .then([erased, unpinned(1, "operator")]);
}

#[test]
fn at_most_a_hundred_messages_are_pinned() {
    let full = || {
        let many = (2..=101).flat_map(|seq| [sent(seq, "anna"), pinned(seq, "anna")]);
        team().and(many)
    };
    full().when(pin("anna", 1)).then_refused("invalid");
    full().when(pin("anna", 2)).then_nothing();
    full()
        .when(unpin("anna", 2))
        .then([unpinned(2, "anna")])
        .when(pin("anna", 1))
        .then([pinned(1, "anna")]);
}
