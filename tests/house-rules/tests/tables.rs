//! Which crate may name which table in its SQL, and which may write it.

use std::collections::BTreeSet;

use house_rules::programs::programs;
use house_rules::sql::{names, tables, writes};

/// Per schema: the crates that may write its tables, and those that may also read them.
const OWNERS: [(&str, &[&str], &[&str]); 11] = [
    ("log", &["event-log", "log-integrity"], &["event-stream"]),
    (
        "read",
        &["projector"],
        &[
            "query-api",
            "read-model",
            "dispatcher",
            "diagnostics",
            "files-api",
        ],
    ),
    ("hooks", &["dispatcher"], &[]),
    ("push", &["push", "dispatcher"], &[]),
    ("accounts", &["accounts"], &[]),
    ("moderation", &["command-svc"], &["diagnostics"]),
    ("secrets", &[], &["event-log"]),
    ("presence", &["query-api"], &["diagnostics"]),
    ("audit", &["audit"], &["query-api"]),
    ("jobs", &["operator-api"], &[]),
    ("files", &["files-api"], &["diagnostics"]),
];

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
    let tables = tables();
    let mut strangers = Vec::new();
    for program in programs() {
        for (schema, writers, readers) in OWNERS {
            let package = program.package.as_str();
            if writers.contains(&package) || readers.contains(&package) {
                continue;
            }
            let strings = program.source.strings();
            for table in tables.iter().filter(|table| is_of(table, schema)) {
                if strings.iter().any(|text| names(text, table)) {
                    strangers.push(format!("{} names {table}", program.source.path.display()));
                }
            }
        }
    }
    assert!(strangers.is_empty(), "{}", strangers.join("\n"));
}

#[test]
fn tables_are_written_only_by_their_owner() {
    let tables = tables();
    let mut strangers = Vec::new();
    for program in programs() {
        for (schema, writers, _) in OWNERS {
            if writers.contains(&program.package.as_str()) {
                continue;
            }
            let strings = program.source.strings();
            for table in tables.iter().filter(|table| is_of(table, schema)) {
                if strings.iter().any(|text| writes(text, table)) {
                    strangers.push(format!("{} writes {table}", program.source.path.display()));
                }
            }
        }
    }
    assert!(strangers.is_empty(), "{}", strangers.join("\n"));
}

fn is_of(table: &str, schema: &str) -> bool {
    table.split('.').next() == Some(schema)
}
