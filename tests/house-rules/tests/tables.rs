//! Which crate may name which table in its SQL, and which may write it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use house_rules::source::Source;
use house_rules::workspace::{files, packages, read};

/// Per schema: the crates that may write its tables, and those that may also read them.
const OWNERS: [(&str, &[&str], &[&str]); 3] = [
    ("log", &["event-log", "log-integrity"], &["event-stream"]),
    (
        "read",
        &["projector"],
        &["query-api", "read-model", "dispatcher", "diagnostics"],
    ),
    ("hooks", &["dispatcher"], &[]),
];

/// Crates that look into the database from outside, to check the program.
const OBSERVERS: [&str; 3] = ["tests", "benches", "house-rules"];

#[test]
fn the_migrations_create_only_tables_of_known_schemas() {
    let schemas: BTreeSet<String> = tables()
        .iter()
        .filter_map(|table| table.split('.').next())
        .map(str::to_owned)
        .collect();
    let known: BTreeSet<String> = OWNERS
        .iter()
        .map(|(schema, ..)| (*schema).to_owned())
        .collect();
    assert_eq!(schemas, known);
    assert!(
        tables().len() > 25,
        "only {} tables were found",
        tables().len()
    );
}

#[test]
fn tables_are_named_only_by_the_crates_that_may_read_them() {
    let mut strangers = Vec::new();
    for (package, path, code) in programs() {
        for (schema, writers, readers) in OWNERS {
            if writers.contains(&package.as_str()) || readers.contains(&package.as_str()) {
                continue;
            }
            for table in tables()
                .iter()
                .filter(|table| table.starts_with(&format!("{schema}.")))
            {
                if names(&code, table) {
                    strangers.push(format!("{} names {table}", path.display()));
                }
            }
        }
    }
    assert!(strangers.is_empty(), "{}", strangers.join("\n"));
}

#[test]
fn tables_are_written_only_by_their_owner() {
    let mut strangers = Vec::new();
    for (package, path, code) in programs() {
        for (schema, writers, _) in OWNERS {
            if writers.contains(&package.as_str()) {
                continue;
            }
            let verbs = [
                "INSERT INTO",
                "UPDATE",
                "DELETE FROM",
                "TRUNCATE",
                "COPY",
                "LOCK TABLE",
            ];
            for verb in verbs {
                let statement = format!("{verb} {schema}.");
                if code.contains(&statement) {
                    strangers.push(format!("{}: {statement}", path.display()));
                }
            }
        }
    }
    assert!(strangers.is_empty(), "{}", strangers.join("\n"));
}

/// Every table that the migrations create, with its schema.
fn tables() -> BTreeSet<String> {
    let mut tables = BTreeSet::new();
    for path in files(&["sql"])
        .iter()
        .filter(|path| path.starts_with("migrations"))
    {
        let text = read(path);
        let created = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("CREATE TABLE "));
        tables.extend(
            created
                .filter_map(|rest| rest.split([' ', '(']).next())
                .map(str::to_owned),
        );
    }
    tables
}

/// The code of every crate but those that only observe, without comments and unit tests.
fn programs() -> Vec<(String, PathBuf, String)> {
    let mut programs = Vec::new();
    for package in packages().values() {
        if OBSERVERS.contains(&package.name.as_str()) {
            continue;
        }
        let src = package.dir.join("src");
        for path in files(&["rs"])
            .into_iter()
            .filter(|path| path.starts_with(&src))
        {
            let code = Source::open(&path).code();
            programs.push((package.name.clone(), path, code));
        }
    }
    assert!(
        programs.len() > 200,
        "only {} sources were found",
        programs.len()
    );
    programs
}

/// Whether SQL names the table: `log.head` is also how Rust calls a method.
fn names(code: &str, table: &str) -> bool {
    code.match_indices(table).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = &code[at + table.len()..];
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '.')
            && !after.starts_with(['(', '_', '.'])
            && !after.starts_with(char::is_alphanumeric)
    })
}

#[test]
fn a_method_call_is_not_a_table() {
    assert!(names("SELECT position FROM log.head", "log.head"));
    assert!(names("FROM log.head h", "log.head"));
    assert!(!names("let head = log.head().await?", "log.head"));
    assert!(!names("log.heads", "log.head"));
}
