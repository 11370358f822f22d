//! Permanently erasing content.

use domain::body::{MessageBody, MessageType};
use domain::conversation::Conversation;
use domain::conversation::command::{
    ConversationCommand, EditMessage, EraseContent, UpdateReaction,
};
use domain::conversation::event::{
    ConversationEvent, HistoryVisibility, MessageErased, TitleErased,
};
use domain::mailbox::Mailbox;
use domain::mailbox::command::MailboxCommand;
use domain::mailbox::event::{MailboxEvent, NotesErased};

use crate::builders::*;
use crate::given_when_then::{Given, given};

fn group_of_two() -> Given<Conversation> {
    given([
        group(["anna", "ben"]),
        changed("anna", Some("plans"), HistoryVisibility::All),
        sent(1, "anna"),
        sent(2, "ben"),
    ])
}

fn erase(seqs: &[i64], title: bool) -> ConversationCommand {
    ConversationCommand::Erase(EraseContent {
        seqs: seqs.to_vec(),
        title,
        by: user("operator"),
    })
}

fn erased(seq: i64) -> ConversationEvent {
    ConversationEvent::MessageErased(MessageErased {
        seq,
        by: user("operator"),
    })
}

fn title_erased() -> ConversationEvent {
    ConversationEvent::TitleErased(TitleErased {
        by: user("operator"),
    })
}

#[test]
fn an_operator_can_erase_without_being_a_member() {
    group_of_two()
        .when(erase(&[1, 2], true))
        .then([erased(1), erased(2), title_erased()]);
}

#[test]
fn erased_content_is_not_erased_again() {
    group_of_two()
        .and([erased(1), title_erased()])
        .when(erase(&[1, 2], true))
        .then([erased(2)]);
}

#[test]
fn a_title_set_after_an_erasure_can_be_erased() {
    group_of_two()
        .and([
            title_erased(),
            changed("anna", Some("more"), HistoryVisibility::All),
        ])
        .when(erase(&[], true))
        .then([title_erased()]);
}

#[test]
fn a_recalled_message_still_has_content_to_erase() {
    group_of_two()
        .and([recalled(1, "anna")])
        .when(erase(&[1], false))
        .then([erased(1)]);
}

#[test]
fn missing_messages_and_conversations_cannot_be_erased() {
    for seq in [0, -1, 3] {
        group_of_two()
            .when(erase(&[seq], false))
            .then_refused("not_found");
    }
    given::<Conversation>([])
        .when(erase(&[], true))
        .then_refused("not_found");
}

#[test]
fn users_see_an_erased_message_as_recalled() {
    let edit = ConversationCommand::Edit(EditMessage {
        seq: 1,
        body: serde_json::json!({ "text": "hello again" }),
        by: user("anna"),
        now: noon(),
        message: None,
    });
    let react = ConversationCommand::React(UpdateReaction {
        seq: 1,
        key: key("+1"),
        by: user("ben"),
        now: noon(),
        message: None,
    });
    for command in [edit, react] {
        group_of_two()
            .and([erased(1)])
            .when(command)
            .then_refused("recalled");
    }
}

#[test]
fn no_erased_content_remains_in_the_state() {
    let state = group_of_two().and([erased(1), title_erased()]).state;
    assert_eq!(
        state.recent_message(1).map(|message| message.body_digest),
        Some(0)
    );
    let json = serde_json::to_string(&state).unwrap();
    assert!(!json.contains("plans"), "{json}");
}

#[test]
fn an_event_without_its_content_keeps_its_schema() {
    let mut message = message(7, "anna");
    message.mentions = vec![user("ben")];
    message.reply_to = Some(3);
    let whole = ConversationEvent::MessageSent(message.clone());
    message.mentions = vec![];
    message.body = MessageBody::erased_placeholder();
    message.client_message_id = None;
    let redacted = ConversationEvent::MessageSent(message);
    assert_eq!(whole.without_content(), Some(redacted.clone()));
    assert_eq!(redacted.clone().without_content(), Some(redacted));
    assert_eq!(
        changed("anna", Some("plans"), HistoryVisibility::All).without_content(),
        Some(changed("anna", None, HistoryVisibility::All))
    );
    assert_eq!(recalled(1, "anna").without_content(), None);
    // A user cannot send a text message that looks like an erased one.
    let body: serde_json::Value =
        serde_json::from_str(MessageBody::erased_placeholder().as_json()).unwrap();
    assert!(
        MessageBody::parse(MessageType::Text, &body, &domain::limits::Limits::default()).is_err()
    );
}

#[test]
fn the_notes_of_a_user_are_erased_wherever_they_are() {
    let by = user("root");
    given::<Mailbox>([])
        .when(MailboxCommand::EraseNotes(by.clone()))
        .then([MailboxEvent::NotesErased(NotesErased { by })]);
}
