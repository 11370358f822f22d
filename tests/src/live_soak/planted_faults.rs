//! Checks that the comparison finds planted faults: entries that are missing, unexpected, out of
//! order, repeated, or with outdated content.

use serde_json::{Value, json};

use super::compare::{DeviceCounts, Mismatch, compare_device, compare_sync};
use super::device_log::{ConnectionLog, DeviceEntryKey, DeviceLog, LiveFrame, ReceivedEntry};
use super::expected::ExpectedFeeds;

/// The time of a position in milliseconds: one second per position.
fn time(position: i64) -> i64 {
    position * 1_000
}

/// Bob is a member of `c` from 1 to 6 and again from 9 on, and of `d` all the time. The first
/// message of `d` is edited at 5.
fn expected_feeds() -> ExpectedFeeds {
    let room = |room: &str, kind: &str, data: Value| {
        ("conversations", room.to_owned(), kind.to_owned(), data)
    };
    let send = |to: &str, seq: i64, word: &str| {
        let data = json!({ "seq": seq, "sender": "ann", "body": { "text": word } });
        room(to, "message_sent", data)
    };
    let members = json!({ "history": "all", "members": [{ "user": "ann" }, { "user": "bob" }] });
    let ack = json!({ "device": "phone", "cursor": 3, "previous": 0 });
    let events = [
        room("c", "conversation_created", members.clone()),
        room("d", "conversation_created", members),
        send("c", 1, "one"),
        send("d", 1, "first"),
        room(
            "d",
            "message_edited",
            json!({ "seq": 1, "body": { "text": "second" } }),
        ),
        room("c", "member_removed", json!({ "user": "bob" })),
        send("c", 2, "secret"),
        send("d", 2, "third"),
        room("c", "member_added", json!({ "user": "bob" })),
        send("c", 3, "back"),
        (
            "mailboxes",
            "bob".to_owned(),
            "device_acked".to_owned(),
            ack,
        ),
    ];
    let mut feeds = ExpectedFeeds::default();
    for (index, (aggregate, id, kind, data)) in events.into_iter().enumerate() {
        let position = index as i64 + 1;
        let event = json!({ "position": position, "source": format!("/{aggregate}/{id}"),
            "type": format!("tidings.{kind}.v1"), "data": data });
        feeds.apply(&event, time(position)).expect("an event");
    }
    feeds
}

/// An entry that was received right after its position was appended.
fn entry(position: i64, room: &str, kind: &str, data: Value) -> ReceivedEntry {
    let text = json!({ "type": "entry", "entry": { "position": position, "type": kind,
        "conversation_id": room, "data": data } });
    match LiveFrame::parse(&text.to_string()).expect("a frame") {
        LiveFrame::Entry(entry) => ReceivedEntry {
            received_at: time(position) + 1,
            ..entry
        },
        other => panic!("{other:?}"),
    }
}

fn sent(position: i64, room: &str, seq: i64, word: &str) -> ReceivedEntry {
    entry(
        position,
        room,
        "message_sent",
        json!({ "seq": seq, "body": { "text": word } }),
    )
}

/// What a device receives that is connected all the time.
fn everything() -> Vec<ReceivedEntry> {
    let edited = json!({ "seq": 1, "body": { "text": "second" }, "edited_at": "2026" });
    vec![
        entry(1, "c", "conversation_created", json!({})),
        entry(2, "d", "conversation_created", json!({})),
        sent(3, "c", 1, "one"),
        sent(4, "d", 1, "first"),
        entry(5, "d", "message_edited", edited),
        entry(6, "c", "member_removed", json!({})),
        sent(8, "d", 2, "third"),
        entry(9, "c", "member_added", json!({})),
        sent(10, "c", 3, "back"),
    ]
}

/// What sync returns in the end: the edited message with its newest content.
fn synced() -> Vec<ReceivedEntry> {
    let mut synced = everything();
    let newest = json!({ "seq": 1, "body": { "text": "second" }, "edited_at": "2026" });
    synced[3] = entry(4, "d", "message_sent", newest);
    synced
}

fn compare_connections(connections: Vec<ConnectionLog>) -> (DeviceCounts, Vec<Mismatch>) {
    let log = DeviceLog {
        user: "bob".into(),
        device: "phone".into(),
        start: Some(0),
        connections,
    };
    compare_device(&log, &expected_feeds(), &synced())
}

fn connection(entries: Vec<ReceivedEntry>) -> ConnectionLog {
    ConnectionLog {
        named: true,
        entries,
        ..ConnectionLog::default()
    }
}

fn found(entries: Vec<ReceivedEntry>) -> Vec<Mismatch> {
    compare_connections(vec![connection(entries)]).1
}

fn key(position: i64, room: &str, kind: &str) -> DeviceEntryKey {
    DeviceEntryKey::new(position, room, kind)
}

#[test]
fn correct_results_have_no_mismatches() {
    assert_eq!(found(everything()), []);
    assert_eq!(compare_sync("bob", &expected_feeds(), &synced()), []);
    // Redelivered from 3 on, and from 5 on over another connection.
    let mut again = everything();
    again.extend(everything().into_iter().skip(2).map(|entry| ReceivedEntry {
        received_at: time(11),
        ..entry
    }));
    let mut rest = connection(everything().split_off(5));
    (rest.opened, rest.after) = (time(20), 5);
    for entry in &mut rest.entries {
        entry.received_at = time(21);
    }
    let (counts, found) = compare_connections(vec![connection(again), rest]);
    assert_eq!(found, []);
    assert_eq!((counts.entries, counts.distinct), (20, 9));
    assert_eq!((counts.redeliveries, counts.redelivered), (1, 7));
}

