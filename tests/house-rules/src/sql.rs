//! The tables that the migrations create, and the SQL that names or writes them.

use std::collections::BTreeSet;

use crate::workspace::{files, read};

/// The schema that the projector sets as its search path, so that a rebuild can run the same
/// statements on other tables: their names have no schema in the statements that write them.
const SEARCH_PATH_SCHEMA: &str = "read";

const WRITES: [&str; 5] = ["INSERT INTO", "UPDATE", "DELETE FROM", "TRUNCATE", "COPY"];

/// Every table that the migrations create and do not drop again, with its schema.
///
/// # Panics
/// If a migration cannot be read.
pub fn tables() -> BTreeSet<String> {
    created("TABLE")
}

/// Every view that the migrations create and do not drop again, with its schema.
///
/// # Panics
/// If a migration cannot be read.
pub fn views() -> BTreeSet<String> {
    created("VIEW")
}

fn created(kind: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for sql in migrations() {
        for line in sql.lines() {
            if let Some(name) = object(line, "CREATE", kind) {
                names.insert(name);
            }
            if let Some(name) = object(line, "DROP", kind) {
                names.remove(&name);
            }
        }
    }
    names
}

/// The texts of the migrations, in their order.
fn migrations() -> impl Iterator<Item = String> {
    let files = files(&["sql"]).into_iter();
    files
        .filter(|path| path.starts_with("migrations"))
        .map(|path| read(&path))
}

/// Whether a migration fills the table.
///
/// # Panics
/// If a migration cannot be read.
pub fn is_written_by_migrations(table: &str) -> bool {
    migrations().any(|sql| writes(&sql, table))
}

/// The name in a line such as `CREATE TABLE log.head (`.
fn object(line: &str, verb: &str, kind: &str) -> Option<String> {
    let rest = line.trim().strip_prefix(verb)?.trim_start();
    let rest = rest.strip_prefix(kind)?.trim_start();
    let rest = rest.strip_prefix("IF EXISTS").unwrap_or(rest).trim_start();
    let name = rest.split([' ', '(', ';']).next()?;
    Some(name.to_owned())
}

/// Whether SQL names the table: `log.head` is also how Rust calls a method.
pub fn names(code: &str, table: &str) -> bool {
    code.match_indices(table).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = &code[at + table.len()..];
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '.')
            && !after.starts_with(['(', '_', '.'])
            && !after.starts_with(char::is_alphanumeric)
    })
}

/// Whether a string contains a statement that writes the table.
pub fn writes(sql: &str, table: &str) -> bool {
    let spaced = sql.replace('(', " (");
    let words = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    let bare = table
        .strip_prefix(SEARCH_PATH_SCHEMA)
        .and_then(|rest| rest.strip_prefix('.'));
    WRITES.iter().any(|verb| {
        let written = |name: &str| names(&words, &format!("{verb} {name}"));
        written(table) || bare.is_some_and(written)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_call_is_not_a_table() {
        assert!(names("SELECT position FROM log.head", "log.head"));
        assert!(names("FROM log.head h", "log.head"));
        assert!(!names("let head = log.head().await?", "log.head"));
        assert!(!names("log.heads", "log.head"));
    }

    #[test]
    fn a_statement_writes_its_table_alone() {
        assert!(writes("UPDATE log.head SET position = $1", "log.head"));
        assert!(writes("INSERT INTO\n  inbox(user_id)", "read.inbox"));
        assert!(writes("INSERT INTO read.inbox VALUES (1)", "read.inbox"));
        assert!(!writes("INSERT INTO inbox_rows", "read.inbox"));
        assert!(!writes("SELECT * FROM read.inbox", "read.inbox"));
        assert!(!writes("DELETE FROM parked", "hooks.parked"));
    }

    #[test]
    fn a_dropped_table_is_no_table() {
        assert_eq!(
            object("CREATE TABLE a.b (", "CREATE", "TABLE"),
            Some("a.b".to_owned())
        );
        assert_eq!(
            object("DROP TABLE IF EXISTS a.b;", "DROP", "TABLE"),
            Some("a.b".to_owned())
        );
        assert_eq!(object("CREATE INDEX a ON b (c);", "CREATE", "TABLE"), None);
    }
}
