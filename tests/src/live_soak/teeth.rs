//! The comparison finds what it is there for: an entry that is missing, foreign, out of order, doubled in the
//! wrong way or in an old form is planted, and found.

use serde_json::{Value, json};

use super::compare::{Mismatch, Tally, check, check_sync};
use super::journal::{Collected, Connection, Frame, Journal, Key};
use super::told::Told;

/// A time of the log, in milliseconds, for each position: a second each.
fn time(position: i64) -> i64 {
    position * 1_000
}

/// Bob is in a room from 1 to 6 and again from 9 on; in another one all the time. 3 is edited at 5.
fn log() -> Told {
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
    let mut told = Told::default();
    for (index, (aggregate, id, kind, data)) in events.into_iter().enumerate() {
        let position = index as i64 + 1;
        let event = json!({ "position": position, "source": format!("/{aggregate}/{id}"),
            "type": format!("tidings.{kind}.v1"), "data": data });
        told.take(&event, time(position)).expect("an event");
    }
    told
}

/// An entry that came right after a position of the log.
fn entry(position: i64, room: &str, kind: &str, data: Value) -> Collected {
    let text = json!({ "type": "entry", "entry": { "position": position, "type": kind,
        "conversation_id": room, "data": data } });
    match Frame::read(&text.to_string()).expect("a frame") {
        Frame::Entry(entry) => Collected {
            at: time(position) + 1,
            ..entry
        },
        other => panic!("{other:?}"),
    }
}

fn sent(position: i64, room: &str, seq: i64, word: &str) -> Collected {
    entry(
        position,
        room,
        "message_sent",
        json!({ "seq": seq, "body": { "text": word } }),
    )
}

