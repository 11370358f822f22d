//! Tests of the lines of a file of JSON lines.

use super::*;

fn parse(json: &str) -> Result<ParsedLine, String> {
    ParsedLine::parse(7, json.as_bytes(), None, &mut LineContext::default())
}

const GOOD: &str = r##"{"conversation":"#rust","sender":"ann","sent_at":"2026-11-01T10:30:00+01:00","text":" hi ","id":"a1","reply_to":5}"##;

#[test]
fn line_is_converted_to_the_format_of_the_endpoint() {
    let line = parse(GOOD).expect("valid");
    assert_eq!(
        serde_json::to_value(&line).expect("serialises"),
        serde_json::json!({
            "line": 7, "conversation": line.conversation, "source": line.source,
            "preferred": "c_229417c755094f6a28f041a3", "title": "#rust", "key": "id:a1", "id": "a1",
            "sender": "ann", "sent_at": "2026-11-01T09:30:00.000Z", "text": " hi ", "reply_to": "5",
        })
    );
}

#[test]
fn edits_reactions_and_members_are_converted() {
    let json = r#"{"conversation":"a","title":"A room","sender":"ann","sent_at":"2026-11-01T09:30:00Z","text":"hi","id":"1",
        "edited_at":"2026-11-01T10:31:00+01:00","original":"ih","reactions":[{"key":"+1","user":"b\u0007en"}]}"#;
    let line = serde_json::to_value(parse(json).expect("valid")).expect("serialises");
    assert_eq!(
        line,
        serde_json::json!({
            "line": 7, "conversation": line["conversation"], "source": line["source"], "preferred": "a",
            "title": "A room", "key": "id:1", "id": "1", "sender": "ann",
            "sent_at": "2026-11-01T09:30:00.000Z", "text": "hi", "edited_at": "2026-11-01T09:31:00.000Z",
            "original": "ih", "reactions": [{"key": "+1", "user": "ben"}],
        })
    );
    let joined = parse(r#"{"conversation":"a","members":["ann","ben"]}"#).expect("valid");
    let again = parse(r#"{"conversation":"a","members":["ann","ben"]}"#).expect("valid");
    assert_eq!(joined, again);
    let line = serde_json::to_value(&joined).expect("serialises");
    assert_eq!(line["members"], serde_json::json!(["ann", "ben"]));
    assert!(joined.key.starts_with("m:") && line.get("sender").is_none());
    assert!(line.get("joined_at").is_none());
    let timed =
        r#"{"conversation":"a","members":["ann","ben"],"joined_at":"2019-03-04T09:00:00+01:00"}"#;
    let timed = parse(timed).expect("valid");
    assert_eq!(timed.key, joined.key, "the time does not identify a line");
    let line = serde_json::to_value(&timed).expect("serialises");
    assert_eq!(line["joined_at"], "2019-03-04T08:00:00.000Z");
}

#[test]
fn fields_that_a_line_does_not_have_are_named() {
    let base = r#""conversation":"a","sender":"ann","sent_at":"2026-11-01T09:30:00Z","text":"hi""#;
    let fields = |json: String| parse(&json).expect("valid").unknown_fields;
    for (more, names) in [
        ("", vec![]),
        (r#","topic":"t1","colour":null"#, vec!["topic"]),
        (r#","joined_at":"2026-11-01T09:30:00Z""#, vec!["joined_at"]),
        (
            r#","reactions":[{"key":"+1","user":"bob","at":1}],"a\u001bb":1"#,
            vec!["reactions.0.at", "ab"],
        ),
    ] {
        assert_eq!(fields(format!("{{{base}{more}}}")), names, "{more}");
    }
    let members = r#"{"conversation":"a","members":["ann"],"reply_to":"x","reactions":[]}"#;
    assert_eq!(fields(members.to_owned()), ["reply_to", "reactions"]);
    let line = parse(r#"{"conversation":"a","members":["ann"],"x":1} y"#);
    assert!(line.is_err_and(|reason| reason.contains("trailing characters")));
}

#[test]
fn users_of_a_line_are_all_whom_it_names() {
    let line = parse(
        r#"{"conversation":"a","sender":"ann","sent_at":"2026-11-01T09:30:00Z","text":"hi",
        "reactions":[{"key":"+1","user":"bob"}]}"#,
    );
    assert_eq!(line.expect("valid").users(), ["ann", "bob"]);
    let line = parse(r#"{"conversation":"a","members":["cid","dan"]}"#);
    assert_eq!(line.expect("valid").users(), ["cid", "dan"]);
}

/// The lines of a file, parsed one after the other.
fn parse_file(lines: &[&str], mut context: LineContext) -> Vec<ParsedLine> {
    let mut parse = |line: &&str| ParsedLine::parse(1, line.as_bytes(), None, &mut context);
    lines.iter().map(|line| parse(line).expect(line)).collect()
}

#[test]
fn first_line_of_a_conversation_identifies_its_source() {
    let line = |sender: &str, text: &str| {
        format!(
            r#"{{"conversation":"a","sender":"{sender}","sent_at":"2026-11-01T09:30:00Z","text":"{text}"}}"#
        )
    };
    let (one, two, three) = (line("ann", "one"), line("ben", "two"), line("ann", "three"));
    let id = |lines: &[&str]| {
        let lines = parse_file(lines, LineContext::default());
        let ids = lines.iter().map(|line| (&line.source, &line.conversation));
        assert!(ids.clone().all(|id| Some(id) == ids.clone().next()));
        lines[0].conversation.clone()
    };
    assert_eq!(id(&[&one, &two]), id(&[&one, &two, &three]));
    assert_ne!(id(&[&one, &two]), id(&[&two, &one]));
    let named = || LineContext::new(UserNames::default(), Some("acme".into()));
    let named = [parse_file(&[&one], named()), parse_file(&[&two], named())];
    assert_eq!(named[0][0].conversation, named[1][0].conversation);
    assert_eq!(named[0][0].preferred.as_deref(), Some("a"));
}

#[test]
fn users_are_renamed_but_recognised_by_their_names() {
    let renamed = || {
        let users = UserNames::open(Some("irc:"), None).expect("a prefix");
        LineContext::new(users, None)
    };
    let lines = [
        r#"{"conversation":"a","members":["ann"]}"#,
        r#"{"conversation":"a","sender":"ann","sent_at":"2026-11-01T09:30:00Z","text":"x","reactions":[{"key":"+1","user":"ben"}]}"#,
    ];
    let plain = parse_file(&lines, LineContext::default());
    let renamed = parse_file(&lines, renamed());
    for (one, other) in plain.iter().zip(&renamed) {
        assert_eq!(
            (&one.key, &one.conversation),
            (&other.key, &other.conversation)
        );
    }
    let line = serde_json::to_value(&renamed).expect("serialises");
    assert_eq!(line[0]["members"], serde_json::json!(["irc:ann"]));
    assert_eq!(line[1]["sender"], "irc:ann");
    assert_eq!(line[1]["reactions"][0]["user"], "irc:ben");
}

#[test]
fn line_of_an_export_has_the_origin_of_the_export() {
    let origin = RecordOrigin {
        source: "slack:T1".into(),
        channel: "D1".into(),
        direct: Some(["ann".into(), "ben".into()]),
        ..RecordOrigin::default()
    };
    let json = br#"{"conversation":"D1","members":["ann"],"id":"m"}"#;
    let line = |origin| ParsedLine::parse(1, json, Some(origin), &mut LineContext::default());
    let parsed = line(origin.clone()).expect("valid");
    assert_eq!(parsed.conversation, derive_source_id("slack:T1", "D1"));
    assert_eq!((&parsed.title, &parsed.preferred), (&None, &None));
    assert_eq!(parsed.direct, Some(["ann".into(), "ben".into()]));
    let alone = RecordOrigin {
        direct: Some(["ann".into(), "ann".into()]),
        ..origin
    };
    assert_eq!(line(alone).expect("valid").direct, None);
}

#[test]
fn senders_and_titles_are_stripped_and_truncated() {
    let name = format!("a\\u0007{}", "é".repeat(300));
    let json = format!(
        r#"{{"conversation":"{name}","sender":"{name}","sent_at":"2026-11-01T09:30:00Z","text":"x"}}"#
    );
    let line = parse(&json).expect("valid");
    let LineBody::Message(message) = &line.body else {
        panic!("is a message");
    };
    assert_eq!(message.sender, format!("a{}", "é".repeat(127)));
    assert_eq!(line.title, Some(format!("a{}", "é".repeat(199))));
}

#[test]
fn rejection_states_its_reason() {
    let with = |field: &str, value: &str| {
        let mut json: serde_json::Map<String, Value> = serde_json::from_str(GOOD).expect("json");
        if value.is_empty() {
            json.remove(field);
        } else {
            json.insert(field.into(), serde_json::from_str(value).expect("json"));
        }
        Value::from(json).to_string()
    };
    let cases = [
        ("nonsense".to_owned(), "not a JSON object"),
        ("[1]".to_owned(), "not a JSON object"),
        ("{\"conversation\":".to_owned(), "not a message"),
        (with("conversation", ""), "conversation is missing"),
        (
            with("conversation", "\" \\u0001\""),
            "conversation is empty",
        ),
        (with("sender", "null"), "sender is missing"),
        (with("sender", "\"\\u0001\\u0002\""), "sender is empty"),
        (with("sender", "17"), "not a message"),
        (with("sent_at", "\"yesterday\""), "is not an RFC 3339 time"),
        (with("sent_at", ""), "sent_at is missing"),
        (with("text", ""), "text is missing"),
        (with("text", "\"a\\u0000b\""), "U+0000"),
        (with("id", "[]"), "id is neither"),
        (
            with("edited_at", "\"now\""),
            "edited_at \"now\" is not an RFC 3339 time",
        ),
        (with("original", "\"x\""), "edited_at is missing"),
        (with("reactions", "[{\"key\":\"x\"}]"), "not a message"),
        (
            with("reactions", "[{\"key\":\"x\",\"user\":\"\"}]"),
            "user of a reaction is empty",
        ),
        (with("members", "[\"ann\"]"), "has members"),
        (
            with("text", "\"x\"").replace("\"x\"", "\"\\ud800\""),
            "not a message",
        ),
    ];
    for (json, reason) in cases {
        let rejection = parse(&json).expect_err(&json);
        assert!(rejection.contains(reason), "{json}: {rejection}");
    }
    let rejection = ParsedLine::parse(1, b"{\"text\":\"\xff\"}", None, &mut LineContext::default());
    assert_eq!(rejection, Err("is not UTF-8".to_owned()));
}
