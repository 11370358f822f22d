//! Tests with small Slack exports.

use std::fs;

use super::*;

/// Writes an export. Texts are written as they are, other values as JSON.
fn write_export(files: &[(&str, Value)]) -> tempfile::TempDir {
    let scratch = tempfile::tempdir().expect("a directory");
    for (path, content) in files {
        let path = scratch.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("directory created");
        let content = match content {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        fs::write(path, content).expect("written");
    }
    scratch
}

/// What an export contains: its lines with their origins, and the records that cannot be read, as
/// text.
struct ExportRecords {
    lines: Vec<(Value, RecordOrigin)>,
    unreadable: Vec<String>,
    unsupported: BTreeMap<String, u64>,
}

impl ExportRecords {
    fn read(files: &[(&str, Value)]) -> Self {
        let scratch = write_export(files);
        let mut export = SlackExport::open(scratch.path()).expect("opens");
        let (mut lines, mut unreadable) = (Vec::new(), Vec::new());
        while let Some(record) = export.next_record().expect("reads") {
            match record.content {
                Ok(line) => {
                    let json = serde_json::from_slice(&line.json).expect("JSON");
                    lines.push((json, line.origin.expect("an origin")));
                }
                Err(reason) => {
                    unreadable.push(format!("{}, {}: {reason}", record.file, record.place));
                }
            }
        }
        assert_eq!(export.bytes_read(), export.bytes());
        Self {
            lines,
            unreadable,
            unsupported: export.unsupported(),
        }
    }

    fn texts(&self) -> Vec<&str> {
        let texts = self
            .lines
            .iter()
            .filter_map(|(line, _)| line["text"].as_str());
        texts.collect()
    }

    fn senders(&self) -> Vec<&str> {
        let senders = self
            .lines
            .iter()
            .filter_map(|(line, _)| line["sender"].as_str());
        senders.collect()
    }

    fn channels(&self) -> Vec<&str> {
        self.lines
            .iter()
            .map(|(_, origin)| origin.channel.as_str())
            .collect()
    }
}

fn users() -> (&'static str, Value) {
    let user = |id: &str, name: &str| json!({"id": id, "name": name, "team_id": "T1"});
    ("users.json", json!([user("U1", "ann"), user("U2", "bob")]))
}

fn general() -> (&'static str, Value) {
    ("channels.json", json!([{"id": "C1", "name": "general"}]))
}

fn message(n: u32, text: &str) -> Value {
    json!({"type": "message", "user": "U1", "text": text, "ts": format!("160000000{n}.0")})
}

/// An export with a channel, a direct conversation and everything that is not supported.
fn sample_export() -> Vec<(&'static str, Value)> {
    vec![
        (
            "users.json",
            json!([{"id": "U1", "name": "ann", "team_id": "T1"}, {"id": "U2", "name": "bob"}]),
        ),
        (
            "channels.json",
            json!([{"id": "C1", "name": "general", "creator": "U5", "members": ["U1", "U2", "U3", "U4", "U5"]},
                {"id": "C2", "name": "gone"}]),
        ),
        ("dms.json", json!([{"id": "D1", "members": ["U1", "U2"]}])),
        (
            "general/2026-11-02.json",
            json!([
                {"type": "message", "user": "U2", "ts": "1793577600.000200", "text": "an answer",
                 "thread_ts": "1793491200.000100"},
            ]),
        ),
        (
            "general/2026-11-01.json",
            json!([
                {"type": "message", "user": "U1", "ts": "1793491201.5", "text": "second", "edited": {"ts": "1793491300.0"},
                 "reactions": [{"name": "+1", "users": ["U2", "U3"], "count": 4}, {"name": "x".repeat(33), "users": ["U2"]}]},
                {"type": "message", "user": "U1", "ts": "1793491200.000100", "text": "hi <@U2> &amp; all",
                 "thread_ts": "1793491200.000100"},
                {"type": "message", "subtype": "channel_join", "user": "U2", "ts": "1793491199.0", "text": "joined"},
                {"type": "message", "subtype": "channel_join", "user": "U8", "ts": "1793491199.1", "text": "joined"},
                {"type": "message", "subtype": "channel_leave", "user": "U8", "ts": "1793491199.2", "text": "left"},
                {"type": "message", "user": "U9", "ts": "1793491202.0", "text": "", "files": [{"name": "a.png"}]},
                {"type": "message", "user": "U1", "text": "never"},
            ]),
        ),
        (
            "D1/2026-11-01.json",
            json!([{"user": "U1", "ts": "1793491200.0", "text": "psst"}]),
        ),
    ]
}

#[test]
fn messages_are_ordered_and_unsupported_items_are_counted() {
    let export = ExportRecords::read(&sample_export());
    assert_eq!(
        export.texts(),
        ["hi @bob & all", "second", "[a.png]", "an answer", "psst"]
    );
    let lines = export.lines.iter().map(|(line, _)| line);
    let (joins, lines): (Vec<_>, Vec<_>) = lines.partition(|line| line.get("members").is_some());
    let joined = |user: &str, id: &str| json!({"conversation": "general", "title": "general", "members": [user], "id": id});
    let mut expected = [
        joined("U5", "member:U5"),
        joined("bob", "1793491199.0"),
        joined("U4", "member:U4"),
    ];
    expected[1]["joined_at"] = "2026-10-31T23:59:59.000Z".into();
    assert_eq!(joins, expected.iter().collect::<Vec<_>>());
    assert_eq!(
        (&lines[1]["edited_at"], &lines[1]["reactions"]),
        (
            &json!("2026-11-01T00:01:40.000Z"),
            &json!([{"key": "+1", "user": "bob"}, {"key": "+1", "user": "U3"}])
        )
    );
    assert_eq!(
        lines[0]["reply_to"],
        Value::Null,
        "the message starts the thread"
    );
    assert_eq!(
        *lines[3],
        json!({"conversation": "general", "title": "general", "sender": "bob",
            "sent_at": "2026-11-02T00:00:00.000Z", "text": "an answer", "id": "1793577600.000200",
            "reply_to": "1793491200.000100", "thread": "1793491200.000100", "edited_at": null, "reactions": []})
    );
    assert_eq!(
        (&lines[2]["sender"], &lines[1]["sent_at"]),
        (&json!("U9"), &json!("2026-11-01T00:00:01.500Z"))
    );
    let counted: Vec<_> = export.unsupported.into_iter().collect();
    let expected = [
        ("channel_leave", 1),
        ("conversations without a directory", 1),
        ("files (their names are taken)", 1),
        ("joins of users who have left", 1),
        ("reactions whose name is too long", 1),
        ("reactions whose users are not named", 2),
    ];
    assert_eq!(
        counted,
        expected.map(|(what, times)| (what.to_owned(), times))
    );
    assert_eq!(
        export.unreadable,
        ["general/2026-11-01.json, message 7: ts is missing"]
    );
}

#[test]
fn origin_has_the_ids_of_workspace_and_channel() {
    let export = ExportRecords::read(&sample_export());
    let (_, origin) = &export.lines[3];
    let earlier = EarlierKey {
        conversation: "general".into(),
        key: "id:slack:general:1793491201.5".into(),
    };
    assert_eq!(
        *origin,
        RecordOrigin {
            source: "slack:T1".into(),
            channel: "C1".into(),
            earlier: Some(earlier),
            ..RecordOrigin::default()
        }
    );
    let (line, origin) = export.lines.last().expect("a direct message");
    assert_eq!(origin.direct, Some(["ann".into(), "bob".into()]));
    assert_eq!(line["title"], Value::Null);
}

#[test]
fn workspace_without_an_id_is_known_by_its_first_user_and_messages() {
    let origin = |user: &str, created: u32, text: &str| {
        let export = ExportRecords::read(&[
            (
                "users.json",
                json!([{"id": "U1", "name": user}, {"id": "U2", "name": "x"}]),
            ),
            (
                "channels.json",
                json!([{"id": "C1", "name": "a", "created": created, "creator": "U1"}]),
            ),
            (
                "a/2020-09-13.json",
                json!([message(2, "later"), message(1, text)]),
            ),
        ]);
        let (_, origin) = export.lines.into_iter().next().expect("a message");
        (origin.source, origin.channel)
    };
    assert_eq!(origin("ann", 1, "a"), origin("ann", 1, "a"));
    assert_ne!(origin("ann", 1, "a"), origin("bob", 1, "a"));
    assert_ne!(origin("ann", 1, "a"), origin("ann", 2, "a"));
    assert_ne!(origin("ann", 1, "a"), origin("ann", 1, "b"));
}

#[test]
fn null_counts_as_absent() {
    let mut bare = message(2, "b");
    for field in [
        "text",
        "files",
        "reactions",
        "attachments",
        "edited",
        "thread_ts",
        "subtype",
    ] {
        bare[field] = Value::Null;
    }
    bare["files"] = json!([null, {"name": null, "title": "t.png"}]);
    let day = json!([message(1, "a"), bare, message(3, "c")]);
    let lists =
        json!([{"id": "C1", "name": "general", "creator": null, "members": null, "created": null}]);
    let export = ExportRecords::read(&[
        users(),
        ("channels.json", lists),
        ("groups.json", Value::Null),
        ("general/2020-09-13.json", day),
    ]);
    assert_eq!(export.texts(), ["a", "[a file]\n[t.png]", "c"]);
    assert!(export.unreadable.is_empty(), "{:?}", export.unreadable);
}

#[test]
fn unreadable_messages_are_listed_and_do_not_stop_the_rest() {
    let bad = |field: &str, value: Value| {
        let mut bad = message(2, "bad");
        bad[field] = value;
        bad
    };
    for (bad, reason) in [
        (bad("ts", json!(5)), "ts is 5, expected a text"),
        (
            bad("ts", json!("now")),
            "ts is \"now\", expected seconds since 1970",
        ),
        (
            bad("text", json!({"a": 1})),
            "text is {\"a\":1}, expected a text",
        ),
        (json!("text"), "is \"text\", expected an object"),
        (
            bad("reactions", json!([{"users": ["U1"]}])),
            "reactions: name is missing",
        ),
        (
            bad("reactions", json!(["+1"])),
            "reactions: is \"+1\", expected an object",
        ),
        (bad("user", Value::Null), "has no sender"),
        (
            bad("files", json!("a.png")),
            "files is \"a.png\", expected a list",
        ),
    ] {
        let day = json!([message(1, "a"), bad, message(3, "c")]);
        let export = ExportRecords::read(&[users(), general(), ("general/2020-09-13.json", day)]);
        assert_eq!(export.texts(), ["a", "c"]);
        let expected = format!("general/2020-09-13.json, message 2: {reason}");
        assert_eq!(export.unreadable, [expected]);
    }
}

#[test]
fn only_arrays_of_a_day_are_read() {
    let export = ExportRecords::read(&[
        users(),
        general(),
        ("general/2020-09-13.json", json!([message(1, "a")])),
        ("general/2020-09-14.json", json!("{not json")),
        ("general/2020-09-15.json", json!("")),
        ("general/2020-09-16.json", json!({"a": 1})),
        ("general/2020-09-17.json", json!([message(2, "b")])),
        ("general/._2020-09-13.json", json!("\u{5}\u{16}\u{7}")),
        ("general/.DS_Store", json!("x")),
        ("general/canvas_in_the_conversation.json", json!([])),
        ("__MACOSX/general/._2020-09-13.json", json!("x")),
    ]);
    assert_eq!(export.texts(), ["a", "b"]);
    let unreadable: Vec<_> = export
        .unreadable
        .iter()
        .map(|text| text.split(" at ").next().unwrap_or_default())
        .collect();
    assert_eq!(
        unreadable,
        [
            "general/2020-09-14.json, the file: is not JSON: key must be a string",
            "general/2020-09-16.json, the file: is not a list, as the files of a Slack export are",
        ]
    );
    let expected = [
        ("directories without messages".to_owned(), 1),
        ("files that are not the messages of a day".to_owned(), 4),
    ];
    assert_eq!(export.unsupported, BTreeMap::from(expected));
}

#[test]
fn lists_may_be_missing_or_have_items_without_a_name() {
    let export = ExportRecords::read(&[
        ("channels.json", Value::Null),
        (
            "groups.json",
            json!([{"id": "G1", "name": ""}, {"name": "no id"}, "G2"]),
        ),
        ("mpims.json", json!({"not": "a list"})),
        ("G1/2020-09-13.json", json!([message(1, "a")])),
    ]);
    assert_eq!(export.texts(), ["a"]);
    assert_eq!(export.lines[0].0["title"], "G1");
    assert_eq!(
        export.unreadable,
        [
            "groups.json, item 2: id is missing",
            "groups.json, item 3: is \"G2\", expected an object",
            "mpims.json, the file: is not a list, as the files of a Slack export are",
        ]
    );
    let export = ExportRecords::read(&[
        ("dms.json", json!([{"id": "D1", "members": ["U1", "U2"]}])),
        ("D1/2020-09-13.json", json!([message(1, "a")])),
    ]);
    assert_eq!(export.lines[0].1.direct, Some(["U1".into(), "U2".into()]));
}

#[test]
fn directories_of_no_or_of_several_conversations_are_named() {
    let export = ExportRecords::read(&[
        users(),
        (
            "channels.json",
            json!([{"id": "C1", "name": "new"}, {"id": "C2", "name": "twice"}, {"id": "C3", "name": "twice"},
                {"id": "C4", "name": "../new"}]),
        ),
        ("old/2020-09-13.json", json!([message(1, "a")])),
        ("twice/2020-09-13.json", json!([message(1, "b")])),
        ("new/2020-09-13.json", json!([message(1, "c")])),
    ]);
    assert_eq!(export.texts(), ["c"]);
    let named: Vec<_> = export
        .unreadable
        .iter()
        .map(|text| text.split(", so").next().unwrap_or_default())
        .collect();
    assert_eq!(
        named,
        [
            "old, the directory: no list of conversations names this directory",
            "twice, the directory: 2 conversations have this name",
        ]
    );
}

#[test]
fn names_are_compared_in_normal_form() {
    let export = ExportRecords::read(&[
        users(),
        (
            "channels.json",
            json!([{"id": "C1", "name": "gr\u{f6}\u{df}e"}]),
        ),
        (
            "gro\u{308}\u{df}e/2020-09-13.json",
            json!([message(1, "a")]),
        ),
    ]);
    assert_eq!(export.texts(), ["a"]);
    assert!(export.unsupported.is_empty());
}

#[test]
fn a_renamed_channel_stays_the_same() {
    let channel = |name: &'static str| {
        let lists = ("channels.json", json!([{"id": "C1", "name": name}]));
        let path: &'static str = format!("{name}/2020-09-13.json").leak();
        ExportRecords::read(&[users(), lists, (path, json!([message(1, "a")]))])
    };
    let (before, after) = (channel("old"), channel("new"));
    assert_eq!(before.channels(), after.channels());
    assert_eq!(before.lines[0].0["id"], after.lines[0].0["id"]);
}

