//! Tests with small Matrix exports.

use std::io::Write as _;

use serde_json::json;

use super::*;

fn open_export(text: &str) -> Option<MatrixExport> {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(text.as_bytes()).expect("written");
    let mut source = LineReader::open(file.path()).expect("opens");
    let start = source.peek_start(1024).expect("reads");
    Some(MatrixExport::new(
        source,
        MatrixFormat::detect(&start)?,
        Path::new("old room.json"),
    ))
}

/// Reads all lines, and returns them with the unsupported items.
fn read_all(text: &str) -> (Vec<Value>, BTreeMap<String, u64>) {
    let mut matrix = open_export(text).expect("an export");
    let next = || matrix.next_record().expect("reads");
    let line = |record: ImportRecord| {
        let line = record.content.expect("readable");
        serde_json::from_slice(&line.json).expect("JSON")
    };
    let lines = std::iter::from_fn(next).map(line).collect();
    assert_eq!(matrix.bytes_read(), text.len() as u64);
    (lines, matrix.unsupported())
}

fn event(id: &str, sender: &str, at: i64, kind: &str, content: impl Into<Value>) -> Value {
    json!({"event_id": id, "room_id": "!room:x", "sender": sender, "origin_server_ts": at, "type": kind,
        "content": content.into()})
}

fn message(id: &str, sender: &str, at: i64, text: &str) -> Value {
    event(
        id,
        sender,
        at,
        "m.room.message",
        json!({"msgtype": "m.text", "body": text}),
    )
}

fn edit(id: &str, sender: &str, at: i64, of: &str, text: &str) -> Value {
    let content = json!({"msgtype": "m.text", "body": format!("* {text}"),
        "m.new_content": {"msgtype": "m.text", "body": text}, "m.relates_to": {"rel_type": "m.replace", "event_id": of}});
    event(id, sender, at, "m.room.message", content)
}

fn reaction(id: &str, sender: &str, to: &str, key: &str) -> Value {
    let relation = json!({"rel_type": "m.annotation", "event_id": to, "key": key});
    event(
        id,
        sender,
        9,
        "m.reaction",
        json!({ "m.relates_to": relation }),
    )
}

fn member(id: &str, user: &str, membership: &str) -> Value {
    let mut event = event(
        id,
        user,
        1,
        "m.room.member",
        json!({ "membership": membership }),
    );
    event["state_key"] = user.into();
    event
}

fn counted(expected: &[(&str, u64)]) -> BTreeMap<String, u64> {
    let owned = |(what, times): &(&str, u64)| ((*what).to_owned(), *times);
    expected.iter().map(owned).collect()
}

#[test]
fn format_is_detected() {
    for (text, form) in [
        ("[", Some(MatrixFormat::Array)),
        ("\n [{\"type\":", Some(MatrixFormat::Array)),
        ("{\n  \"room_name\": \"A\",", Some(MatrixFormat::Element)),
        (
            r#"{"room_name":"A","topic":"","messages":[]}"#,
            Some(MatrixFormat::Element),
        ),
        (
            "{\"type\":\"m.room.create\",\"sender\":\"@a:x\",\"content\":{},\"origin_server_ts\":1}\n{",
            Some(MatrixFormat::Lines),
        ),
        ("", None),
        ("{ not json\n{}", None),
        ("{}", None),
        ("nonsense", None),
        (
            r#"{"conversation":"a","sender":"ann","sent_at":"2026-11-01T09:30:00Z","text":"x"}"#,
            None,
        ),
        (
            r#"{"room_name":"a","messages":[],"conversation":"a"}"#,
            None,
        ),
        (
            r#"{"type":"x","sender":"ann","content":{},"origin_server_ts":1,"conversation":"a"}"#,
            None,
        ),
    ] {
        assert_eq!(MatrixFormat::detect(text.as_bytes()), form, "{text}");
    }
}

/// A room with everything that can happen to a message or a member.
fn busy_room() -> Value {
    let mut answer = message("$2", "@ben:x", 3_000, "two");
    answer["content"]["m.relates_to"] = json!({"m.in_reply_to": {"event_id": "$1"}});
    json!([
        event("$c", "@ann:x", 1, "m.room.create", json!({})),
        event(
            "$n",
            "@ann:x",
            1,
            "m.room.name",
            json!({"name": "The room"})
        ),
        member("$j1", "@ann:x", "join"),
        member("$j2", "@eve:x", "join"),
        member("$j3", "@ann:x", "join"),
        member("$j4", "@gone:x", "join"),
        message("$1", "@ann:x", 2_000, "oen"),
        edit("$e2", "@ann:x", 5_000, "$1", "one"),
        edit("$e1", "@ann:x", 4_000, "$1", "on"),
        edit("$e3", "@ben:x", 6_000, "$1", "not mine"),
        answer,
        message("$3", "@ben:x", 3_500, "never mind"),
        event(
            "$r",
            "@ben:x",
            3_600,
            "m.room.redaction",
            json!({"redacts": "$3"})
        ),
        reaction("$a1", "@ben:x", "$1", "👍"),
        reaction("$a2", "@eve:x", "$1", "👍"),
        reaction("$a3", "@eve:x", "$3", "👍"),
        reaction("$a4", "@eve:x", "$1", &"x".repeat(33)),
        reaction("$a5", "@eve:x", "$2", "no"),
        event(
            "$r2",
            "@eve:x",
            3_600,
            "m.room.redaction",
            json!({"redacts": "$a5"})
        ),
        member("$j5", "@gone:x", "leave"),
        json!(17),
    ])
}

