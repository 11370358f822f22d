//! Read marks, acks, preferences and blocks.

use domain::ids::{ConversationId, DeviceId};
use domain::mailbox::Mailbox;
use domain::mailbox::command::{AckCursor, MailboxCommand, MarkRead, MarkUnread, SetPreferences};
use domain::mailbox::event::{
    BlockedUser, DeviceAcked, MailboxEvent, PreferencesChanged, ReadMark,
};
use domain::membership::MembershipSnapshot;

use crate::builders::*;
use crate::given_when_then::{Given, given};

fn room() -> ConversationId {
    ConversationId::parse("room").unwrap()
}

fn empty() -> Given<Mailbox> {
    given([])
}

/// A member who joined at the start and has sent nothing, in the first membership period.
fn snapshot_at(head_seq: i64) -> MembershipSnapshot {
    MembershipSnapshot {
        head_seq,
        stay: 1,
        read_floor: 0,
    }
}

fn mark_read(up_to: i64, standing: MembershipSnapshot) -> MailboxCommand {
    MailboxCommand::MarkRead(MarkRead {
        conversation: room(),
        up_to,
        membership: standing,
    })
}

fn mark_unread(from: i64, standing: MembershipSnapshot, visible: bool) -> MailboxCommand {
    MailboxCommand::MarkUnread(MarkUnread {
        conversation: room(),
        from,
        membership: standing,
        visible,
    })
}

fn read_mark(read_seq: i64, head_seq: i64, stay: i64) -> ReadMark {
    ReadMark {
        conversation: room(),
        read_seq,
        head_seq,
        stay,
    }
}

fn conversation_read(read_seq: i64, head_seq: i64) -> MailboxEvent {
    MailboxEvent::ConversationRead(read_mark(read_seq, head_seq, 1))
}

fn marked_unread(read_seq: i64, head_seq: i64) -> MailboxEvent {
    MailboxEvent::ConversationMarkedUnread(read_mark(read_seq, head_seq, 1))
}

#[test]
fn reading_only_moves_the_mark_forward() {
    empty()
        .when(mark_read(3, snapshot_at(5)))
        .then([conversation_read(3, 5)])
        .when(mark_read(3, snapshot_at(5)))
        .then_nothing()
        .when(mark_read(2, snapshot_at(6)))
        .then_nothing()
        .when(mark_read(0, snapshot_at(6)))
        .then_nothing()
        .when(mark_read(4, snapshot_at(6)))
        .then([conversation_read(4, 6)]);
}

#[test]
fn reading_beyond_the_head_reads_to_the_head() {
    empty()
        .when(mark_read(i64::MAX, snapshot_at(5)))
        .then([conversation_read(5, 5)])
        .when(mark_read(9, snapshot_at(5)))
        .then_nothing();
    empty().when(mark_read(7, snapshot_at(0))).then_nothing();
}

#[test]
fn reading_up_to_a_negative_seq_is_refused() {
    empty()
        .when(mark_read(-1, snapshot_at(5)))
        .then_invalid("up_to");
}

#[test]
fn messages_before_the_read_floor_are_already_read() {
    let joined_late = MembershipSnapshot {
        head_seq: 5,
        stay: 9,
        read_floor: 4,
    };
    empty().when(mark_read(4, joined_late)).then_nothing();
    empty()
        .when(mark_read(5, joined_late))
        .then([MailboxEvent::ConversationRead(read_mark(5, 5, 9))]);
}

#[test]
fn the_effective_mark_is_the_more_recent_of_command_and_conversation() {
    let mark_of = |events: &[MailboxEvent], standing| {
        given::<Mailbox>(events.to_vec())
            .state
            .read_mark(&room(), standing)
    };
    let sent = |head_seq, floor| MembershipSnapshot {
        head_seq,
        stay: 1,
        read_floor: floor,
    };
    assert_eq!(mark_of(&[], snapshot_at(9)), 0, "nothing read");
    assert_eq!(mark_of(&[], sent(9, 6)), 6, "sent 6");
    assert_eq!(
        mark_of(&[conversation_read(4, 5)], snapshot_at(9)),
        4,
        "read 4"
    );
    assert_eq!(
        mark_of(&[conversation_read(4, 5)], sent(9, 3)),
        4,
        "sent 3, then read 4"
    );
    assert_eq!(
        mark_of(&[conversation_read(4, 5)], sent(9, 7)),
        7,
        "read 4, then sent 7"
    );
    assert_eq!(
        mark_of(&[marked_unread(1, 5)], sent(9, 5)),
        1,
        "sent 5, then unread from 2"
    );
    assert_eq!(
        mark_of(&[marked_unread(1, 5)], sent(9, 6)),
        6,
        "unread from 2, then sent 6"
    );
    let again = MembershipSnapshot {
        head_seq: 9,
        stay: 2,
        read_floor: 8,
    };
    assert_eq!(
        mark_of(&[conversation_read(4, 5)], again),
        8,
        "left and rejoined after 8"
    );
    let again = MembershipSnapshot {
        head_seq: 9,
        stay: 2,
        read_floor: 2,
    };
    assert_eq!(
        mark_of(&[conversation_read(4, 5)], again),
        2,
        "another membership period, regardless of the seqs"
    );
}

