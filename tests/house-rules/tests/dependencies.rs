//! Who may depend on whom, between crates and between the files of a crate.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use house_rules::module_graph::ModuleGraph;
use house_rules::source::Source;
use house_rules::workspace::{Package, files, packages, root};

/// Each package with the packages of this workspace that it may use outside of tests.
const ALLOWED: [(&str, &[&str]); 39] = [
    ("domain", &[]),
    ("eventually", &[]),
    ("migrations", &[]),
    ("http-edge", &["traces"]),
    ("search", &[]),
    ("connectivity", &[]),
    ("traces", &["connectivity"]),
    ("web-pages", &[]),
    ("accounts", &["domain"]),
    ("embedded-servers", &[]),
    (
        "data-dir",
        &[
            "connectivity",
            "domain",
            "embedded-servers",
            "http-edge",
            "log-integrity",
            "migrations",
        ],
    ),
    (
        "event-log",
        &["connectivity", "domain", "migrations", "traces"],
    ),
    (
        "event-stream",
        &["connectivity", "domain", "event-log", "traces"],
    ),
    (
        "log-integrity",
        &[
            "connectivity",
            "domain",
            "event-log",
            "event-stream",
            "migrations",
        ],
    ),
    ("read-model", &["domain"]),
    ("file-store", &[]),
    ("moderation", &["domain", "search"]),
    ("audit", &["domain", "event-log", "http-edge"]),
    ("presence", &[]),
    ("push", &["connectivity", "domain"]),
    (
        "access",
        &["connectivity", "domain", "event-log", "http-edge"],
    ),
    (
        "command-svc",
        &[
            "access",
            "connectivity",
            "domain",
            "event-log",
            "http-edge",
            "log-integrity",
            "moderation",
            "push",
            "traces",
        ],
    ),
    (
        "projector",
        &[
            "connectivity",
            "domain",
            "event-log",
            "event-stream",
            "migrations",
            "read-model",
            "search",
            "traces",
        ],
    ),
    (
        "query-api",
        &[
            "connectivity",
            "domain",
            "event-log",
            "event-stream",
            "file-store",
            "http-edge",
            "moderation",
            "presence",
            "read-model",
            "search",
            "traces",
        ],
    ),
    (
        "files-api",
        &[
            "command-svc",
            "connectivity",
            "domain",
            "event-log",
            "file-store",
            "http-edge",
            "read-model",
        ],
    ),
    (
        "dispatcher",
        &[
            "connectivity",
            "domain",
            "event-log",
            "event-stream",
            "log-integrity",
            "moderation",
            "presence",
            "push",
            "read-model",
            "traces",
        ],
    ),
    ("importer", &["connectivity", "domain", "data-dir"]),
    ("demo", &["data-dir", "importer"]),
    (
        "log-tools",
        &[
            "domain",
            "event-log",
            "event-stream",
            "http-edge",
            "log-integrity",
            "data-dir",
            "migrations",
        ],
    ),
    (
        "diagnostics",
        &[
            "connectivity",
            "data-dir",
            "dispatcher",
            "domain",
            "embedded-servers",
            "event-log",
            "event-stream",
            "http-edge",
            "log-integrity",
            "read-model",
            "search",
        ],
    ),
    (
        "settings",
        &[
            "data-dir",
            "dispatcher",
            "domain",
            "embedded-servers",
            "event-log",
            "event-stream",
            "file-store",
            "http-edge",
            "log-tools",
            "projector",
            "push",
            "query-api",
            "search",
            "traces",
        ],
    ),
    (
        "accounts-api",
        &[
            "accounts",
            "audit",
            "command-svc",
            "connectivity",
            "data-dir",
            "domain",
            "event-log",
            "http-edge",
            "query-api",
            "settings",
        ],
    ),
    (
        "operator-api",
        &[
            "audit",
            "data-dir",
            "diagnostics",
            "dispatcher",
            "domain",
            "event-log",
            "event-stream",
            "http-edge",
            "log-integrity",
            "log-tools",
            "moderation",
            "projector",
            "search",
        ],
    ),
    (
        "service",
        &[
            "access",
            "accounts",
            "accounts-api",
            "audit",
            "command-svc",
            "connectivity",
            "data-dir",
            "diagnostics",
            "dispatcher",
            "domain",
            "embedded-servers",
            "event-log",
            "event-stream",
            "file-store",
            "files-api",
            "http-edge",
            "log-integrity",
            "moderation",
            "operator-api",
            "presence",
            "projector",
            "push",
            "query-api",
            "read-model",
            "search",
            "settings",
            "traces",
            "web-pages",
        ],
    ),
    (
        "tidings",
        &[
            "access",
            "accounts",
            "command-svc",
            "audit",
            "data-dir",
            "demo",
            "diagnostics",
            "dispatcher",
            "domain",
            "embedded-servers",
            "event-log",
            "event-stream",
            "file-store",
            "files-api",
            "http-edge",
            "importer",
            "log-integrity",
            "log-tools",
            "migrations",
            "moderation",
            "projector",
            "query-api",
            "search",
            "service",
            "settings",
        ],
    ),
    (
        "tests",
        &[
            "domain",
            "embedded-servers",
            "event-log",
            "eventually",
            "log-integrity",
            "search",
        ],
    ),
    (
        "benches",
        &[
            "domain",
            "embedded-servers",
            "event-log",
            "eventually",
            "log-integrity",
            "moderation",
            "projector",
            "search",
            "tests",
        ],
    ),
    ("house-rules", &[]),
    ("test-database", &["migrations"]),
];

