//! The expected event of each golden file of a mailbox.

use domain::body::{MessageBody, MessageType};
use domain::ids::{ClientKey, ConversationId, DeviceId};
use domain::mailbox::event::{
    BlockedUser, ClearedHistory, ContactAdded, ContactRemoved, ContactRequested, DeviceAcked,
    FollowedThread, MailboxEvent, MessageScheduled, NotesErased, PreferencesChanged, ReadMark,
    ScheduledMessageCancelled, ScheduledMessageChanged, ScheduledMessageFailed,
    ScheduledMessageSent, ThreadReadMark,
};
use domain::mailbox::push_event::{
    DeviceRemoved, PushDropCause, PushDropped, PushProvider, PushRegistered, RegistrationDigest,
};
use domain::texts::ContactNote;

use crate::example_values::{Example, time, user};

pub fn mailbox() -> Vec<Example<MailboxEvent>> {
    let mut examples = own_view_events();
    examples.extend(contact_events());
    examples.extend(thread_events());
    examples.extend(scheduled_events());
    examples.extend(push_events());
    let by = user("anna");
    examples.push((
        "notes_erased",
        1,
        MailboxEvent::NotesErased(NotesErased { by }),
    ));
    examples
}

/// The events of devices and their pushes.
fn push_events() -> Vec<Example<MailboxEvent>> {
    use MailboxEvent as E;
    let device = DeviceId::parse("phone").unwrap();
    let digest = "5f3a9c21".repeat(8);
    vec![
        (
            "push_registered",
            1,
            E::PushRegistered(PushRegistered {
                device: device.clone(),
                provider: PushProvider::Webpush,
                digest: RegistrationDigest::parse(&digest).unwrap(),
                preview: true,
            }),
        ),
        (
            "push_dropped",
            1,
            E::PushDropped(PushDropped {
                device: device.clone(),
                cause: PushDropCause::Gone,
            }),
        ),
        (
            "device_removed",
            1,
            E::DeviceRemoved(DeviceRemoved { device }),
        ),
    ]
}

/// The events that change only what the user sees of their conversations.
fn own_view_events() -> Vec<Example<MailboxEvent>> {
    use MailboxEvent as E;
    let acked = |previous| {
        let device = DeviceId::parse("phone").unwrap();
        E::DeviceAcked(DeviceAcked {
            device,
            cursor: 120,
            previous,
        })
    };
    let mark = |read_seq| ReadMark {
        conversation: ConversationId::parse("room").unwrap(),
        read_seq,
        head_seq: 9,
        stay: 2,
    };
    let preferences = PreferencesChanged {
        conversation: ConversationId::parse("d_0123456789abcdef0123456789abcdef").unwrap(),
        muted: true,
        pinned: false,
        archived: true,
        mentions: true,
        stay: 1,
    };
    let without_mentions = PreferencesChanged {
        mentions: false,
        ..preferences.clone()
    };
    let zoe = || BlockedUser {
        user: user("zoë@example.org"),
    };
    vec![
        ("device_acked", 1, acked(0)),
        ("device_acked", 2, acked(80)),
        ("conversation_read", 1, E::ConversationRead(mark(7))),
        (
            "conversation_marked_unread",
            1,
            E::ConversationMarkedUnread(mark(4)),
        ),
        ("preferences_changed", 1, E::PreferencesChanged(preferences)),
        (
            "preferences_changed",
            2,
            E::PreferencesChanged(without_mentions),
        ),
        ("user_blocked", 1, E::UserBlocked(zoe())),
        ("user_unblocked", 1, E::UserUnblocked(zoe())),
        (
            "conversation_cleared",
            1,
            E::ConversationCleared(ClearedHistory {
                conversation: room(),
                up_to: 9,
            }),
        ),
    ]
}

fn contact_events() -> Vec<Example<MailboxEvent>> {
    use MailboxEvent as E;
    let zoe = || user("zoë@example.org");
    vec![
        (
            "contact_requested",
            1,
            E::ContactRequested(ContactRequested {
                user: zoe(),
                note: Some(ContactNote::parse("hi Zoë").unwrap()),
                number: 3,
            }),
        ),
        (
            "contact_added",
            1,
            E::ContactAdded(ContactAdded {
                user: zoe(),
                number: 4,
            }),
        ),
        (
            "contact_removed",
            1,
            E::ContactRemoved(ContactRemoved {
                user: zoe(),
                number: Some(5),
            }),
        ),
    ]
}

fn room() -> ConversationId {
    ConversationId::parse("room").unwrap()
}

fn thread_events() -> Vec<Example<MailboxEvent>> {
    use MailboxEvent as E;
    let thread = || FollowedThread {
        conversation: room(),
        root: 3,
        head_seq: 9,
    };
    vec![
        ("thread_followed", 1, E::ThreadFollowed(thread())),
        ("thread_unfollowed", 1, E::ThreadUnfollowed(thread())),
        (
            "thread_read",
            1,
            E::ThreadRead(ThreadReadMark {
                conversation: ConversationId::parse("room").unwrap(),
                root: 3,
                read_seq: 7,
            }),
        ),
    ]
}

fn scheduled_events() -> Vec<Example<MailboxEvent>> {
    use MailboxEvent as E;
    vec![
        (
            "message_scheduled",
            1,
            E::MessageScheduled(MessageScheduled {
                number: 4,
                conversation: room(),
                kind: MessageType::Text,
                body: MessageBody::from_text("happy birthday"),
                reply_to: Some(3),
                mentions: vec![user("ben")],
                thread: Some(2),
                client_message_id: Some(ClientKey::parse("7f3c-2").unwrap()),
                send_at: time("2026-11-01T09:30:00.250Z"),
            }),
        ),
        (
            "scheduled_message_changed",
            1,
            E::ScheduledMessageChanged(ScheduledMessageChanged {
                number: 4,
                conversation: room(),
                send_at: time("2026-11-01T09:31:00Z"),
                body: Some(MessageBody::from_text("happy new year")),
            }),
        ),
        (
            "scheduled_message_cancelled",
            1,
            E::ScheduledMessageCancelled(ScheduledMessageCancelled {
                number: 4,
                conversation: room(),
                by: user("anna"),
            }),
        ),
        (
            "scheduled_message_sent",
            1,
            E::ScheduledMessageSent(ScheduledMessageSent {
                number: 4,
                conversation: room(),
                seq: 9,
            }),
        ),
        (
            "scheduled_message_failed",
            1,
            E::ScheduledMessageFailed(ScheduledMessageFailed {
                number: 4,
                conversation: room(),
                code: "blocked".into(),
            }),
        ),
    ]
}
