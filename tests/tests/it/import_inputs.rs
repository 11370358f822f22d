//! What `tidings import` cannot import: records are listed with file and place and do not stop the
//! rest, files of other kinds are named, and the exit code is 3.

use std::path::Path;

use serde_json::{Value, json};
use tests::corpus::import_file;
use tests::feed;
use tests::world::World;

fn write(path: &Path, content: &str) {
    let parent = path.parent().expect("a parent");
    std::fs::create_dir_all(parent).expect("a directory");
    std::fs::write(path, content).expect("written");
}

fn line(conversation: &str, sender: &str, text: &str) -> Value {
    json!({ "conversation": conversation, "sender": sender, "sent_at": "2020-01-01T00:00:00Z", "text": text })
}

fn join_lines(lines: &[Value]) -> String {
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    lines.join("\n")
}

/// The texts of a conversation that a user sees.
async fn texts(world: &World, user: &str, conversation: &str) -> Vec<String> {
    let head = tests::log::head(&world.pool).await.expect("a head");
    world.wait_until_projected(head).await;
    let client = world.user(user);
    let history = feed::read_history(&client, conversation, head).await;
    let text = |message: &Value| {
        message["body"]["text"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    history.iter().map(text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_group_with_the_name_of_a_channel_stays_as_it_is() {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("general", &["eve"]).await.expect(201);
    ann.send("general", "k", "ours").await.expect(201);
    let export = world.dir.join("slack");
    let message =
        json!([{"type": "message", "user": "U1", "text": "theirs", "ts": "1600000001.0"}]);
    write(
        &export.join("users.json"),
        r#"[{"id": "U1", "name": "bob", "team_id": "T1"}]"#,
    );
    write(
        &export.join("channels.json"),
        r#"[{"id": "C1", "name": "general", "members": ["U1"]}]"#,
    );
    write(
        &export.join("general/2020-09-13.json"),
        &message.to_string(),
    );
    let report = import_file(&world, &export).await;
    assert_eq!(report["messages"], 1, "{report}");
    let lines = world.dir.join("chat.jsonl");
    write(&lines, &join_lines(&[line("general", "zoe", "third")]));
    let report = import_file(&world, &lines).await;
    let other = report["other_ids"]["general"][0]
        .as_str()
        .expect("another id");
    assert_eq!(texts(&world, "zoe", other).await, ["third"]);
    assert_eq!(texts(&world, "ann", "general").await, ["ours"]);
    for stranger in ["bob", "zoe"] {
        let path = "/v1/conversations/general/messages";
        world.user(stranger).get(path).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_longer_file_adds_to_the_same_conversation() {
    let world = World::start().await;
    let lines = [line("lunch", "ann", "one"), line("lunch", "bob", "two")];
    let (short, long) = (world.dir.join("short.jsonl"), world.dir.join("long.jsonl"));
    write(&short, &join_lines(&lines[..1]));
    write(&long, &join_lines(&lines));
    import_file(&world, &short).await;
    let report = import_file(&world, &long).await;
    assert_eq!(
        (&report["messages"], &report["already_present"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(texts(&world, "ann", "lunch").await, ["one", "two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_mapped_and_prefixed() {
    let world = World::start().await;
    let (file, map) = (world.dir.join("chat.jsonl"), world.dir.join("users.csv"));
    write(
        &file,
        &join_lines(&[line("lunch", "ann", "one"), line("lunch", "bob", "two")]),
    );
    write(&map, "ann,ann.lee\n");
    let data = world.dir.join("data");
    let [file, map, data] = [&file, &map, &data].map(|path| path.to_string_lossy().into_owned());
    let arguments = [
        "import", &file, "--data", &data, "--users", &map, "--prefix", "irc:",
    ];
    world.run_ok(&arguments).await;
    assert_eq!(texts(&world, "ann.lee", "lunch").await, ["one", "two"]);
    assert_eq!(texts(&world, "irc:bob", "lunch").await, ["one", "two"]);
    world
        .user("ann")
        .get("/v1/conversations/lunch")
        .await
        .expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_lists_the_users_who_exist_and_imports_nothing() {
    let world = World::start().await;
    let created = world.user("ann").create_group("team", &["eve"]).await;
    created.expect(201);
    let head = tests::log::head(&world.pool).await.expect("a head");
    world.wait_until_projected(head).await;
    let file = world.dir.join("chat.jsonl");
    let lines = ["ann", "bob", "eve"].map(|user| line("lunch", user, "hi"));
    write(&file, &join_lines(&lines));
    let file = file.to_string_lossy().into_owned();
    let command = ["import", &file, "--dry-run", "--json"];
    let report = world.run_ok(&command).await;
    let report: Value = serde_json::from_str(&report).expect("one JSON object");
    assert_eq!(
        (
            &report["dry_run"],
            &report["messages"],
            &report["existing_users"]
        ),
        (&json!(true), &json!(3), &json!(["ann", "eve"])),
        "{report}"
    );
    let prefixed = world
        .run_ok(&[&command[..], &["--prefix", "irc:"]].concat())
        .await;
    let prefixed: Value = serde_json::from_str(&prefixed).expect("one JSON object");
    assert_eq!(prefixed["existing_users"], json!([]), "{prefixed}");
    let after = tests::log::head(&world.pool).await.expect("a head");
    assert_eq!(after, head, "nothing is imported");
    // An import names them too, also where it creates the others.
    let report = world.run_ok(&["import", &file, "--json"]).await;
    let report: Value = serde_json::from_str(&report).expect("one JSON object");
    assert_eq!(
        (
            &report["dry_run"],
            &report["messages"],
            &report["existing_users"]
        ),
        (&Value::Null, &json!(3), &json!(["ann", "eve"])),
        "{report}"
    );
    let more = world.dir.join("more.jsonl");
    let text = [line("lunch", "eve", "more"), line("lunch", "zoe", "hi")];
    write(&more, &join_lines(&text));
    let printed = world.run_ok(&["import", &more.to_string_lossy()]).await;
    assert!(
        printed.contains("1 user of the input existed already") && printed.contains("\n  eve\n"),
        "{printed}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_imported_is_listed_with_its_place() {
    let world = World::start().await;
    let export = world.dir.join("slack");
    let good = |n: u32| json!({"type": "message", "user": "U1", "text": format!("{n}"), "ts": format!("160000000{n}.0")});
    let day = json!([good(1), {"type": "message", "user": "U1", "text": {"a": 1}, "ts": "1600000002.0"}, good(3)]);
    write(
        &export.join("channels.json"),
        r#"[{"id": "C1", "name": "new"}]"#,
    );
    write(&export.join("new/2020-09-13.json"), &day.to_string());
    write(&export.join("new/2020-09-14.json"), "");
    write(&export.join("new/._2020-09-13.json"), "\u{0}");
    write(&export.join("old/2020-09-13.json"), &day.to_string());
    let report = import_file(&world, &export).await;
    assert_eq!(
        (&report["messages"], &report["skipped"]),
        (&json!(2), &json!(2)),
        "{report}"
    );
    let places: Vec<_> = report["rejected"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|rejected| (&rejected["file"], &rejected["place"]))
        .collect();
    assert_eq!(
        places,
        [
            (&json!("old"), &json!("the directory")),
            (&json!("new/2020-09-13.json"), &json!("message 2")),
        ]
    );
    assert_eq!(
        report["not_taken_over"],
        json!({"files that are not the messages of a day": 2})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_lines_that_cannot_be_imported_are_listed_with_their_place() {
    let world = World::start().await;
    let file = world.dir.join("chat.jsonl");
    let mut lines = [line("lunch", "ann", "one"), line("lunch", "bob", "two")];
    lines[0]["topic"] = json!("t1");
    lines[1]["reply_to"] = json!("nowhere");
    write(&file, &join_lines(&lines));
    let report = import_file(&world, &file).await;
    assert_eq!(
        (&report["messages"], &report["skipped"]),
        (&json!(2), &json!(0)),
        "{report}"
    );
    let part = |line: u32, reason: &str| json!({"file": "chat.jsonl", "line": line, "place": format!("line {line}"), "reason": reason});
    assert_eq!(
        report["rejected_parts"],
        json!([
            part(
                1,
                "has topic, which is no field of such a line: not imported"
            ),
            part(
                2,
                "its reply_to is the id of no earlier line of the conversation: imported without it"
            ),
        ])
    );
    assert_eq!(texts(&world, "ann", "lunch").await, ["one", "two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_can_belong_to_the_thread_of_an_earlier_one() {
    let world = World::start().await;
    // Given a root, a line of its thread, and members with a field that only messages have,
    let mut lines = [
        line("lunch", "ann", "one"),
        line("lunch", "bob", "two"),
        json!({ "conversation": "lunch", "members": ["cid"], "thread": "m1" }),
    ];
    lines[0]["id"] = json!("m1");
    lines[1]["thread"] = json!("m1");
    let file = world.dir.join("chat.jsonl");
    write(&file, &join_lines(&lines));
    // when the file is imported,
    let report = import_file(&world, &file).await;
    assert_eq!(report["messages"], 2, "{report}");
    // then the line is in the thread of its root,
    assert_eq!(texts(&world, "ann", "lunch").await.len(), 2);
    let path = "/v1/conversations/lunch/messages/1/thread";
    let thread = world.user("ann").get_ok(path).await;
    let messages = thread["messages"].as_array().expect("a list").iter();
    let texts: Vec<_> = messages.map(|message| &message["body"]["text"]).collect();
    assert_eq!(texts, ["two"], "{thread}");
    // and the field of the members is listed.
    let reason = "has thread, which is no field of such a line: not imported";
    assert_eq!(report["rejected_parts"][0]["reason"], reason, "{report}");
    assert_eq!(report["rejected_parts"].as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_another_kind_is_named() {
    let world = World::start().await;
    let data = world.dir.join("data").to_string_lossy().into_owned();
    for (name, content, what) in [
        (
            "slack.zip",
            "PK\u{3}\u{4} channels.json",
            "is a zip archive of a Slack export",
        ),
        ("messages.html", "<!DOCTYPE html>", "is a web page"),
        (
            "2020-09-13.json",
            r#"[{"type": "message", "ts": "1.0"}]"#,
            "is one day of a Slack export",
        ),
        (
            "README.md",
            "# Tidings\n\nA messaging backend.\n",
            "is text, but not JSON Lines",
        ),
    ] {
        let path = world.dir.join(name);
        write(&path, content);
        let path = path.to_string_lossy().into_owned();
        let output = world.run(&["import", &path, "--data", &data]).await;
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains(what), "{name}: {error}");
        assert_eq!(output.status.code(), Some(3), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_of_other_systems_are_imported() {
    let world = World::start().await;
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/importer/tests/fixtures");
    for (name, messages, skipped) in [
        ("mattermost.jsonl", 4, 1),
        ("rocketchat", 3, 1),
        ("rocketchat_room_export.json", 2, 0),
        ("zulip", 4, 2),
        ("discord.json", 3, 1),
        ("telegram.json", 4, 1),
        ("WhatsApp Chat with Friends.txt", 2, 0),
    ] {
        let path = fixtures.join(name);
        let report = import_file(&world, &path).await;
        assert_eq!(
            (&report["messages"], &report["skipped"]),
            (&json!(messages), &json!(skipped)),
            "{name}: {report}"
        );
        let repeated = import_file(&world, &path).await;
        assert_eq!(
            (&repeated["messages"], &repeated["already_present"]),
            (&json!(0), &json!(messages)),
            "{name}: {repeated}"
        );
    }
}