#[test]
fn reading_after_marking_unread_moves_the_mark_forward_again() {
    given::<Mailbox>([conversation_read(5, 5)])
        .when(mark_unread(2, snapshot_at(5), true))
        .then([marked_unread(1, 5)])
        .when(mark_read(4, snapshot_at(5)))
        .then([conversation_read(4, 5)]);
}

#[test]
fn marking_unread_sets_the_mark_in_either_direction() {
    given::<Mailbox>([conversation_read(3, 5)])
        .when(mark_unread(5, snapshot_at(5), true))
        .then([marked_unread(4, 5)])
        .when(mark_unread(1, snapshot_at(5), true))
        .then([marked_unread(0, 5)])
        .when(mark_unread(1, snapshot_at(5), true))
        .then_nothing();
    given::<Mailbox>([conversation_read(3, 5)])
        .when(mark_unread(4, snapshot_at(5), true))
        .then_nothing();
    empty()
        .when(mark_unread(1, snapshot_at(5), true))
        .then_nothing();
}

#[test]
fn only_an_existing_visible_message_can_be_marked_unread() {
    for seq in [i64::MIN, -1, 0, 6, i64::MAX] {
        empty()
            .when(mark_unread(seq, snapshot_at(5), true))
            .then_invalid("unread_from");
    }
    empty()
        .when(mark_unread(3, snapshot_at(5), false))
        .then_invalid("unread_from");
}

fn phone() -> DeviceId {
    DeviceId::parse("phone").unwrap()
}

fn ack(cursor: i64) -> MailboxCommand {
    MailboxCommand::Ack(AckCursor {
        device: phone(),
        cursor,
        head: 100,
    })
}

fn acked(previous: i64, cursor: i64) -> MailboxEvent {
    MailboxEvent::DeviceAcked(DeviceAcked {
        device: phone(),
        cursor,
        previous,
    })
}

#[test]
fn the_cursor_of_a_device_never_moves_back() {
    let outcome = empty()
        .when(ack(40))
        .then([acked(0, 40)])
        .when(ack(40))
        .then_nothing()
        .when(ack(39))
        .then_nothing()
        .when(ack(100))
        .then([acked(40, 100)]);
    assert_eq!(outcome.state.device_cursor(&phone()), Some(100));
    assert_eq!(
        outcome
            .state
            .device_cursor(&DeviceId::parse("laptop").unwrap()),
        None
    );
}

#[test]
fn a_cursor_must_be_a_log_position() {
    empty().when(ack(101)).then_invalid("cursor");
    empty().when(ack(-1)).then_invalid("cursor");
    empty().when(ack(0)).then_nothing();
}

#[test]
fn the_number_of_devices_is_limited() {
    let other = MailboxEvent::DeviceAcked(DeviceAcked {
        device: DeviceId::parse("laptop").unwrap(),
        cursor: 1,
        previous: 0,
    });
    let full = || given::<Mailbox>([other.clone()]).with_limits(|limits| limits.devices = 1);
    full().when(ack(40)).then_over_limit("device", 1);
    full().and([acked(0, 3)]).when(ack(40)).then([acked(3, 40)]);
}

fn set_preferences(
    muted: Option<bool>,
    pinned: Option<bool>,
    archived: Option<bool>,
    stay: i64,
) -> MailboxCommand {
    let standing = MembershipSnapshot {
        stay,
        ..snapshot_at(5)
    };
    let conversation = room();
    MailboxCommand::SetPreferences(SetPreferences {
        conversation,
        muted,
        pinned,
        archived,
        mentions: None,
        membership: standing,
    })
}

