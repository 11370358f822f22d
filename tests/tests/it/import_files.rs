//! Files beside a Slack export become the files of their messages, once.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tests::images;
use tests::uploads::content;
use tests::world::{Settings, World, create_dir};

fn write(path: &Path, content: impl AsRef<[u8]>) {
    let folder = path.parent().expect("a folder");
    std::fs::create_dir_all(folder).expect("created");
    std::fs::write(path, content).expect("written");
}

/// An export with the files of some messages, and what lies there besides.
fn write_export(picture: &[u8]) -> PathBuf {
    let export = create_dir().join("slack");
    let user = |id: &str, name: &str| json!({ "id": id, "name": name, "team_id": "T1" });
    let users = json!([user("U1", "ann"), user("U2", "bob"), user("U3", "cid")]);
    write(&export.join("users.json"), users.to_string());
    let channels = json!([{ "id": "C1", "name": "general", "members": ["U1", "U2"] }]);
    write(&export.join("channels.json"), channels.to_string());
    let message = |second: u32, user: &str, text: &str, files: Value| {
        let ts = format!("15778368{second:02}.000100");
        json!({ "type": "message", "user": user, "ts": ts, "text": text, "files": files })
    };
    let file = |id: &str, name: &str| json!({ "id": id, "name": name });
    let day = json!([
        message(
            1,
            "U1",
            "two of three",
            json!([
                file("F1", "a.png"),
                file("F9", "gone.png"),
                file("F2", "../../b.txt")
            ])
        ),
        message(2, "U2", "", json!([file("F3", "c.txt")])),
        message(3, "U2", "", json!([file("F4", "large.bin")])),
        message(
            4,
            "U2",
            "nothing",
            json!([file("../../../../etc", "passwd")])
        ),
    ]);
    write(&export.join("general/2020-01-01.json"), day.to_string());
    write(&export.join("__uploads/F1/a.png"), picture);
    write(&export.join("__uploads/F2/b.txt"), "two");
    write(&export.join("general/attachments/F3-c.txt"), "three");
    write(
        &export.join("general/attachments/F4-large.bin"),
        vec![7; 60_000],
    );
    export
}

/// The sender, the type, the text and the name of the file of a message.
fn summarize(message: &Value) -> (&str, &str, &str, &str) {
    (
        message["sender"].as_str().unwrap_or_default(),
        message["type"].as_str().unwrap_or_default(),
        message["body"]["text"].as_str().unwrap_or_default(),
        message["file"]["name"].as_str().unwrap_or_default(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn files_beside_a_slack_export_are_imported_once() {
    let settings = Settings::default().with("TIDINGS_MAX_FILE", 50_000);
    let world = World::start_with(settings).await;
    let picture = images::png(40, 30);
    let export = write_export(&picture);
    let [path, data] = [export, world.dir.join("data")].map(|path| path.display().to_string());
    let import = async || -> Value {
        let report = world
            .run_ok(&["import", &path, "--json", "--data", &data])
            .await;
        serde_json::from_str(&report).expect("JSON")
    };
    let report = import().await;
    assert_eq!(report["messages"], 5, "{report}");
    let reasons = report["rejected_parts"].as_array().expect("a list");
    assert_eq!(reasons.len(), 1, "{report}");
    let reason = reasons[0]["reason"].as_str().expect("a reason");
    assert!(
        reason.contains("large.bin") && reason.contains("50000"),
        "{reason}"
    );
    let missing = &report["not_taken_over"]["files (their names are taken)"];
    assert_eq!(missing, 2, "{report}");

    let id = report["imported_conversations"][0]["id"].as_str();
    let room = format!("/v1/conversations/{}", id.expect("an id"));
    let (ann, bob, cid) = (world.user("ann"), world.user("bob"), world.user("cid"));
    let page = bob.get_ok(&format!("{room}/messages")).await;
    let mut messages = page["messages"].as_array().expect("messages").clone();
    messages.sort_by_key(|message| message["seq"].as_i64());
    let shown: Vec<_> = messages.iter().map(summarize).collect();
    let expected = [
        ("ann", "image", "two of three\n[gone.png]", "a.png"),
        ("ann", "file", "", "b.txt"),
        ("bob", "file", "", "c.txt"),
        ("bob", "text", "[large.bin]", ""),
        ("bob", "text", "nothing\n[passwd]", ""),
    ];
    assert_eq!(shown, expected);
    for (index, bytes) in [(0, &picture[..]), (1, b"two"), (2, b"three")] {
        let file = messages[index]["file"]["id"].as_str().expect("a file");
        for user in [&ann, &bob] {
            assert_eq!(user.get(&content(file)).await.body, bytes);
        }
        cid.get(&content(file)).await.expect_problem(404);
    }
    let count = async |user: &str| -> i64 {
        let count = sqlx::query_scalar("SELECT count(*) FROM read.files WHERE uploader = $1");
        count
            .bind(user)
            .fetch_one(&world.pool)
            .await
            .expect("a count")
    };
    assert_eq!((count("ann").await, count("bob").await), (2, 1));
    // A repeated import uploads nothing, and adds nothing.
    let again = import().await;
    let counts = (&again["messages"], &again["already_present"]);
    assert_eq!(counts, (&json!(0), &json!(5)));
    assert_eq!((count("ann").await, count("bob").await), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_json_names_a_file_of_its_sender() {
    let world = World::start().await;
    let ann = world.user("ann");
    let (id, _) = tests::uploads::upload(&ann, "a.txt", b"hello").await;
    let line = |id: &str, key: &str| {
        json!({ "conversation": "lunch", "sender": "ann", "sent_at": "2020-01-01T00:00:00Z",
                "id": key, "file": id })
    };
    let path = create_dir().join("lines.jsonl");
    let other = "019ad2c5-7a31-7c1e-9f6e-2f0f3d1c9b5a";
    write(&path, format!("{}\n{}\n", line(&id, "1"), line(other, "2")));
    let [path, data] = [path, world.dir.join("data")].map(|path| path.display().to_string());
    let output = world
        .run(&["import", &path, "--json", "--data", &data])
        .await;
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        (&report["messages"], &report["skipped"]),
        (&json!(1), &json!(1))
    );
    let message = ann.get_ok("/v1/conversations/lunch/messages/1").await;
    assert_eq!(message["file"]["id"], id.as_str());
}
