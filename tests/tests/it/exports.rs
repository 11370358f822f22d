//! Exports of other systems: what is imported of them is served with its times, authors, edits, reactions, answers
//! and members, and importing them again adds nothing.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tests::client::Client;
use tests::corpus::import_file;
use tests::feed;
use tests::world::World;

fn write(path: &Path, content: &Value) {
    let parent = path.parent().expect("a parent");
    std::fs::create_dir_all(parent).expect("a directory");
    std::fs::write(path, content.to_string()).expect("written");
}

/// An export of a workspace of four, one of whom has left.
fn slack(dir: &Path) -> PathBuf {
    let export = dir.join("slack");
    let users = ["ann", "ben", "cid", "dee"];
    let listed = |(n, name): (usize, &&str)| json!({ "id": format!("U{n}"), "name": name });
    let users: Vec<Value> = users.iter().enumerate().map(listed).collect();
    let channels =
        json!([{"id": "C1", "name": "general", "members": ["U0", "U1", "U2"], "creator": "U0"}]);
    write(&export.join("users.json"), &json!(users));
    write(&export.join("channels.json"), &channels);
    let day = json!([
        {"type": "message", "subtype": "channel_join", "user": "U1", "ts": "1577836800.000100", "text": "joined"},
        {"type": "message", "subtype": "channel_join", "user": "U3", "ts": "1577836801.000100", "text": "joined"},
        {"type": "message", "user": "U0", "ts": "1577836802.000100", "text": "one", "thread_ts": "1577836802.000100",
         "edited": {"user": "U0", "ts": "1577836900.000000"},
         "reactions": [{"name": "+1", "users": ["U1", "U0"], "count": 2}]},
        {"type": "message", "subtype": "channel_leave", "user": "U3", "ts": "1577836803.000100", "text": "left"},
    ]);
    write(&export.join("general/2020-01-01.json"), &day);
    let day = json!([
        {"type": "message", "user": "U1", "ts": "1577923200.000100", "text": "two", "thread_ts": "1577836802.000100"},
    ]);
    write(&export.join("general/2020-01-02.json"), &day);
    export
}

/// What Element writes, with an edit and reactions as a server has them.
fn matrix(dir: &Path) -> PathBuf {
    let file = dir.join("matrix.json");
    let event = |id: &str, sender: &str, at: i64, kind: &str, content: Value| {
        json!({"event_id": id, "room_id": "!r:x", "sender": sender, "origin_server_ts": at, "type": kind,
            "content": content, "state_key": sender})
    };
    let said = |text: &str| json!({"msgtype": "m.text", "body": text});
    let edited = json!({"msgtype": "m.text", "body": "* one", "m.new_content": said("one"),
        "m.relates_to": {"rel_type": "m.replace", "event_id": "$1"}});
    let answer = json!({"msgtype": "m.text", "body": "> <@ann:x> oen\n\ntwo",
        "m.relates_to": {"m.in_reply_to": {"event_id": "$1"}}});
    let react =
        json!({"m.relates_to": {"rel_type": "m.annotation", "event_id": "$1", "key": "👍"}});
    let join = || json!({"membership": "join"});
    let messages = json!([
        event("$j1", "@ann:x", 1_577_836_800_000, "m.room.member", join()),
        event("$j2", "@eve:x", 1_577_836_801_000, "m.room.member", join()),
        event(
            "$1",
            "@ann:x",
            1_577_836_802_000,
            "m.room.message",
            said("oen")
        ),
        event("$2", "@ben:x", 1_577_836_803_000, "m.room.message", answer),
        event(
            "$3",
            "@ben:x",
            1_577_836_804_000,
            "m.room.message",
            said("gone")
        ),
        event("$e", "@ann:x", 1_577_836_805_000, "m.room.message", edited),
        event("$a", "@cid:x", 1_577_836_806_000, "m.reaction", react),
        event(
            "$x",
            "@ben:x",
            1_577_836_807_000,
            "m.room.redaction",
            json!({"redacts": "$3"})
        ),
    ]);
    let text = format!(
        "{{\n  \"room_name\": \"Old friends\",\n  \"room_creator\": \"ann\",\n  \"topic\": \"\",\n  \
         \"export_date\": \"\",\n  \"exported_by\": \"ann\",\n  \"messages\": {messages}\n}}"
    );
    std::fs::write(&file, text).expect("written");
    file
}

