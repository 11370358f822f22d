//! Clearing a conversation from the owner's own view.

use domain::ids::ConversationId;
use domain::mailbox::Mailbox;
use domain::mailbox::command::{ClearConversation, MailboxCommand, MarkUnread};
use domain::mailbox::event::{ClearedHistory, MailboxEvent};
use domain::membership::MembershipSnapshot;

use crate::given_when_then::{Given, given};

fn room(name: &str) -> ConversationId {
    ConversationId::parse(name).unwrap()
}

fn membership(head_seq: i64, stay: i64) -> MembershipSnapshot {
    MembershipSnapshot {
        head_seq,
        stay,
        read_floor: 0,
    }
}

fn clear(up_to: i64, membership: MembershipSnapshot) -> MailboxCommand {
    MailboxCommand::Clear(ClearConversation {
        conversation: room("room"),
        up_to,
        membership,
    })
}

fn cleared(up_to: i64) -> MailboxEvent {
    MailboxEvent::ConversationCleared(ClearedHistory {
        conversation: room("room"),
        up_to,
    })
}

fn after(up_to: i64) -> Given<Mailbox> {
    given([cleared(up_to)])
}

#[test]
fn clearing_never_goes_back() {
    given::<Mailbox>([])
        .when(clear(3, membership(5, 1)))
        .then([cleared(3)])
        .when(clear(3, membership(5, 1)))
        .then_nothing()
        .when(clear(1, membership(5, 1)))
        .then_nothing()
        .when(clear(4, membership(5, 1)))
        .then([cleared(4)]);
}

#[test]
fn a_seq_beyond_the_head_clears_to_the_head() {
    given::<Mailbox>([])
        .when(clear(i64::MAX, membership(5, 1)))
        .then([cleared(5)])
        .when(clear(i64::MAX, membership(5, 1)))
        .then_nothing();
    given::<Mailbox>([])
        .when(clear(1, membership(0, 1)))
        .then_nothing();
}

#[test]
fn only_a_seq_can_be_cleared() {
    for up_to in [i64::MIN, -1, 0] {
        given::<Mailbox>([])
            .when(clear(up_to, membership(5, 1)))
            .then_refused("invalid");
    }
}

#[test]
fn a_clear_survives_rejoining_and_concerns_one_conversation() {
    after(3).when(clear(2, membership(5, 2))).then_nothing();
    let mailbox = after(3).state;
    assert!(mailbox.has_cleared(&room("room"), 3) && !mailbox.has_cleared(&room("room"), 4));
    assert!(!mailbox.has_cleared(&room("other"), 1));
}

#[test]
fn a_cleared_message_cannot_be_marked_unread() {
    let mark = |from| {
        MailboxCommand::MarkUnread(MarkUnread {
            conversation: room("room"),
            from,
            membership: MembershipSnapshot {
                read_floor: 5,
                ..membership(5, 1)
            },
            visible: true,
        })
    };
    after(3).when(mark(3)).then_refused("invalid");
    after(3).when(mark(4)).then_accepted();
}
