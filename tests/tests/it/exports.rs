//! Imports of exports of other systems: messages keep their times, authors, edits, reactions and
//! replies, conversations keep their members, and a second import adds nothing.

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

/// A Slack export of a workspace of four users, one of whom has left.
pub(crate) fn write_slack_export(dir: &Path) -> PathBuf {
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

/// A Matrix export as Element writes it, with an edit and a reaction.
pub(crate) fn write_matrix_export(dir: &Path) -> PathBuf {
    let file = dir.join("matrix.json");
    let event = |id: &str, sender: &str, at: i64, kind: &str, content: Value| {
        json!({"event_id": id, "room_id": "!r:x", "sender": sender, "origin_server_ts": at, "type": kind,
            "content": content, "state_key": sender})
    };
    let content = |text: &str| json!({"msgtype": "m.text", "body": text});
    let edited = json!({"msgtype": "m.text", "body": "* one", "m.new_content": content("one"),
        "m.relates_to": {"rel_type": "m.replace", "event_id": "$1"}});
    let reply = json!({"msgtype": "m.text", "body": "> <@ann:x> oen\n\ntwo",
        "m.relates_to": {"m.in_reply_to": {"event_id": "$1"}}});
    let reaction =
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
            content("oen")
        ),
        event("$2", "@ben:x", 1_577_836_803_000, "m.room.message", reply),
        event(
            "$3",
            "@ben:x",
            1_577_836_804_000,
            "m.room.message",
            content("gone")
        ),
        event("$e", "@ann:x", 1_577_836_805_000, "m.room.message", edited),
        event("$a", "@cid:x", 1_577_836_806_000, "m.reaction", reaction),
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

/// The title, the messages and the members of the only conversation of a user.
async fn only_conversation(
    reader: &Client,
    head: i64,
) -> (String, Vec<Value>, Vec<(String, String)>) {
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

/// The fields of a message that an import sets.
fn imported_fields(message: &Value) -> Value {
    let fields = [
        "sender",
        "sent_at",
        "edited_at",
        "reply_to",
        "reactions",
        "recalled",
    ];
    let mut imported: serde_json::Map<String, Value> = fields
        .iter()
        .map(|field| ((*field).to_owned(), message[*field].clone()))
        .collect();
    imported.insert("text".into(), message["body"]["text"].clone());
    imported.into()
}

fn owned(members: &[(&str, &str)]) -> Vec<(String, String)> {
    members
        .iter()
        .map(|(user, role)| ((*user).to_owned(), (*role).to_owned()))
        .collect()
}

/// Imports a file twice; returns the report of the first import and the head of the log.
async fn import_twice(world: &World, path: &Path) -> (Value, i64) {
    let report = import_file(world, path).await;
    let head = tests::log::check_positions(&world.pool)
        .await
        .expect("the log is whole");
    world.wait_until_projected(head).await;
    world.run_ok(&["verify"]).await;
    let repeated = import_file(world, path).await;
    let after = tests::log::head(&world.pool).await.expect("a head");
    assert_eq!(after, head, "a second import appended: {repeated}");
    assert_eq!(
        (&repeated["messages"], &repeated["already_present"]),
        (&json!(0), &report["messages"])
    );
    (report, head)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slack_export_is_served_unchanged() {
    let world = World::start().await;
    let (report, head) = import_twice(&world, &write_slack_export(&world.dir)).await;
    assert_eq!(report["messages"], 2, "{report}");
    assert_eq!(
        report["not_taken_over"],
        json!({"channel_leave": 1, "joins of users who have left": 1})
    );
    let (title, history, members) = only_conversation(&world.user("cid"), head).await;
    assert_eq!(title, "general");
    assert_eq!(
        history.iter().map(imported_fields).collect::<Vec<_>>(),
        [
            json!({"sender": "ann", "sent_at": "2020-01-01T00:00:02.000Z", "edited_at": "2020-01-01T00:01:40.000Z",
                "reply_to": null, "reactions": {"+1": ["ben", "ann"]}, "recalled": false, "text": "one"}),
            json!({"sender": "ben", "sent_at": "2020-01-02T00:00:00.000Z", "edited_at": null,
                "reply_to": 1, "reactions": {}, "recalled": false, "text": "two"}),
        ]
    );
    assert_eq!(
        members,
        owned(&[("ann", "owner"), ("ben", "member"), ("cid", "member")])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_matrix_export_is_served_unchanged() {
    let world = World::start().await;
    let (report, head) = import_twice(&world, &write_matrix_export(&world.dir)).await;
    assert_eq!(report["messages"], 2, "{report}");
    assert_eq!(report["not_taken_over"], json!({"redacted messages": 1}));
    let eve = world.user("@eve:x");
    let (title, history, members) = only_conversation(&eve, head).await;
    assert_eq!(title, "Old friends");
    assert_eq!(
        history.iter().map(imported_fields).collect::<Vec<_>>(),
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
    assert_eq!(members, owned(&expected));
    // The original text of an edited message is in the log.
    let original: Value = sqlx::query_scalar(
        "SELECT convert_from(payload, 'UTF8')::jsonb FROM log.events WHERE event_type = 'message_sent' ORDER BY position",
    )
    .fetch_one(&world.pool)
    .await
    .expect("a message");
    assert_eq!(original["body"]["text"], "oen");
}
