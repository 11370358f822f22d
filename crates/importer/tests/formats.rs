//! Small exports in the shapes that each system writes.

use std::path::{Path, PathBuf};

use importer::ImportInput;
use importer::record::RecordOrigin;
use serde_json::{Value, json};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

/// The records of an input: the lines with their origins, and why others cannot be read.
fn read(name: &str) -> (Vec<(Value, RecordOrigin)>, Vec<String>, Value) {
    let mut input = ImportInput::open(&fixture(name)).expect("recognised");
    let (mut lines, mut unreadable) = (Vec::new(), Vec::new());
    while let Some(record) = input.next_record().expect("reads") {
        match record.content {
            Ok(line) => {
                let json = serde_json::from_slice(&line.json).expect("JSON");
                lines.push((json, line.origin.expect("an origin")));
            }
            Err(reason) => unreadable.push(format!("{}, {}: {reason}", record.file, record.place)),
        }
    }
    assert_eq!(input.bytes_read(), input.bytes());
    (lines, unreadable, json!(input.unsupported()))
}

/// Sender, text, and what it replies to; or the members.
fn said(lines: &[(Value, RecordOrigin)]) -> Vec<Value> {
    let said = lines.iter().map(|(line, _)| match line.get("members") {
        Some(members) => json!([line["conversation"], members]),
        None => json!([line["conversation"], line["sender"], line["text"]]),
    });
    said.collect()
}

fn find<'a>(lines: &'a [(Value, RecordOrigin)], text: &str) -> &'a (Value, RecordOrigin) {
    let found = lines.iter().find(|(line, _)| line["text"] == text);
    found.unwrap_or_else(|| panic!("no {text}: {lines:?}"))
}

fn pair(one: &str, other: &str) -> [String; 2] {
    [one.to_owned(), other.to_owned()]
}

#[test]
fn mattermost_bulk_export() {
    let (lines, unreadable, unsupported) = read("mattermost.jsonl");
    assert_eq!(
        said(&lines),
        [
            json!(["ann, ben", "ann", "psst"]),
            json!(["Town Square", "ann", "one"]),
            json!(["Town Square", "ben", "two"]),
            json!(["Town Square", "ben", "three\n[report.pdf]"]),
            json!(["Town Square", ["ann"]]),
            json!(["Town Square", ["cid"]]),
        ]
    );
    let (one, origin) = find(&lines, "one");
    assert_eq!(one["sent_at"], "2020-01-01T00:00:00.000Z");
    assert_eq!(one["edited_at"], "2020-01-01T00:01:00.000Z");
    assert_eq!(one["reactions"], json!([{"key": "+1", "user": "ben"}]));
    assert_eq!(
        (one["title"].as_str(), &origin.direct),
        (Some("Town Square"), &None)
    );
    assert_eq!(find(&lines, "three\n[report.pdf]").0["reply_to"], one["id"]);
    assert_eq!(find(&lines, "psst").1.direct, Some(pair("ann", "ben")));
    assert_eq!(
        unreadable,
        ["mattermost.jsonl, line 10: create_at is missing"]
    );
    assert_eq!(
        unsupported,
        json!({"conversations without messages": 1, "files (their names are taken)": 1, "system_join_channel": 1})
    );
}

#[test]
fn rocket_chat_database() {
    let (lines, unreadable, unsupported) = read("rocketchat");
    assert_eq!(
        said(&lines),
        [
            json!(["general", "ann", "one"]),
            json!(["general", "ben", "[cat.png]\nmy cat"]),
            json!(["u1u2", "ben", "psst"]),
        ]
    );
    let (one, _) = find(&lines, "one");
    assert_eq!(one["edited_at"], "2020-01-01T00:01:00.000Z");
    assert_eq!(one["reactions"], json!([{"key": "+1", "user": "ben"}]));
    let (two, _) = find(&lines, "[cat.png]\nmy cat");
    assert_eq!(
        (&two["reply_to"], two["sent_at"].as_str()),
        (&one["id"], Some("2020-01-01T00:00:02.000Z"))
    );
    assert_eq!(find(&lines, "psst").1.direct, Some(pair("ann", "ben")));
    assert_eq!(
        unreadable,
        ["rocketchat_message.json, line 5: its room GONE is not in the list of rooms"]
    );
    assert_eq!(
        unsupported,
        json!({"files (their names are taken)": 1, "rm": 1, "uj": 1})
    );
}

#[test]
fn rocket_chat_room() {
    let (lines, unreadable, unsupported) = read("rocketchat_room_export.json");
    assert_eq!(
        said(&lines),
        [
            json!(["rocketchat_room_export", "ann", "one"]),
            json!(["rocketchat_room_export", "ben", "two\n[a.txt]"]),
        ]
    );
    assert!(unreadable.is_empty());
    assert_eq!(
        unsupported,
        json!({"files (their names are taken)": 1, "uj": 1})
    );
}

