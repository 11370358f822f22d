//! A command whose output nobody reads any more ends quietly, as in `tidings log tail | head`.

use std::process::Stdio;

use crate::support::{ScratchDir, TidingsProcess, run_tidings, stderr, stdout, tidings_command};

/// Commands that only print.
const COMMANDS: &[&[&str]] = &[
    &["--help"],
    &["up", "--help"],
    &["completions", "bash"],
    &["man"],
    &["token", "ann"],
    &["status"],
    &["status", "--json"],
    &["doctor"],
    &["servers", "path"],
    &["servers", "doctor"],
    &["log", "tail"],
    &["log", "show", "1"],
    &["log", "stats"],
    &["log", "verify"],
    &["search", "hello"],
    &["search", "hello", "--json"],
    &["verify"],
    &["psql", "--command", "SELECT 1"],
    &["servers", "env"],
    &["webhooks", "list"],
    &["export-user", "ann"],
];

#[tokio::test(flavor = "multi_thread")]
async fn every_command_ends_quietly_when_its_output_is_closed() {
    // Given a running system with a message,
    let scratch = ScratchDir::new();
    let data = scratch.path().join("data");
    let data_text = data.to_str().expect("UTF-8");
    let mut up = TidingsProcess::start_up(&data);
    up.wait_until_ready().await;
    let line =
        r#"{"conversation":"c","sender":"ann","sent_at":"2026-01-01T00:00:00Z","text":"hello"}"#;
    let file = scratch.write("one.jsonl", line);
    let import = ["import", file.to_str().expect("UTF-8"), "--data", data_text];
    let imported = run_tidings(&import);
    assert!(imported.status.success(), "{}", stderr(&imported));
    for command in COMMANDS {
        let arguments = [*command, &["--data", data_text][..]].concat();
        // when the reader has gone before a command prints anything,
        let mut child = tidings_command(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        drop(child.stdout.take());
        let ended = child.wait_with_output().expect("the program ends");
        // then it succeeds and says nothing about it.
        let message = stderr(&ended);
        assert!(ended.status.success(), "{command:?}: {message}");
        for word in ["panicked", "Broken pipe", "standard output"] {
            assert!(!message.contains(word), "{command:?}: {message}");
        }
        assert!(stdout(&ended).is_empty());
    }
}
