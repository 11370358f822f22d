//! How large a crate may be: one that nobody can survey should be two.

use std::collections::BTreeSet;

use house_rules::source::Source;
use house_rules::workspace::{files, packages};

/// Lines below `src`, without unit tests, of a crate that has no other limit.
const MAX_CRATE_LINES: usize = 6_000;

/// Crates with another limit, and why.
const OTHER_LIMITS: [(&str, usize, &str); 10] = [
    (
        "tidings",
        4_100,
        "a command calls a library and prints its result",
    ),
    (
        "event-log",
        5_100,
        "appending, caching and reading know the tables of the log, and no other crate does",
    ),
    (
        "query-api",
        22_000,
        "all queries and live delivery share one visibility rule, its SQL and its cursors",
    ),
    (
        "command-svc",
        18_800,
        "one module for each command, all of them run by the same few files",
    ),
    (
        "projector",
        13_500,
        "the fold, the writer, the rebuild and the index work on the same rows",
    ),
    (
        "domain",
        14_200,
        "the rules of all aggregates, which share ids, events and refusals",
    ),
    (
        "importer",
        8_500,
        "one module for each format of a source, with its parser",
    ),
    (
        "http-edge",
        8_500,
        "what every port does with a connection, and the documents of the API",
    ),
    ("tests", 18_000, "black-box tests and their harness"),
    ("benches", 8_300, "one module for each benchmark"),
];

#[test]
fn crates_are_small() {
    let packages = packages();
    let sources = files(&["rs"]);
    let mut large = Vec::new();
    let mut lines_found = 0;
    for package in packages.values() {
        let src = package.dir.join("src");
        let below_src = sources.iter().filter(|path| path.starts_with(&src));
        let lines: usize = below_src
            .map(|path| lines_without_unit_tests(&Source::open(path).text))
            .sum();
        lines_found += lines;
        let limit = limit(&package.name);
        if lines > limit {
            let name = &package.name;
            large.push(format!("{name} has {lines} lines, its limit is {limit}"));
        }
    }
    assert!(lines_found > 50_000, "only {lines_found} lines were found");
    assert!(
        large.is_empty(),
        "split these, or move what belongs elsewhere:\n{}",
        large.join("\n")
    );
}

#[test]
fn limits_are_only_for_crates_that_exist() {
    let packages = packages();
    let names: BTreeSet<&str> = OTHER_LIMITS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names.len(), OTHER_LIMITS.len(), "a crate has two limits");
    for (name, _, reason) in OTHER_LIMITS {
        assert!(packages.contains_key(name), "there is no crate {name}");
        assert!(!reason.is_empty(), "the limit of {name} has no reason");
    }
}

#[test]
fn unit_tests_do_not_count() {
    let text = "//! A file.\n\nfn one() {}\n\n#[cfg(test)]\nmod tests {\n    fn two() {}\n}\n";
    assert_eq!(lines_without_unit_tests(text), 4);
    let in_a_file = "mod one;\n#[cfg(test)]\nmod tests;\n";
    assert_eq!(lines_without_unit_tests(in_a_file), 3);
}

fn limit(name: &str) -> usize {
    let mut others = OTHER_LIMITS.iter();
    others
        .find(|(other, ..)| *other == name)
        .map_or(MAX_CRATE_LINES, |(_, limit, _)| *limit)
}

/// Unit tests come last in a file.
fn lines_without_unit_tests(text: &str) -> usize {
    let program = text.split("#[cfg(test)]\nmod tests {").next();
    program.unwrap_or_default().lines().count()
}
