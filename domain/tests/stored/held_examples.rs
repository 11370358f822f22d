//! The expected event of each golden file of a held message.

use domain::body::{MessageBody, MessageType};
use domain::held_id::HeldId;
use domain::ids::{ClientKey, ConversationId};
use domain::mailbox::event::MailboxEvent;
use domain::mailbox::held_event::{HeldMessageRefused, HeldMessageReleased, MessageHeld};

use crate::example_values::{Example, user};

pub fn held() -> Vec<Example<MailboxEvent>> {
    use MailboxEvent as E;
    let held_id = HeldId::parse("h7").unwrap();
    let conversation = ConversationId::parse("oslo").unwrap();
    let held = MessageHeld {
        held_id,
        conversation: conversation.clone(),
        kind: MessageType::Text,
        body: MessageBody::from_text("buy now"),
        reply_to: Some(3),
        thread: Some(2),
        mentions: vec![user("bert")],
        client_message_id: Some(ClientKey::parse("m-9").unwrap()),
        reason: Some("looks like spam".to_owned()),
    };
    let released = HeldMessageReleased {
        held_id,
        conversation: conversation.clone(),
        seq: 12,
        by: user("root"),
    };
    let refused = HeldMessageRefused {
        held_id,
        conversation,
        reason: "content_refused".to_owned(),
        by: user("root"),
    };
    vec![
        ("message_held", 1, E::MessageHeld(held)),
        ("held_message_released", 1, E::HeldMessageReleased(released)),
        ("held_message_refused", 1, E::HeldMessageRefused(refused)),
    ]
}
