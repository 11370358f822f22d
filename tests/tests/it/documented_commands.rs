//! The commands in the documentation run as written.
//!
//! A block of commands that cannot run here has a line in front of it that says why:
//! `<!-- not run: REASON -->`.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tests::world::{Settings, World};
use tests::{binary, token};

use crate::exports::{write_matrix_export, write_slack_export};
use crate::readme::example_commands;

/// The pages that share a system. Their commands run in this order, in one directory.
const PAGES: [&str; 23] = [
    "docs/search.md",
    "docs/import.md",
    "docs/analysts.md",
    "docs/analysis.md",
    "docs/operations.md",
    "docs/runbooks.md",
    "docs/projections.md",
    "docs/moderation.md",
    "docs/administrators.md",
    "docs/seals-and-erasure.md",
    "docs/questions.md",
    "docs/backup.md",
    // Every block of these has a reason why it does not run.
    "docs/scale.md",
    "docs/tokens.md",
    "docs/live.md",
    "docs/install.md",
    "docs/high-availability.md",
    "docs/web.md",
    "docs/first-steps.md",
    "docs/tracing.md",
    "deploy/README.md",
    "CONTRIBUTING.md",
    "clients/typescript/README.md",
];

/// Pages whose commands change what others rely on. Each has a system of its own.
const JOURNEYS: [&str; 10] = [
    "docs/files.md",
    "docs/people.md",
    "docs/policies.md",
    "docs/threads.md",
    "docs/accounts.md",
    "docs/scheduled.md",
    "docs/desks.md",
    "docs/messages.md",
    "docs/webhooks.md",
    "docs/push.md",
];

/// Pages whose commands other tests run: the README's conversation in `readme.rs`; its
/// `make run` is `tidings up`, which the tests of the program start.
const TESTED_ELSEWHERE: [&str; 1] = ["README.md"];

const NOT_RUN: &str = "<!-- not run: ";

/// What the commands take for granted: `tidings` is installed, and curl fails if a request does.
const PRELUDE: &str = "set -euo pipefail
    curl() { command curl --fail-with-body \"$@\"; }";

/// A block of commands.
#[derive(Debug, PartialEq, Eq)]
struct CommandBlock {
    commands: String,
    /// Why it cannot run.
    reason: Option<String>,
}

/// The blocks of a page: `sh`, and the commands of `console`.
fn command_blocks(page: &str) -> Vec<CommandBlock> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    let mut reason = None;
    while let Some(line) = lines.next() {
        let is_console = line == "```console";
        if is_console || line == "```sh" {
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            let body = body.join("\n");
            let commands = if is_console {
                example_commands(&body).join("\n")
            } else {
                body
            };
            blocks.push(CommandBlock {
                commands,
                reason: reason.take(),
            });
        }
        let marked = line.strip_prefix(NOT_RUN);
        reason = marked.map(|rest| rest.trim_end_matches("-->").trim().to_owned());
    }
    blocks
}

/// Creates what the commands of the pages read: inputs of imports, and a program on the path.
fn prepare_directory(dir: &Path) {
    let bin = dir.join("bin");
    let release = dir.join("target/quick");
    for programs in [&bin, &release] {
        std::fs::create_dir_all(programs).expect("a directory");
        let link = std::os::unix::fs::symlink(binary::path(), programs.join("tidings"));
        link.expect("a link to the program");
    }
    std::fs::rename(write_slack_export(dir), dir.join("slack-export")).expect("renamed");
    let matrix = write_matrix_export(dir);
    std::fs::rename(matrix, dir.join("element-export.json")).expect("renamed");
    std::fs::write(dir.join("users.csv"), "ben,ben.lee\n").expect("written");
    let line = r#"{"conversation": "old", "sender": "eve", "sent_at": "2008-03-01T12:00:00Z", "text": "hi"}"#;
    let mut chat = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut chat, line.as_bytes()).expect("compressed");
    let chat = chat.finish().expect("compressed");
    std::fs::write(dir.join("chat.jsonl.gz"), chat).expect("written");
}

/// The first conversation of the README, and enough messages for the positions in the pages.
async fn send_messages(world: &World) {
    let ann = world.user("ann");
    ann.create_group("lunch", &["bob"]).await.expect(201);
    ann.send("lunch", "m1", "noodles?").await.expect(201);
    ann.create_group("team", &["bob"]).await.expect(201);
    let last = ann.send_texts("team", "text", 40).await;
    world.wait_until_projected(last).await;
}

/// The blocks of a page are one session: variables that one sets are there in the next.
const RESTORE: &str = "test ! -f .variables || . ./.variables";
const SAVE: &str = "declare -p $(compgen -v | grep -E '^[a-z]+(_[a-z]+)*$') > .variables";