#[test]
fn words_and_names_of_bots_and_comments_are_taken() {
    let comment = json!({"type": "message", "subtype": "file_comment", "text": "nice",
        "comment": {"user": "U2", "comment": "nice"}, "ts": "1600000002.0"});
    let bot = |n: u32, fields: Value| {
        let mut bot = json!({"type": "message", "subtype": "bot_message", "text": "", "ts": format!("160000000{n}.0")});
        for (field, value) in fields.as_object().expect("fields") {
            bot[field] = value.clone();
        }
        bot
    };
    let deploy =
        json!({"bot_id": "B1", "username": "deploy", "attachments": [{"fallback": "done"}]});
    let impostor = json!({"bot_id": "B1", "username": "bob", "text": "not bob"});
    let nameless = json!({"bot_id": "B1", "text": "x", "blocks": [{"type": "section", "text": {"text": "y"}}]});
    let known = json!({"bot_id": "B2", "blocks": [{"type": "section", "text": {"text": "block"}}]});
    let day = json!([
        comment,
        bot(3, deploy),
        bot(4, impostor),
        bot(5, nameless),
        bot(6, known)
    ]);
    let users = json!([{"id": "U1", "name": "ann"}, {"id": "U2", "name": "bob"},
        {"id": "U3", "name": "helper", "profile": {"bot_id": "B2"}}]);
    let export = ExportRecords::read(&[
        ("users.json", users),
        general(),
        ("general/2020-09-13.json", day),
    ]);
    assert_eq!(export.texts(), ["nice", "done", "not bob", "x", "block"]);
    assert_eq!(
        export.senders(),
        ["bob", "deploy", "bob (bot)", "B1", "helper"]
    );
}

#[test]
fn private_conversations_have_no_title() {
    let export = ExportRecords::read(&[
        users(),
        (
            "mpims.json",
            json!([{"id": "G1", "name": "mpdm-ann--bob--eve-1", "members": ["U1", "U2", "U3"]}]),
        ),
        ("dms.json", json!([{"id": "D1", "members": ["U1", "U1"]}])),
        (
            "mpdm-ann--bob--eve-1/2020-09-13.json",
            json!([message(1, "a")]),
        ),
        ("D1/2020-09-13.json", json!([message(1, "note")])),
    ]);
    assert_eq!(export.texts(), ["a", "note"]);
    for (line, origin) in &export.lines {
        assert_eq!((&line["title"], &origin.direct), (&Value::Null, &None));
    }
}

#[test]
fn exports_have_a_list_of_conversations() {
    assert!(is_export(write_export(&[("dms.json", Value::Null)]).path()));
    assert!(!is_export(
        write_export(&[("users.json", json!([]))]).path()
    ));
}