/// What a device collects that is there all the time.
fn everything() -> Vec<Collected> {
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

/// What sync returns in the end: the edited message in its newest form.
fn synced() -> Vec<Collected> {
    let mut synced = everything();
    let newest = json!({ "seq": 1, "body": { "text": "second" }, "edited_at": "2026" });
    synced[3] = entry(4, "d", "message_sent", newest);
    synced
}

fn of(connections: Vec<Connection>) -> (Tally, Vec<Mismatch>) {
    let journal = Journal {
        user: "bob".into(),
        device: "phone".into(),
        began: Some(0),
        connections,
    };
    check(&journal, &log(), &synced())
}

fn connection(entries: Vec<Collected>) -> Connection {
    Connection {
        named: true,
        entries,
        ..Connection::default()
    }
}

fn found(entries: Vec<Collected>) -> Vec<Mismatch> {
    of(vec![connection(entries)]).1
}

fn key(position: i64, room: &str, kind: &str) -> Key {
    Key::new(position, room, kind)
}

#[test]
fn what_is_right_is_right() {
    assert_eq!(found(everything()), []);
    assert_eq!(check_sync("bob", &log(), &synced()), []);
    // Again from 3 on, and over another connection from 5 on.
    let mut again = everything();
    again.extend(everything().into_iter().skip(2).map(|entry| Collected {
        at: time(11),
        ..entry
    }));
    let mut rest = connection(everything().split_off(5));
    (rest.opened, rest.after) = (time(20), 5);
    for entry in &mut rest.entries {
        entry.at = time(21);
    }
    let (tally, found) = of(vec![connection(again), rest]);
    assert_eq!(found, []);
    assert_eq!((tally.entries, tally.different), (20, 9));
    assert_eq!((tally.repushes, tally.repushed), (1, 7));
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
fn what_was_passed_over_while_away_is_not_missing_but_nothing_else() {
    // The device was not connected from 2 to 7.
    let mut entries = everything();
    entries.retain(|entry| entry.key.position != 3);
    for entry in entries.iter_mut().skip(2) {
        entry.at = entry.at.max(time(7));
    }
    let (tally, found) = of(vec![connection(entries.clone())]);
    assert_eq!(tally.passed_over, 1);
    assert_eq!(found, []);
    // One's own removal is served even so.
    entries.retain(|entry| entry.key.position != 6);
    let removal = key(6, "c", "member_removed");
    assert!(self::found(entries).contains(&Mismatch::Missing(removal)));
}

#[test]
fn a_foreign_entry_is_found() {
    // Sent while bob was away; in a room that he never was in; of a kind that it was not.
    for (at, foreign) in [
        (6, sent(7, "c", 2, "secret")),
        (2, sent(3, "e", 1, "one")),
        (4, entry(5, "d", "message_recalled", json!({ "seq": 1 }))),
    ] {
        let mut entries = everything();
        let expected = Mismatch::Foreign(foreign.key.clone());
        entries.insert(at, foreign);
        assert!(found(entries).contains(&expected), "{expected:?}");
    }
}

#[test]
fn an_entry_of_a_conversation_that_was_left_is_found_if_it_is_served_then() {
    let served_at = |at: i64, so_far: usize| {
        let mut before = everything();
        before.truncate(so_far);
        let served = Collected {
            at: time(at) + 1,
            ..sent(3, "c", 1, "one")
        };
        let mut late = connection(vec![served]);
        (late.opened, late.after) = (time(at), 2);
        of(vec![connection(before), late]).1
    };
    let leaked = Mismatch::Leaked(key(3, "c", "message_sent"));
    // The device had seen the removal, and joining again was still to come.
    assert!(served_at(8, 6).contains(&leaked));
    // Before the removal, and after joining again, it may be.
    assert!(!served_at(5, 5).contains(&leaked));
    assert_eq!(served_at(12, 9), []);
}

#[test]
fn a_reordered_entry_is_found() {
    let mut entries = everything();
    entries.swap(3, 4);
    let unnamed = |entries| Connection {
        named: false,
        ..connection(entries)
    };
    let late = key(4, "d", "message_sent");
    assert!(
        of(vec![unnamed(entries)])
            .1
            .contains(&Mismatch::Reordered(late))
    );
    // Before where the connection began.
    let mut early = connection(everything());
    early.after = 1;
    let first = key(1, "c", "conversation_created");
    assert!(of(vec![early]).1.contains(&Mismatch::Reordered(first)));
    let mut disordered = synced();
    disordered.swap(0, 1);
    let first = key(1, "c", "conversation_created");
    assert!(check_sync("bob", &log(), &disordered).contains(&Mismatch::Reordered(first)));
}

#[test]
fn a_double_that_was_acknowledged_or_that_nobody_may_expect_is_found() {
    // The log has an ack up to 3 at 11, and something later came.
    let mut entries = everything();
    entries.push(entry(12, "d", "message_sent", json!({})));
    entries.push(sent(3, "c", 1, "one"));
    let acked = connection(entries);
    let again = Mismatch::Again(key(3, "c", "message_sent"));
    assert!(of(vec![acked]).1.contains(&again));
    // To a connection without a device.
    let mut entries = everything();
    entries.push(sent(10, "c", 3, "back"));
    let unnamed = Connection {
        named: false,
        ..connection(entries)
    };
    let last = Mismatch::Reordered(key(10, "c", "message_sent"));
    assert!(of(vec![unnamed]).1.contains(&last));
    // By sync.
    let mut twice = synced();
    twice.push(sent(10, "c", 3, "back"));
    let again = Mismatch::Again(key(10, "c", "message_sent"));
    assert!(check_sync("bob", &log(), &twice).contains(&again));
}

#[test]
fn a_position_that_is_promised_whole_and_is_not_is_found() {
    let mut entries = everything();
    entries[4].more = true;
    let broken = Mismatch::Broken(key(5, "d", "message_edited"));
    assert!(found(entries).contains(&broken));
}

#[test]
fn another_form_of_a_message_is_found() {
    let mut entries = everything();
    let old = json!({ "seq": 1, "body": { "text": "zeroth" }, "edited_at": "2026" });
    entries[4] = entry(5, "d", "message_edited", old);
    assert!(found(entries).contains(&Mismatch::Form("d".into(), 1)));
    let mut entries = everything();
    entries[6] = entry(
        8,
        "d",
        "message_sent",
        json!({ "seq": 2, "recalled": true }),
    );
    assert!(found(entries).contains(&Mismatch::Form("d".into(), 2)));
}

#[test]
fn sync_that_says_less_or_more_than_the_log_is_found() {
    let mut less = synced();
    less.remove(2);
    let missing = Mismatch::Sync(key(3, "c", "message_sent"));
    assert_eq!(check_sync("bob", &log(), &less), [missing]);
    let mut more = synced();
    more.insert(6, sent(7, "c", 2, "secret"));
    let foreign = Mismatch::Sync(key(7, "c", "message_sent"));
    assert_eq!(check_sync("bob", &log(), &more), [foreign]);
}