/// Runs commands as a user of the page does.
async fn run(world: &World, commands: &str) -> Result<(), String> {
    let variables = [
        ("api", format!("http://{}/v1", world.address())),
        ("ann", token::for_user("ann")),
        ("bob", token::for_user("bob")),
        ("cleo", token::for_user("cleo")),
        ("dave", token::for_user("dave")),
        (
            "robot",
            token::issued_at("robot", token::unix_now(), "service"),
        ),
        ("admin", token::for_admin("admin")),
        ("TIDINGS_DATA", world.dir.join("data").display().to_string()),
    ];
    let path = std::env::var("PATH").unwrap_or_default();
    let output = tokio::process::Command::new("bash")
        .args(["-c", &format!("{PRELUDE}\n{RESTORE}\n{commands}\n{SAVE}")])
        .current_dir(&world.dir)
        .envs(world.env())
        .envs(variables)
        .env("PATH", format!("{}/bin:{path}", world.dir.display()))
        .stdin(Stdio::null())
        .output()
        .await
        .expect("bash runs");
    if output.status.success() {
        return Ok(());
    }
    let printed =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    Err(format!(
        "{commands}\n{}: {}",
        output.status,
        printed.concat()
    ))
}

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Whether a shell could read the commands, which are not run.
async fn check_syntax(commands: &str) -> Result<(), String> {
    let output = tokio::process::Command::new("bash")
        .args(["-n", "-c", commands])
        .output()
        .await
        .expect("bash runs");
    if output.status.success() {
        return Ok(());
    }
    let printed = String::from_utf8_lossy(&output.stderr);
    Err(format!("{commands}\n{printed}"))
}

/// Runs the commands of a page; returns how many blocks there were, and adds those that failed.
async fn run_page(world: &World, page: &str, failures: &mut Vec<String>) -> usize {
    let text = std::fs::read_to_string(root().join(page)).expect(page);
    let mut count = 0;
    // A page does not know the variables of another one.
    let _ = std::fs::remove_file(world.dir.join(".variables"));
    for block in command_blocks(&text) {
        let outcome = if let Some(reason) = block.reason {
            assert!(!reason.is_empty(), "{page}: a block has no reason");
            check_syntax(&block.commands).await
        } else {
            count += 1;
            run(world, &block.commands).await
        };
        if let Err(failure) = outcome {
            failures.push(format!("{page}: {failure}"));
        }
    }
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_documentation_run_as_written() {
    // Given a system with the conversations of the pages
    let world = World::start().await;
    prepare_directory(&world.dir);
    send_messages(&world).await;
    let mut failures = Vec::new();
    let mut count = 0;
    // when their commands run,
    for page in PAGES {
        count += run_page(&world, page, &mut failures).await;
    }
    // then each succeeds.
    assert!(count >= 6, "only {count} blocks were run");
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journeys_of_the_documentation_run_as_written() {
    let mut failures = Vec::new();
    for page in JOURNEYS {
        let world =
            World::start_with(Settings::default().with("TIDINGS_ACCOUNTS", "invited")).await;
        prepare_directory(&world.dir);
        send_messages(&world).await;
        let count = run_page(&world, page, &mut failures).await;
        assert!(count > 0, "{page} has no commands");
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// The Markdown pages that Git tracks, from the root of the repository.
fn pages() -> Vec<String> {
    let output = std::process::Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .args(["--", "*.md"])
        .current_dir(root())
        .output()
        .expect("git runs");
    let names = String::from_utf8(output.stdout).expect("names in UTF-8");
    let exists = |name: &&str| root().join(name).exists();
    names.lines().filter(exists).map(str::to_owned).collect()
}

#[test]
fn every_page_with_commands_is_listed() {
    let has_commands = |page: &String| {
        let text = std::fs::read_to_string(root().join(page)).expect("a page");
        !command_blocks(&text).is_empty()
    };
    let mut pages: Vec<String> = pages().into_iter().filter(has_commands).collect();
    pages.sort();
    let mut listed = [PAGES.as_slice(), &JOURNEYS, &TESTED_ELSEWHERE].concat();
    listed.sort_unstable();
    assert_eq!(pages, listed);
}

#[test]
fn blocks_and_their_reasons_are_found() {
    let page = "text\n```sh\none\ntwo\n```\n<!-- not run: it is slow -->\n```sh\nthree\n```\n\
                ```console\n$ four \\\n    five\noutput\n```\n```json\n{}\n```\n";
    let block = |commands: &str, reason: Option<&str>| CommandBlock {
        commands: commands.to_owned(),
        reason: reason.map(str::to_owned),
    };
    assert_eq!(
        command_blocks(page),
        [
            block("one\ntwo", None),
            block("three", Some("it is slow")),
            block("four \\\n    five", None),
        ]
    );
}