#[test]
fn events_about_a_message_are_combined_with_it() {
    let (lines, unmapped) = read_all(&busy_room().to_string());
    let in_room = |mut line: Value, id: &str| {
        line["conversation"] = "!room:x".into();
        line["title"] = "The room".into();
        line["id"] = id.into();
        line
    };
    let first = "1970-01-01T00:00:00.001Z";
    let expected = [
        in_room(json!({"members": ["@ann:x"], "joined_at": first}), "$j1"),
        in_room(json!({"members": ["@eve:x"], "joined_at": first}), "$j2"),
        in_room(
            json!({"sender": "@ann:x", "sent_at": "1970-01-01T00:00:02.000Z", "text": "one", "original": "oen",
                "edited_at": "1970-01-01T00:00:05.000Z", "reply_to": null,
                "reactions": [{"key": "👍", "user": "@ben:x"}, {"key": "👍", "user": "@eve:x"}]}),
            "$1",
        ),
        in_room(
            json!({"sender": "@ben:x", "sent_at": "1970-01-01T00:00:03.000Z", "text": "two", "original": null,
                "edited_at": null, "reply_to": "$1", "reactions": []}),
            "$2",
        ),
    ];
    assert_eq!(lines, expected);
    let expected = counted(&[
        ("changes of a member's profile", 1),
        ("edits before the last one", 1),
        ("edits by somebody else", 1),
        ("joins of users who have left", 1),
        ("m.room.create", 1),
        ("m.room.member leave", 1),
        ("reactions to messages that are not there", 1),
        ("reactions whose key is too long", 1),
        ("redacted messages", 1),
        ("redacted reactions", 1),
        ("things that are no events", 1),
    ]);
    assert_eq!(unmapped, expected);
}

#[test]
fn element_export_bundles_edits_and_redactions() {
    let mut edited = message("$1", "@ann:x", 2_000, "newest");
    edited["unsigned"] =
        json!({"m.relations": {"m.replace": {"event_id": "$e", "origin_server_ts": 3_000}}});
    let mut whole = message("$2", "@ann:x", 2_500, "frist");
    whole["unsigned"] =
        json!({"m.relations": {"m.replace": edit("$e", "@ann:x", 4_000, "$2", "first")}});
    let mut redacted = event("$3", "@ann:x", 2_700, "m.room.message", json!({}));
    redacted["unsigned"] = json!({"redacted_because": {"type": "m.room.redaction"}});
    let export = json!({"room_name": "A room", "room_creator": "Ann", "topic": "", "export_date": "today",
        "exported_by": "Ann", "messages": [edited, whole, redacted]});
    let text = serde_json::to_string_pretty(&export).expect("JSON");
    // Element writes `room_name` first, whereas the keys of the map above are sorted.
    let (lines, unmapped) = read_all(&format!(
        "{{\n  \"room_name\": \"A room\",\n{}",
        text.trim_start_matches('{')
            .replace(",\n  \"room_name\": \"A room\"", "")
            .trim_start()
    ));
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["title"], "A room");
    assert_eq!(
        [
            &lines[0]["text"],
            &lines[0]["original"],
            &lines[0]["edited_at"]
        ],
        [
            &json!("newest"),
            &Value::Null,
            &json!("1970-01-01T00:00:03.000Z")
        ]
    );
    assert_eq!(
        [
            &lines[1]["text"],
            &lines[1]["original"],
            &lines[1]["edited_at"]
        ],
        [
            &json!("first"),
            &json!("frist"),
            &json!("1970-01-01T00:00:04.000Z")
        ]
    );
    assert_eq!(unmapped, counted(&[("redacted messages", 1)]));
}

#[test]
fn events_without_a_room_use_the_file_name_and_may_be_reversed() {
    let mut one = message("$1", "@ann:x", 2_000, "one");
    let mut two = message("$2", "@ann:x", 3_000, "two");
    one["room_id"].take();
    two["room_id"].take();
    let (lines, unmapped) = read_all(&format!("{two}\n\nno event\n{one}\n"));
    let shown: Vec<_> = lines
        .iter()
        .map(|line| (&line["conversation"], &line["title"], &line["text"]))
        .collect();
    let room = json!("old room");
    assert_eq!(
        shown,
        [(&room, &room, &json!("one")), (&room, &room, &json!("two"))]
    );
    assert_eq!(unmapped, counted(&[("things that are no events", 1)]));
}

#[test]
fn invalid_or_too_large_exports_are_rejected() {
    for broken in ["[{\"type\":", "[17]", "[]", "{\n\"room_name\": \"A\"}"] {
        let mut matrix = open_export(broken).expect("looks like one");
        assert!(matrix.next_record().is_err(), "{broken}");
    }
    let events = json!([message("$1", "@ann:x", 1, "one")]).to_string();
    let line = message("$1", "@ann:x", 1, "one").to_string();
    for text in [events, line] {
        let (source, form) = open_export(&text)
            .expect("an export")
            .source
            .expect("unread");
        let error = read_events(source, form, 20).expect_err("rejected");
        assert!(format!("{error:#}").contains("MiB"), "{error:#}");
    }
}
