//! The rules of this house that a compiler does not hold: who may depend on whom, where `log.` may be
//! named, how long a file may be, and what must not stand in the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Lines of the longest file.
const LONGEST: usize = 500;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate is in the workspace")
        .to_owned()
}

/// Every package of the workspace with the names of what it uses outside of tests.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages = metadata["packages"].as_array().expect("packages");
    let used = |package: &Value| {
        let all = package["dependencies"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        all.iter()
            .filter(|dep| dep["kind"].is_null())
            .map(|dep| text(&dep["name"]))
            .collect()
    };
    packages
        .iter()
        .map(|package| (text(&package["name"]), used(package)))
        .collect()
}

/// Every Rust source of the workspace, with its text.
fn sources() -> Vec<(PathBuf, String)> {
    fn collect(dir: &Path, into: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(dir).expect("a directory").flatten() {
            let path = entry.path();
            if path.is_dir() {
                collect(&path, into);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("UTF-8");
                into.push((path, text));
            }
        }
    }
    let mut sources = Vec::new();
    for package in dependencies().keys() {
        for part in ["src", "tests"] {
            let dir = root().join(package).join(part);
            if dir.exists() {
                collect(&dir, &mut sources);
            }
        }
    }
    assert!(sources.len() > 50, "only {} sources", sources.len());
    sources
}

/// A source without its comments and without its tests, which stand last.
fn program(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    code.collect::<Vec<_>>().join("\n")
}

fn is_of(path: &Path, package: &str) -> bool {
    path.starts_with(root().join(package).join("src"))
}

#[test]
fn packages_depend_in_one_direction() {
    let allowed: [(&str, &[&str]); 13] = [
        ("domain", &[]),
        ("migrations", &[]),
        ("http-edge", &[]),
        ("search", &[]),
        ("read-model", &[]),
        ("presence", &["event-log"]),
        (
            "dispatcher",
            &["domain", "event-log", "presence", "read-model"],
        ),
        ("event-log", &["domain", "migrations"]),
        ("command-svc", &["domain", "event-log", "http-edge"]),
        (
            "projector",
            &["domain", "event-log", "migrations", "search"],
        ),
        (
            "query-api",
            &[
                "domain",
                "event-log",
                "http-edge",
                "search",
                "read-model",
                "presence",
            ],
        ),
        (
            "tidings",
            &[
                "domain",
                "migrations",
                "event-log",
                "http-edge",
                "command-svc",
                "projector",
                "query-api",
                "search",
                "dispatcher",
            ],
        ),
        ("tests", &["tidings", "search", "domain", "event-log"]),
    ];
    let packages = dependencies();
    let ours: BTreeSet<String> = packages.keys().cloned().collect();
    assert_eq!(
        ours,
        allowed.iter().map(|(name, _)| (*name).to_owned()).collect(),
        "say here what a new package may use"
    );
    for (name, may_use) in allowed {
        for used in packages[name].intersection(&ours) {
            assert!(
                may_use.contains(&used.as_str()),
                "{name} must not depend on {used}"
            );
        }
    }
}

#[test]
fn the_domain_is_pure() {
    let io = [
        "sqlx",
        "axum",
        "hyper",
        "async-nats",
        "tokio",
        "reqwest",
        "postgres-es",
        "metrics",
        "tracing",
        "uuid",
        "libc",
    ];
    for used in &dependencies()["domain"] {
        assert!(
            !io.contains(&used.as_str()),
            "domain must not depend on {used}"
        );
    }
    for (path, text) in sources().iter().filter(|(path, _)| is_of(path, "domain")) {
        for call in [
            "std::fs",
            "std::net",
            "std::process",
            "std::thread",
            "SystemTime::now",
            "Instant::now",
            "now_utc",
        ] {
            assert!(
                !program(text).contains(call),
                "{} calls {call}",
                path.display()
            );
        }
    }
}

#[test]
fn tables_are_named_only_where_they_belong() {
    let tables = |schema: &str, names: &[&str]| -> Vec<String> {
        names
            .iter()
            .map(|name| format!("{schema}.{name}"))
            .collect()
    };
    let log = tables(
        "log",
        &[
            "head",
            "streams",
            "events",
            "receipts",
            "snapshots",
            "seals",
        ],
    );
    let read = tables(
        "read",
        &[
            "checkpoint",
            "users",
            "conversations",
            "members",
            "stays",
            "messages",
            "versions",
            "reactions",
            "timeline",
            "inbox",
            "devices",
            "blocks",
            "parked",
            "member_history",
            "conversation_history",
            "recall_history",
            "reaction_history",
            "ack_history",
        ],
    );
    let hooks = tables("hooks", &["webhooks", "waiting", "notices", "parked"]);
    let names = |text: &str, table: &str| {
        // A table is named in SQL: `log.head` is also how Rust calls a method.
        text.match_indices(table)
            .any(|(at, _)| !text[at + table.len()..].starts_with(['(', '_', '.']))
    };
    for (path, text) in sources() {
        let text = program(&text);
        if !["event-log", "tests"]
            .iter()
            .any(|package| is_of(&path, package))
            && path.starts_with(root().join("query-api"))
        {
            let named: Vec<_> = log.iter().filter(|table| names(&text, table)).collect();
            assert!(named.is_empty(), "{} names {named:?}", path.display());
        }
        if ["event-log", "command-svc", "domain"]
            .iter()
            .any(|package| is_of(&path, package))
        {
            let named: Vec<_> = read.iter().filter(|table| names(&text, table)).collect();
            assert!(named.is_empty(), "{} names {named:?}", path.display());
        }
        if !["dispatcher", "tests"]
            .iter()
            .any(|package| path.starts_with(root().join(package)))
        {
            let named: Vec<_> = hooks.iter().filter(|table| names(&text, table)).collect();
            assert!(named.is_empty(), "{} names {named:?}", path.display());
        }
        if is_of(&path, "query-api") {
            for write in ["INSERT INTO", "UPDATE read", "DELETE FROM", "TRUNCATE"] {
                assert!(!text.contains(write), "{} writes: {write}", path.display());
            }
        }
    }
}

#[test]
fn no_file_is_longer_than_500_lines() {
    for (path, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= LONGEST, "{} has {lines} lines", path.display());
    }
}

#[test]
fn nothing_is_unwrapped_left_open_or_switched_off() {
    let this = Path::new(file!()).file_name().expect("a name");
    // In two parts, so that this file does not hold them itself.
    let everywhere = [
        ["to", "do!("],
        ["unimple", "mented!("],
        ["FIX", "ME"],
        ["TO", "DO"],
        ["#[ig", "nore"],
    ];
    for (path, text) in sources() {
        for [one, other] in everywhere {
            let word = format!("{one}{other}");
            assert!(!text.contains(&word), "{} has {word}", path.display());
        }
        if path.file_name() != Some(this) && path.components().any(|part| part.as_os_str() == "src")
        {
            assert!(
                !program(&text).contains(".unwrap()"),
                "{} unwraps outside of tests",
                path.display()
            );
        }
    }
}

#[test]
fn no_source_names_a_place_of_one_machine() {
    let home = [
        ["/ro", "ot/"],
        ["/ho", "me/"],
        ["/wo", "rk/"],
        ["/Us", "ers/"],
    ];
    for (path, text) in sources() {
        for [one, other] in home {
            let place = format!("{one}{other}");
            // Passwords files and the like in tests of other crates name homes of made-up people.
            let named = program(&text)
                .lines()
                .any(|line| line.contains(&format!("\"{place}")));
            assert!(!named, "{} names {place}", path.display());
        }
    }
}