#[test]
fn zulip_export() {
    let (lines, unreadable, unsupported) = read("zulip");
    assert_eq!(
        said(&lines),
        [
            json!(["general", "ann@x.example", "one"]),
            json!(["general", ["ann@x.example"]]),
            json!(["general", ["cid@x.example"]]),
            json!([
                "ann@x.example, ben@x.example, cid@x.example",
                "cid@x.example",
                "all three"
            ]),
            json!([
                "ann@x.example, ben@x.example, cid@x.example",
                ["ann@x.example"]
            ]),
            json!([
                "ann@x.example, ben@x.example, cid@x.example",
                ["ben@x.example"]
            ]),
            json!([
                "ann@x.example, ben@x.example, cid@x.example",
                ["cid@x.example"]
            ]),
            json!(["ann@x.example, ben@x.example", "ben@x.example", "psst"]),
            json!(["ann@x.example, ben@x.example", "ann@x.example", "yes?"]),
        ]
    );
    let (one, origin) = find(&lines, "one");
    assert_eq!(one["sent_at"], "2020-01-01T00:00:00.500Z");
    assert_eq!(one["edited_at"], "2020-01-01T00:01:00.000Z");
    assert_eq!(
        one["reactions"],
        json!([{"key": "thumbs_up", "user": "ben@x.example"}])
    );
    assert_eq!(
        (origin.source.as_str(), origin.channel.as_str()),
        ("zulip:6f9c1f1e-1111-4222-8333-444455556666", "channel:3")
    );
    let (_, direct) = find(&lines, "psst");
    assert_eq!(direct.direct, Some(pair("ann@x.example", "ben@x.example")));
    assert_eq!(direct, &find(&lines, "yes?").1);
    assert_eq!(unreadable.len(), 2, "{unreadable:?}");
    assert!(unreadable[0].starts_with("messages-000001.json, message 4: the history of secret"));
    assert!(unreadable[1].starts_with("messages-000001.json, message 6: its sender"));
    assert_eq!(unsupported, json!({"topics of messages": 1}));
}

#[test]
fn discord_channel() {
    let (lines, unreadable, unsupported) = read("discord.json");
    assert_eq!(
        said(&lines),
        [
            json!(["general", "ann", "one"]),
            json!(["general", "ben#1234", "two\n[cat.png]"]),
            json!(["general", "deploy", "Build\npassed\nBranch: main"]),
        ]
    );
    let (one, origin) = find(&lines, "one");
    assert_eq!(one["sent_at"], "2019-12-31T23:00:01.500Z");
    assert_eq!(one["edited_at"], "2019-12-31T23:01:00.000Z");
    assert_eq!(one["reactions"], json!([{"key": "👍", "user": "ben#1234"}]));
    assert_eq!(
        (origin.source.as_str(), origin.channel.as_str()),
        ("discord:81384788765712384", "381870553235193857")
    );
    assert_eq!(find(&lines, "two\n[cat.png]").0["reply_to"], "1001");
    assert_eq!(unreadable.len(), 1, "{unreadable:?}");
    assert!(unreadable[0].starts_with("discord.json, message 5: timestamp is \"yesterday\""));
    assert_eq!(
        unsupported,
        json!({"GuildMemberJoin": 1, "files (their names are taken)": 1, "link previews": 1,
            "reactions whose users are not named": 1})
    );
}

#[test]
fn telegram_account() {
    let (lines, unreadable, unsupported) = read("telegram.json");
    assert_eq!(
        said(&lines),
        [
            json!(["Friends", "user11", "see https://x.example now"]),
            json!(["Friends", "user12", "a photo\n[photo_1@01-01-2020.jpg]"]),
            json!(["Ben", "user11", "psst"]),
            json!(["Ben", "user12", "🙂"]),
        ]
    );
    let (one, origin) = find(&lines, "see https://x.example now");
    assert_eq!(one["sent_at"], "2020-01-01T00:00:01.000Z");
    assert_eq!(one["edited_at"], "2020-01-01T00:01:00.000Z");
    assert_eq!(one["reactions"], json!([{"key": "👍", "user": "user12"}]));
    assert_eq!(origin.channel, "supergroup:1234567890");
    let (photo, _) = find(&lines, "a photo\n[photo_1@01-01-2020.jpg]");
    assert_eq!(photo["reply_to"], "2");
    let (psst, origin) = find(&lines, "psst");
    assert_eq!(
        (&psst["title"], &origin.direct),
        (&Value::Null, &Some(pair("user11", "user12")))
    );
    assert_eq!(origin.channel, "personal_chat:12:user11:user12");
    assert_eq!(
        unreadable,
        ["telegram.json, chat 1 of chats, message 4: text is {\"odd\":1}, expected a text"]
    );
    assert_eq!(
        unsupported,
        json!({"contacts": 1, "create_group": 1, "files (their names are taken)": 2,
            "reactions whose users are not named": 1})
    );
}

#[test]
fn whatsapp_chat() {
    let (lines, unreadable, unsupported) = read("WhatsApp Chat with Friends.txt");
    assert_eq!(
        said(&lines),
        [
            json!(["Friends", "Ann", "hi\nall"]),
            json!(["Friends", "+49 170 1", "happy new year"]),
        ]
    );
    let (last, _) = find(&lines, "happy new year");
    assert_eq!(last["sent_at"], "2021-01-01T00:00:00.000Z");
    assert!(unreadable.is_empty());
    assert_eq!(
        unsupported,
        json!({"files without a name": 1, "remarks of WhatsApp": 1})
    );
}
