//! Threads: replies to one message, and who follows and reads them.

use domain::conversation::Conversation;
use domain::conversation::command::{
    ConversationCommand, ImportItem, ImportedMessage, ReplyTarget, SendMessage, ThreadLookup,
};
use domain::conversation::event::{ConversationEvent, HistoryVisibility, MessageSent};
use domain::ids::ConversationId;
use domain::mailbox::Mailbox;
use domain::mailbox::command::{FollowThread, MailboxCommand, ReadThread};
use domain::mailbox::event::{FollowedThread, MailboxEvent, ThreadReadMark};
use domain::membership::MembershipSnapshot;
use domain::message::MessageState;

use crate::builders::*;
use crate::given_when_then::{Given, given};

fn group_of_two() -> Given<Conversation> {
    given([group(["anna", "ben"]), sent(1, "anna")])
}

fn send_to(sender: &str, root: i64, message: Option<MessageState>) -> ConversationCommand {
    ConversationCommand::Send(SendMessage {
        thread: Some(ThreadLookup { root, message }),
        ..send_by(sender)
    })
}

fn reply(seq: i64, sender: &str, root: i64) -> ConversationEvent {
    ConversationEvent::MessageSent(MessageSent {
        thread: Some(root),
        ..message(seq, sender)
    })
}

#[test]
fn a_reply_has_its_own_seq_and_names_its_root() {
    group_of_two()
        .when(send_to("ben", 1, None))
        .then([reply(2, "ben", 1)])
        .when(send_to("anna", 1, None))
        .then([reply(3, "anna", 1)]);
}

#[test]
fn a_reply_cannot_be_a_root() {
    group_of_two()
        .and([reply(2, "ben", 1)])
        .when(send_to("anna", 2, None))
        .then_invalid("thread");
}

#[test]
fn a_root_that_is_not_recent_is_looked_up() {
    let long = || group_of_two().and(sent_all(2, 300, "anna"));
    let root = MessageState::from_sent(&message(1, "anna"));
    let within = MessageState {
        thread: Some(7),
        ..root.clone()
    };
    long()
        .when(send_to("ben", 1, Some(root)))
        .then([reply(301, "ben", 1)]);
    long()
        .when(send_to("ben", 1, Some(within)))
        .then_invalid("thread");
    long().when(send_to("ben", 1, None)).then_invalid("thread");
}

#[test]
fn the_root_must_exist_and_be_visible() {
    for root in [0, 2, -1, i64::MAX] {
        group_of_two()
            .when(send_to("ben", root, None))
            .then_invalid("thread");
    }
    given::<Conversation>([
        group(["anna", "ben"]),
        changed("anna", None, HistoryVisibility::SinceJoin),
        sent(1, "anna"),
    ])
    .when(add("anna", ["cleo"]))
    .then_accepted()
    .when(send_to("ben", 1, None))
    .then([reply(2, "ben", 1)])
    .when(send_to("cleo", 1, None))
    .then_invalid("thread");
    group_of_two()
        .when(send_to("stranger", 1, None))
        .then_refused("not_found");
}

#[test]
fn the_thread_of_a_recalled_message_goes_on() {
    group_of_two()
        .and([reply(2, "ben", 1), recalled(1, "anna")])
        .when(send_to("ben", 1, None))
        .then([reply(3, "ben", 1)]);
}

#[test]
fn an_imported_reply_belongs_to_the_root_of_the_message_that_it_names() {
    let imported = |thread| {
        ImportItem::Message(ImportedMessage {
            sender: user("ben"),
            kind: domain::body::MessageType::Text,
            body: domain::body::MessageBody::from_text("hello"),
            reply_to: None,
            thread,
            sent_at: noon(),
            edit: None,
            reactions: vec![],
        })
    };
    let without_key = |seq, thread| {
        ConversationEvent::MessageSent(MessageSent {
            thread,
            client_message_id: None,
            ..message(seq, "ben")
        })
    };
    let items = vec![
        imported(Some(ReplyTarget::Seq(1))),
        imported(Some(ReplyTarget::Index(0))),
        imported(Some(ReplyTarget::Seq(9))),
        imported(None),
    ];
    group_of_two()
        .when(ConversationCommand::Import(items))
        .then([
            without_key(2, Some(1)),
            without_key(3, Some(1)),
            without_key(4, None),
            without_key(5, None),
        ]);
}

fn room() -> ConversationId {
    ConversationId::parse("room").unwrap()
}

fn at_head(head_seq: i64) -> MembershipSnapshot {
    MembershipSnapshot {
        head_seq,
        stay: 1,
        read_floor: 0,
    }
}

fn follow(follow: bool, head_seq: i64) -> MailboxCommand {
    MailboxCommand::FollowThread(FollowThread {
        conversation: room(),
        root: 3,
        follow,
        membership: at_head(head_seq),
    })
}

fn read(up_to: i64, head_seq: i64) -> MailboxCommand {
    MailboxCommand::ReadThread(ReadThread {
        conversation: room(),
        root: 3,
        up_to,
        membership: at_head(head_seq),
    })
}

fn thread(head_seq: i64) -> FollowedThread {
    FollowedThread {
        conversation: room(),
        root: 3,
        head_seq,
    }
}

fn thread_read(read_seq: i64) -> MailboxEvent {
    MailboxEvent::ThreadRead(ThreadReadMark {
        conversation: room(),
        root: 3,
        read_seq,
    })
}

#[test]
fn a_thread_is_followed_once() {
    given::<Mailbox>([])
        .when(follow(true, 5))
        .then([MailboxEvent::ThreadFollowed(thread(5))])
        .when(follow(true, 9))
        .then_nothing()
        .when(follow(false, 9))
        .then([MailboxEvent::ThreadUnfollowed(thread(9))])
        .when(follow(false, 9))
        .then_nothing();
}

#[test]
fn after_new_messages_a_thread_can_be_unfollowed_again() {
    given::<Mailbox>([MailboxEvent::ThreadUnfollowed(thread(9))])
        .when(follow(false, 10))
        .then([MailboxEvent::ThreadUnfollowed(thread(10))]);
}

#[test]
fn reading_a_thread_only_moves_its_mark_forward() {
    given::<Mailbox>([])
        .when(read(5, 7))
        .then([thread_read(5)])
        .when(read(5, 7))
        .then_nothing()
        .when(read(0, 7))
        .then_nothing()
        .when(read(i64::MAX, 7))
        .then([thread_read(7)])
        .when(read(-1, 7))
        .then_invalid("up_to");
}