/// The messages of the only conversation of this reader, and its members.
async fn shown(reader: &Client, head: i64) -> (String, Vec<Value>, Vec<(String, String)>) {
    let inbox = reader
        .get_ok(&format!("/v1/inbox?min_position={head}"))
        .await;
    let rows = inbox["conversations"].as_array().expect("rows");
    assert_eq!(rows.len(), 1, "{inbox}");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let id = text(&rows[0]["id"]);
    let history = feed::read_history(reader, &id, head).await;
    let members = reader
        .get_ok(&format!("/v1/conversations/{id}/members"))
        .await;
    let mut members: Vec<_> = members["members"]
        .as_array()
        .expect("members")
        .iter()
        .map(|member| (text(&member["user"]), text(&member["role"])))
        .collect();
    members.sort();
    (text(&rows[0]["title"]), history, members)
}

fn picked(message: &Value) -> Value {
    let fields = [
        "sender",
        "sent_at",
        "edited_at",
        "reply_to",
        "reactions",
        "recalled",
    ];
    let mut picked: serde_json::Map<String, Value> = fields
        .iter()
        .map(|field| ((*field).to_owned(), message[*field].clone()))
        .collect();
    picked.insert("text".into(), message["body"]["text"].clone());
    picked.into()
}

fn roles(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter()
        .map(|(user, role)| ((*user).to_owned(), (*role).to_owned()))
        .collect()
}

/// Imports twice; gives the report of the first time and the head.
async fn imported(world: &World, path: &Path) -> (Value, i64) {
    let report = import_file(world, path).await;
    let head = tests::log::check_positions(&world.pool)
        .await
        .expect("the log is whole");
    world.wait_until_projected(head).await;
    world.run_ok(&["verify"]).await;
    let again = import_file(world, path).await;
    let after = tests::log::head(&world.pool).await.expect("a head");
    assert_eq!(after, head, "a second import appended: {again}");
    assert_eq!(
        (&again["messages"], &again["already_present"]),
        (&json!(0), &report["messages"])
    );
    (report, head)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slack_export_is_served_as_it_was() {
    let world = World::start().await;
    let (report, head) = imported(&world, &slack(&world.dir)).await;
    assert_eq!(report["messages"], 2, "{report}");
    assert_eq!(
        report["not_taken_over"],
        json!({"channel_leave": 1, "joins of users who have left": 1})
    );
    let (title, history, members) = shown(&world.user("cid"), head).await;
    assert_eq!(title, "general");
    assert_eq!(
        history.iter().map(picked).collect::<Vec<_>>(),
        [
            json!({"sender": "ann", "sent_at": "2020-01-01T00:00:02.000Z", "edited_at": "2020-01-01T00:01:40.000Z",
                "reply_to": null, "reactions": {"+1": ["ben", "ann"]}, "recalled": false, "text": "one"}),
            json!({"sender": "ben", "sent_at": "2020-01-02T00:00:00.000Z", "edited_at": null,
                "reply_to": 1, "reactions": {}, "recalled": false, "text": "two"}),
        ]
    );
    assert_eq!(
        members,
        roles(&[("ann", "owner"), ("ben", "member"), ("cid", "member")])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_matrix_export_is_served_as_it_was() {
    let world = World::start().await;
    let (report, head) = imported(&world, &matrix(&world.dir)).await;
    assert_eq!(report["messages"], 2, "{report}");
    assert_eq!(report["not_taken_over"], json!({"redacted messages": 1}));
    let eve = world.user("@eve:x");
    let (title, history, members) = shown(&eve, head).await;
    assert_eq!(title, "Old friends");
    assert_eq!(
        history.iter().map(picked).collect::<Vec<_>>(),
        [
            json!({"sender": "@ann:x", "sent_at": "2020-01-01T00:00:02.000Z", "edited_at": "2020-01-01T00:00:05.000Z",
                "reply_to": null, "reactions": {"👍": ["@cid:x"]}, "recalled": false, "text": "one"}),
            json!({"sender": "@ben:x", "sent_at": "2020-01-01T00:00:03.000Z", "edited_at": null,
                "reply_to": 1, "reactions": {}, "recalled": false, "text": "two"}),
        ]
    );
    let expected = [
        ("@ann:x", "owner"),
        ("@ben:x", "member"),
        ("@cid:x", "member"),
        ("@eve:x", "member"),
    ];
    assert_eq!(members, roles(&expected));
    // What was said at first is in the log, as that of every edited message.
    let original: Value = sqlx::query_scalar(
        "SELECT convert_from(payload, 'UTF8')::jsonb FROM log.events WHERE event_type = 'message_sent' ORDER BY position",
    )
    .fetch_one(&world.pool)
    .await
    .expect("a message");
    assert_eq!(original["body"]["text"], "oen");
}
