//! Tables in Markdown, and the descriptions of what the sources only name.

use std::collections::BTreeSet;

/// A table. Every row has as many cells as there are headers.
pub(super) fn table(headers: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = row(headers.iter().map(|header| (*header).to_owned()));
    text.push('|');
    text.push_str(&"---|".repeat(headers.len()));
    text.push('\n');
    for cells in rows {
        text.push_str(&row(cells.iter().map(|cell| cell.replace('|', "\\|"))));
    }
    text
}

fn row(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

/// `name` as code.
pub(super) fn code(name: &str) -> String {
    format!("`{name}`")
}

/// Names in a row, or a dash if there are none.
pub(super) fn list(names: &BTreeSet<String>) -> String {
    if names.is_empty() {
        return "-".to_owned();
    }
    names.iter().cloned().collect::<Vec<_>>().join(", ")
}

/// The description of `name` in one of the generator's tables.
///
/// # Panics
/// If there is none.
pub(super) fn describe(descriptions: &[(&str, &str)], name: &str) -> String {
    let found = descriptions.iter().find(|(known, _)| *known == name);
    let (_, description) = found.unwrap_or_else(|| {
        panic!("{name} has no description in tests/house-rules/src/inventory: add it there")
    });
    (*description).to_owned()
}

/// Checks that the generator describes nothing that does not exist.
///
/// # Panics
/// If it does.
pub(super) fn assert_no_others(descriptions: &[(&str, &str)], names: &BTreeSet<String>) {
    for (described, _) in descriptions {
        assert!(
            names.contains(*described),
            "tests/house-rules/src/inventory describes {described}, which does not exist"
        );
    }
}
