//! Commands in a directory without a system say so, and leave nothing behind.

use std::fs;
use std::path::Path;

use clap::CommandFactory as _;
use settings::Cli;

use crate::support::{ScratchDir, stderr, tidings_command};

/// Commands that only read or change a system, with arguments, and their exit codes there. The path
/// of each comes first.
const COMMANDS: &[(&str, &[&str], i32)] = &[
    ("account add", &["ann"], 2),
    ("account close", &["ann", "--yes"], 2),
    ("account reset-password", &["ann"], 2),
    ("analytics grant", &["analyst"], 2),
    ("analytics revoke", &["analyst"], 2),
    ("backup", &["copy"], 2),
    ("command-svc", &[], 2),
    ("dispatcher", &[], 2),
    ("doctor", &[], 2),
    ("erase conversation", &["c", "--yes"], 1),
    ("erase files", &[], 2),
    ("erase message", &["c", "1", "--dry-run"], 2),
    ("erase show", &[], 2),
    ("erase user", &["ann"], 1),
    ("explain", &["ann", "c", "1"], 2),
    ("export-user", &["ann", "--out", "ann.jsonl"], 2),
    ("import", &["input.jsonl"], 1),
    ("log export", &["events"], 2),
    ("log key", &[], 2),
    ("log replay", &["--subject", "my.subject"], 2),
    ("log seal", &[], 2),
    ("log show", &["1"], 2),
    ("log stats", &["--html", "stats.html"], 2),
    ("log tail", &[], 2),
    ("log unread", &[], 2),
    ("log verify", &[], 2),
    ("moderation case", &["case-1"], 1),
    ("moderation cases", &[], 1),
    ("moderation holds", &[], 1),
    ("moderation lists", &[], 1),
    ("moderation remove-list", &["insults"], 1),
    ("moderation reopen", &["case-1"], 1),
    ("moderation resolve", &["case-1", "none"], 1),
    (
        "moderation set-list",
        &["insults", "input.jsonl", "--action", "mask"],
        1,
    ),
    ("projector", &[], 2),
    ("psql", &["--command", "SELECT 1"], 2),
    ("query-api", &[], 2),
    ("rebuild", &[], 2),
    ("restore", &["copy", "--yes"], 1),
    ("search", &["tea"], 2),
    ("servers env", &[], 1),
    ("status", &[], 2),
    ("switch list", &[], 1),
    ("switch off", &["search", "--reason", "slow"], 1),
    ("switch on", &["search"], 1),
    ("token", &["ann"], 2),
    ("trace", &["c", "1"], 2),
    ("user deactivate", &["ann", "--yes"], 1),
    ("user reactivate", &["ann"], 1),
    ("user revoke", &["ann"], 1),
    ("user restrict", &["ann", "banned", "--reason", "spam"], 1),
    ("user lift", &["ann"], 1),
    ("user set", &["ann", "--kind", "bot"], 1),
    ("user show", &["ann"], 2),
    ("verify", &["--search"], 2),
    ("webhooks add", &["https://x.example", "--events", "all"], 2),
    ("webhooks disable", &["1"], 2),
    ("webhooks enable", &["1"], 2),
    ("webhooks list", &[], 2),
    ("webhooks remove", &["1", "--yes"], 2),
    ("webhooks replay", &["--from", "1"], 2),
    ("webhooks retry", &["1"], 2),
];

/// Commands that need no system, and those that create one.
const OTHERS: [&str; 10] = [
    "completions",
    "demo",
    "log load",
    "man",
    "migrate",
    "servers doctor",
    "servers fetch",
    "servers path",
    "servers run",
    "up",
];

/// The paths of all commands without subcommands.
pub fn all_commands() -> Vec<String> {
    let mut found = Vec::new();
    collect_commands(&Cli::command(), "", &mut found);
    found
}

fn collect_commands(command: &clap::Command, path: &str, found: &mut Vec<String>) {
    let subcommands = command.get_subcommands();
    for subcommand in subcommands.filter(|subcommand| subcommand.get_name() != "help") {
        let path = format!("{path} {}", subcommand.get_name());
        if subcommand.get_subcommands().next().is_none() {
            found.push(path.trim().to_owned());
        }
        collect_commands(subcommand, &path, found);
    }
}

/// Every file and directory below a directory.
fn listing(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        found.push(path.display().to_string());
        if path.is_dir() {
            found.extend(listing(&path));
        }
    }
    found.sort();
    found
}

#[test]
fn every_command_is_tried_or_named_as_an_exception() {
    let mut all = all_commands();
    let mut known: Vec<String> = COMMANDS
        .iter()
        .map(|(path, ..)| (*path).to_owned())
        .collect();
    known.extend(OTHERS.map(str::to_owned));
    all.sort();
    known.sort();
    // New commands of `log` come with arguments of their own: add them to COMMANDS.
    assert_eq!(all, known);
}

#[test]
fn without_a_system_commands_say_so_and_create_nothing() {
    for (path, arguments, code) in COMMANDS {
        let scratch = ScratchDir::new();
        scratch.write("input.jsonl", "{}\n");
        let before = listing(scratch.path());
        let words: Vec<&str> = path.split(' ').chain(arguments.iter().copied()).collect();
        let ended = tidings_command(&words)
            .current_dir(scratch.path())
            .output()
            .expect("the program starts");
        let complaint = stderr(&ended);
        assert_eq!(ended.status.code(), Some(*code), "{path}: {complaint}");
        assert_eq!(listing(scratch.path()), before, "{path} created files");
        let says_so = [
            "there is no system in ./tidings-data",
            "no system is running on ./tidings-data",
            "a single service needs",
            "was not found: pass",
            "is not a complete backup",
        ];
        assert!(
            says_so.iter().any(|words| complaint.contains(words)),
            "{path}: {complaint}"
        );
    }
}

#[test]
fn status_of_an_empty_data_directory_is_an_error() {
    let scratch = ScratchDir::new();
    let data = scratch.path().to_str().expect("UTF-8");
    let ended = tidings_command(&["status", "--json", "--data", data])
        .output()
        .expect("the program starts");
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.stdout.is_empty());
    assert!(
        stderr(&ended).contains(&format!("there is no system in {data}")),
        "{}",
        stderr(&ended)
    );
}