fn preferences_changed(muted: bool, pinned: bool, archived: bool, stay: i64) -> MailboxEvent {
    let conversation = room();
    MailboxEvent::PreferencesChanged(PreferencesChanged {
        conversation,
        muted,
        pinned,
        archived,
        mentions: true,
        stay,
    })
}

#[test]
fn the_mentions_preference_is_independent_of_the_others() {
    let choose = |mentions| {
        MailboxCommand::SetPreferences(SetPreferences {
            conversation: room(),
            muted: None,
            pinned: None,
            archived: None,
            mentions: Some(mentions),
            membership: MembershipSnapshot {
                stay: 1,
                ..snapshot_at(5)
            },
        })
    };
    let chosen = |muted, mentions| {
        MailboxEvent::PreferencesChanged(PreferencesChanged {
            conversation: room(),
            muted,
            pinned: false,
            archived: false,
            mentions,
            stay: 1,
        })
    };
    empty().when(choose(true)).then_nothing();
    empty()
        .when(choose(false))
        .then([chosen(false, false)])
        .when(set_preferences(Some(true), None, None, 1))
        .then([chosen(true, false)])
        .when(choose(true))
        .then([chosen(true, true)]);
}

#[test]
fn a_preference_event_contains_all_values() {
    empty()
        .when(set_preferences(Some(true), None, None, 1))
        .then([preferences_changed(true, false, false, 1)])
        .when(set_preferences(None, Some(true), Some(true), 1))
        .then([preferences_changed(true, true, true, 1)])
        .when(set_preferences(Some(false), None, Some(false), 1))
        .then([preferences_changed(false, true, false, 1)]);
}

#[test]
fn setting_the_current_preferences_changes_nothing() {
    empty()
        .when(set_preferences(None, None, None, 1))
        .then_nothing();
    empty()
        .when(set_preferences(Some(false), Some(false), Some(false), 1))
        .then_nothing();
    let muted = || given::<Mailbox>([preferences_changed(true, false, false, 1)]);
    muted()
        .when(set_preferences(Some(true), None, None, 1))
        .then_nothing();
    muted()
        .when(set_preferences(None, None, Some(false), 1))
        .then_nothing();
}

#[test]
fn preferences_expire_with_the_membership_period() {
    let before = || given::<Mailbox>([preferences_changed(true, true, false, 1)]);
    before()
        .when(set_preferences(Some(false), None, None, 2))
        .then_nothing();
    before()
        .when(set_preferences(None, None, Some(true), 2))
        .then([preferences_changed(false, false, true, 2)]);
}

fn blocked(name: &str) -> MailboxEvent {
    MailboxEvent::UserBlocked(BlockedUser { user: user(name) })
}

fn unblocked(name: &str) -> MailboxEvent {
    MailboxEvent::UserUnblocked(BlockedUser { user: user(name) })
}

#[test]
fn blocking_and_unblocking_are_idempotent() {
    let outcome = empty()
        .when(MailboxCommand::Block(user("ben")))
        .then([blocked("ben")])
        .when(MailboxCommand::Block(user("ben")))
        .then_nothing();
    assert!(outcome.state.has_blocked(&user("ben")) && !outcome.state.has_blocked(&user("cleo")));
    let outcome = outcome
        .when(MailboxCommand::Unblock(user("ben")))
        .then([unblocked("ben")])
        .when(MailboxCommand::Unblock(user("ben")))
        .then_nothing();
    assert!(!outcome.state.has_blocked(&user("ben")));
}

#[test]
fn users_cannot_block_themselves() {
    let refusal = MailboxCommand::block(&user("anna"), user("anna")).unwrap_err();
    assert_eq!((refusal.code, refusal.field), ("invalid", Some("user")));
    let command = MailboxCommand::block(&user("anna"), user("ben")).unwrap();
    empty().when(command).then([blocked("ben")]);
}

#[test]
fn the_number_of_blocked_users_is_limited() {
    let full = || given::<Mailbox>([blocked("ben")]).with_limits(|limits| limits.blocks = 1);
    full()
        .when(MailboxCommand::Block(user("cleo")))
        .then_over_limit("user", 1);
    full()
        .when(MailboxCommand::Block(user("ben")))
        .then_nothing();
}

#[test]
fn entries_are_counted_across_the_whole_mailbox() {
    let mailbox = given::<Mailbox>([
        conversation_read(1, 1),
        conversation_read(2, 2),
        acked(0, 1),
        preferences_changed(true, false, false, 1),
        blocked("ben"),
    ]);
    assert_eq!(mailbox.state.entry_count(), 4);
}