#[test]
fn a_missing_entry_is_found() {
    for index in 0..everything().len() {
        let mut entries = everything();
        let gone = entries.remove(index).key;
        assert!(
            found(entries).contains(&Mismatch::Missing(gone.clone())),
            "{gone:?}"
        );
    }
}

#[test]
fn an_entry_may_be_skipped_only_while_the_user_is_not_a_member() {
    // The device was disconnected from 2 to 7.
    let mut entries = everything();
    entries.retain(|entry| entry.key.position != 3);
    for entry in entries.iter_mut().skip(2) {
        entry.received_at = entry.received_at.max(time(7));
    }
    let (counts, found) = compare_connections(vec![connection(entries.clone())]);
    assert_eq!(counts.skipped, 1);
    assert_eq!(found, []);
    // The user's own removal is served even so.
    entries.retain(|entry| entry.key.position != 6);
    let removal = key(6, "c", "member_removed");
    assert!(self::found(entries).contains(&Mismatch::Missing(removal)));
}

#[test]
fn an_unexpected_entry_is_found() {
    // Sent while bob was not a member; in a conversation of which he never was; of another type.
    for (at, foreign) in [
        (6, sent(7, "c", 2, "secret")),
        (2, sent(3, "e", 1, "one")),
        (4, entry(5, "d", "message_recalled", json!({ "seq": 1 }))),
    ] {
        let mut entries = everything();
        let expected = Mismatch::Unexpected(foreign.key.clone());
        entries.insert(at, foreign);
        assert!(found(entries).contains(&expected), "{expected:?}");
    }
}

#[test]
fn an_entry_served_after_the_user_has_left_is_found() {
    let served_at = |at: i64, so_far: usize| {
        let mut before = everything();
        before.truncate(so_far);
        let served = ReceivedEntry {
            received_at: time(at) + 1,
            ..sent(3, "c", 1, "one")
        };
        let mut late = connection(vec![served]);
        (late.opened, late.after) = (time(at), 2);
        compare_connections(vec![connection(before), late]).1
    };
    let leaked = Mismatch::Leaked(key(3, "c", "message_sent"));
    // The device had received the removal, and bob had not joined again.
    assert!(served_at(8, 6).contains(&leaked));
    // Before the removal and after joining again, it is allowed.
    assert!(!served_at(5, 5).contains(&leaked));
    assert_eq!(served_at(12, 9), []);
}

#[test]
fn a_reordered_entry_is_found() {
    let mut entries = everything();
    entries.swap(3, 4);
    let unnamed = |entries| ConnectionLog {
        named: false,
        ..connection(entries)
    };
    let late = key(4, "d", "message_sent");
    assert!(
        compare_connections(vec![unnamed(entries)])
            .1
            .contains(&Mismatch::Reordered(late))
    );
    // Before the start of the connection.
    let mut early = connection(everything());
    early.after = 1;
    let first = key(1, "c", "conversation_created");
    assert!(
        compare_connections(vec![early])
            .1
            .contains(&Mismatch::Reordered(first))
    );
    let mut disordered = synced();
    disordered.swap(0, 1);
    let first = key(1, "c", "conversation_created");
    assert!(
        compare_sync("bob", &expected_feeds(), &disordered).contains(&Mismatch::Reordered(first))
    );
}

#[test]
fn a_repeated_entry_is_found() {
    // The log has an ack up to 3 at 11, and a later entry was received.
    let mut entries = everything();
    entries.push(entry(12, "d", "message_sent", json!({})));
    entries.push(sent(3, "c", 1, "one"));
    let acked = connection(entries);
    let again = Mismatch::Repeated(key(3, "c", "message_sent"));
    assert!(compare_connections(vec![acked]).1.contains(&again));
    // On a connection without a device name.
    let mut entries = everything();
    entries.push(sent(10, "c", 3, "back"));
    let unnamed = ConnectionLog {
        named: false,
        ..connection(entries)
    };
    let last = Mismatch::Reordered(key(10, "c", "message_sent"));
    assert!(compare_connections(vec![unnamed]).1.contains(&last));
    // In sync.
    let mut twice = synced();
    twice.push(sent(10, "c", 3, "back"));
    let again = Mismatch::Repeated(key(10, "c", "message_sent"));
    assert!(compare_sync("bob", &expected_feeds(), &twice).contains(&again));
}

#[test]
fn an_incomplete_position_is_found() {
    let mut entries = everything();
    entries[4].more = true;
    let broken = Mismatch::IncompletePosition(key(5, "d", "message_edited"));
    assert!(found(entries).contains(&broken));
}

#[test]
fn outdated_content_is_found() {
    let mut entries = everything();
    let old = json!({ "seq": 1, "body": { "text": "zeroth" }, "edited_at": "2026" });
    entries[4] = entry(5, "d", "message_edited", old);
    assert!(found(entries).contains(&Mismatch::ContentDiffers("d".into(), 1)));
    let mut entries = everything();
    entries[6] = entry(
        8,
        "d",
        "message_sent",
        json!({ "seq": 2, "recalled": true }),
    );
    assert!(found(entries).contains(&Mismatch::ContentDiffers("d".into(), 2)));
}

#[test]
fn missing_and_additional_entries_in_sync_are_found() {
    let mut less = synced();
    less.remove(2);
    let missing = Mismatch::SyncDiffers(key(3, "c", "message_sent"));
    assert_eq!(compare_sync("bob", &expected_feeds(), &less), [missing]);
    let mut more = synced();
    more.insert(6, sent(7, "c", 2, "secret"));
    let foreign = Mismatch::SyncDiffers(key(7, "c", "message_sent"));
    assert_eq!(compare_sync("bob", &expected_feeds(), &more), [foreign]);
}
