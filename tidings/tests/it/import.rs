//! `tidings import` into a running system.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::support::{
    ScratchDir, TidingsProcess, new_http_client, run_on_a_terminal, run_tidings, stderr, stdout,
};

fn import_line(conversation: &str, sender: &str, text: &str) -> Value {
    json!({"conversation": conversation, "sender": sender, "sent_at": "2004-11-15T01:00:00+02:00", "text": text})
}

/// Two conversations with a repeated message, a reply and invalid lines.
fn sample_chat() -> String {
    let mut lines = vec![
        json!({"id": "a", "conversation": "#rust", "sender": "ann", "sent_at": "2004-11-15T01:00:00Z", "text": "first"}),
        json!({"id": "b", "reply_to": "a", "conversation": "#rust", "sender": "bob", "sent_at": "2004-11-15T01:00:01Z", "text": "second"}),
        import_line("general", "ann", "ok"),
        import_line("general", "ann", "ok"),
    ];
    lines.extend([
        import_line("general", "ann", "\u{200b} "),
        import_line("general", "", "nobody"),
        import_line("general", "ann", "\u{0}"),
    ]);
    let mut lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    lines.extend(["not json".to_owned(), String::new()]);
    lines.join("\n")
}

/// Imports a file of which some lines are skipped.
fn run_import(file: &std::path::Path, data: &str) -> Value {
    let done = run_tidings(&[
        "import",
        file.to_str().expect("the text is UTF-8"),
        "--json",
        "--data",
        data,
    ]);
    assert_eq!(done.status.code(), Some(3), "{}", stderr(&done));
    serde_json::from_str(stdout(&done)).expect("the output is one JSON object")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_complete_and_idempotent() {
    let scratch = ScratchDir::new();
    let dir = scratch.path().join("data");
    let data = dir.to_str().expect("the text is UTF-8");
    let mut up = TidingsProcess::start_up(&dir);
    let base = up.wait_until_ready().await;
    let file = scratch.write("chat.jsonl", sample_chat());
    let report = run_import(&file, data);
    let counts = [
        "messages",
        "conversations",
        "users",
        "skipped",
        "already_present",
    ]
    .map(|name| report[name].as_u64());
    assert_eq!(counts, [4, 2, 2, 4, 0].map(Some), "{report}");
    let rejected: Vec<u64> = report["rejected"]
        .as_array()
        .expect("the field is a list")
        .iter()
        .filter_map(|one| one["line"].as_u64())
        .collect();
    assert_eq!(rejected, [5, 6, 7, 8]);

    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(sample_chat().as_bytes())
        .expect("compression succeeds");
    let packed = scratch.write(
        "chat.jsonl.gz",
        gzip.finish().expect("compression succeeds"),
    );
    let again = run_import(&packed, data);
    assert_eq!(
        (&again["messages"], &again["already_present"]),
        (&json!(0), &json!(4)),
        "{again}"
    );

    let list = get_as_bob(&base, data, "/v1/inbox").await;
    let conversation = &list["conversations"][0];
    assert_eq!(conversation["title"], "#rust");
    let id = conversation["id"].as_str().expect("the text is UTF-8");
    let page = get_as_bob(&base, data, &format!("/v1/conversations/{id}/messages")).await;
    let newest = &page["messages"][0];
    assert_eq!(newest["body"], json!({"text": "second"}));
    assert_eq!(newest["sent_at"], "2004-11-15T01:00:01.000Z");
    assert_eq!(newest["reply_to"], 1);

    let file = file.to_str().expect("the text is UTF-8");
    assert_shows_progress(&["import", file, "--data", data]);
    assert_shows_progress(&["verify", "--data", data]);
}

/// A user at a terminal sees how far the command is. A script, or a file, gets none of it.
fn assert_shows_progress(command: &[&str]) {
    let shown = run_on_a_terminal(command);
    assert!(shown.contains(" left"), "{command:?}: {shown:?}");
    let printed = run_tidings(command);
    for text in [stdout(&printed), stderr(&printed)] {
        let is_plain = !text.contains(" left") && !text.contains('\u{1b}');
        assert!(is_plain, "{command:?}: {text:?}");
    }
}

/// What bob gets, once the read models have reached the head of the log that the status reports.
async fn get_as_bob(base: &str, data: &str, path: &str) -> Value {
    let token = run_tidings(&["token", "bob", "--data", data]);
    let status = run_tidings(&["status", "--json", "--data", data]);
    let status: Value = serde_json::from_str(stdout(&status)).expect("the response is JSON");
    let head = status["database"]["projection"]["head"]
        .as_i64()
        .expect("the head is a number");
    let response = new_http_client()
        .get(format!("{base}{path}?min_position={head}"))
        .bearer_auth(stdout(&token).trim())
        .send()
        .await
        .expect("the system responds");
    response.json().await.expect("the response is JSON")
}

#[test]
fn an_import_without_a_running_system_fails() {
    let scratch = ScratchDir::new();
    let file = scratch.write("chat.jsonl", sample_chat());
    let done = run_tidings(&[
        "import",
        file.to_str().expect("the text is UTF-8"),
        "--data",
        scratch.path().to_str().expect("the text is UTF-8"),
    ]);
    assert_eq!(done.status.code(), Some(1));
    assert!(stderr(&done).contains("tidings up"), "{done:?}");
}