#[test]
fn packages_depend_in_one_direction() {
    let packages = packages();
    let ours: BTreeSet<&str> = packages.keys().map(String::as_str).collect();
    let listed: BTreeSet<&str> = ALLOWED.iter().map(|(name, _)| *name).collect();
    assert_eq!(ours, listed, "list here what a new package may use");
    for (name, may_use) in ALLOWED {
        for used in packages[name]
            .dependencies
            .iter()
            .filter(|used| ours.contains(used.as_str()))
        {
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
    for used in &packages()["domain"].dependencies {
        assert!(
            !io.contains(&used.as_str()),
            "domain must not depend on {used}"
        );
    }
    let calls = [
        "std::fs",
        "std::net",
        "std::process",
        "std::thread",
        "SystemTime::now",
        "Instant::now",
        "now_utc",
    ];
    for path in files(&["rs"])
        .iter()
        .filter(|path| path.starts_with("domain/src"))
    {
        let code = Source::open(path).code();
        for call in calls {
            assert!(!code.contains(call), "{} calls {call}", path.display());
        }
    }
}

#[test]
fn no_files_import_each_other() {
    let mut cycles = Vec::new();
    let mut crates = 0;
    for package in packages().values() {
        for root_file in root_files(package) {
            crates += 1;
            cycles.extend(ModuleGraph::open(&root_file).cycles());
        }
    }
    assert!(
        crates >= packages().len(),
        "only {crates} crate roots were found"
    );
    assert!(
        cycles.is_empty(),
        "files that use each other:\n{}",
        list(&cycles)
    );
}

#[test]
fn the_module_graph_sees_a_cycle() {
    let dir = Path::new("tests/house-rules/tests/cycle");
    let cycles = ModuleGraph::open(&dir.join("lib.rs")).cycles();
    assert_eq!(cycles, [vec![dir.join("first.rs"), dir.join("second.rs")]]);
}

fn root_files(package: &Package) -> Vec<PathBuf> {
    let mut candidates: Vec<PathBuf> = ["src/lib.rs", "src/main.rs", "tests/main.rs"]
        .iter()
        .map(|file| package.dir.join(file))
        .collect();
    let tests = std::fs::read_dir(root().join(package.dir.join("tests")));
    for entry in tests.into_iter().flatten() {
        let name = entry.expect("an entry").file_name();
        candidates.push(package.dir.join("tests").join(name).join("main.rs"));
    }
    candidates.retain(|path| root().join(path).exists());
    candidates
}

fn list(cycles: &[Vec<PathBuf>]) -> String {
    let line = |cycle: &Vec<PathBuf>| {
        cycle
            .iter()
            .map(|file| file.display().to_string())
            .collect::<Vec<_>>()
            .join(", ")
    };
    cycles.iter().map(line).collect::<Vec<_>>().join("\n")
}
