//! A command whose output nobody reads any more ends quietly, as in `tidings log tail | head`.

use std::process::Stdio;

use crate::empty_directory::all_commands;
use crate::support::{ScratchDir, TidingsProcess, run_tidings, stderr, stdout, tidings_command};

/// The commands with arguments, in an order in which each has what it needs. `{dir}` is a scratch
/// directory.
const COMMANDS: &[&[&str]] = &[
    &["--help"],
    &["up", "--help"],
    &["completions", "bash"],
    &["man"],
    &["token", "ann"],
    &["status"],
    &["status", "--json"],
    &["doctor"],
    &["migrate"],
    &["servers", "path"],
    &["servers", "doctor"],
    &["servers", "env"],
    &["psql", "--command", "SELECT 1"],
    &["analytics", "grant", "analyst"],
    &["analytics", "revoke", "analyst"],
    &["import", "{dir}/more.jsonl"],
    &["log", "tail"],
    &["log", "show", "1"],
    &["log", "stats"],
    &["log", "unread"],
    &["log", "key"],
    &["log", "seal"],
    &["log", "verify"],
    &["log", "replay", "--subject", "my.events"],
    &["log", "export", "{dir}/export"],
    &["log", "load", "{dir}/export", "--data", "{dir}/loaded"],
    &["trace", "c", "1"],
    &["explain", "ann", "c", "1"],
    &["search", "hello"],
    &["search", "hello", "--json"],
    &["verify"],
    &["rebuild"],
    &["backup", "{dir}/backup"],
    &[
        "restore",
        "{dir}/backup",
        "--dry-run",
        "--data",
        "{dir}/restored",
    ],
    &[
        "webhooks",
        "add",
        "https://app.example.com/hooks",
        "--events",
        "all",
    ],
    &["webhooks", "list"],
    &["webhooks", "disable", "1"],
    &["webhooks", "enable", "1"],
    &["webhooks", "retry", "1"],
    &["webhooks", "replay", "1", "--from", "1"],
    &["webhooks", "remove", "1", "--yes"],
    &["switch", "off", "search", "--reason", "slow"],
    &["switch", "on", "search"],
    &["switch", "list"],
    &[
        "moderation",
        "set-list",
        "insults",
        "{dir}/words.txt",
        "--action",
        "mask",
    ],
    &["moderation", "lists"],
    &["moderation", "remove-list", "insults"],
    &["moderation", "holds"],
    &["moderation", "cases"],
    &["account", "add", "ann"],
    &["account", "reset-password", "ann"],
    &["account", "close", "ann", "--yes"],
    &["user", "set", "ann", "--kind", "bot"],
    &["user", "revoke", "ann"],
    &["user", "deactivate", "ann", "--yes"],
    &["user", "reactivate", "ann"],
    &["user", "restrict", "ann", "silenced", "--reason", "spam"],
    &["user", "lift", "ann"],
    &["user", "show", "ann"],
    &["export-user", "ann"],
    &["erase", "message", "c", "1", "--dry-run"],
    &["erase", "conversation", "c", "--dry-run"],
    &["erase", "user", "ann", "--dry-run"],
    &["erase", "show"],
    &["erase", "files"],
];

/// Commands that are not tried: those that run until they are stopped, one that downloads, one
/// whose output is that of another program, and those that need a case, which no command makes.
const OTHERS: [&str; 11] = [
    "command-svc",
    "demo",
    "dispatcher",
    "moderation case",
    "moderation reopen",
    "moderation resolve",
    "projector",
    "query-api",
    "servers fetch",
    "servers run",
    "up",
];

/// Whether one of the commands is the one with this path.
fn is_tried(path: &str) -> bool {
    let words: Vec<&str> = path.split(' ').collect();
    COMMANDS
        .iter()
        .any(|command| command.starts_with(&words) && !command.contains(&"--help"))
}

#[test]
fn every_command_is_tried_or_named_as_an_exception() {
    let mut untried = all_commands();
    untried.retain(|path| !is_tried(path));
    untried.sort();
    assert_eq!(untried, OTHERS);
}

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
    scratch.write("more.jsonl", line.replace("hello", "hello again"));
    scratch.write("words.txt", "rogue\n");
    let import = ["import", file.to_str().expect("UTF-8"), "--data", data_text];
    let imported = run_tidings(&import);
    assert!(imported.status.success(), "{}", stderr(&imported));
    for command in COMMANDS {
        let dir = scratch.path().to_str().expect("UTF-8");
        let words = command.iter().map(|word| word.replace("{dir}", dir));
        let mut arguments: Vec<String> = words.collect();
        if !command.contains(&"--data") {
            arguments.extend(["--data".to_owned(), data_text.to_owned()]);
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
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
