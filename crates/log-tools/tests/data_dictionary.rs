//! docs/data-dictionary.md describes what the code writes: every column of exports and of the view
//! `events`, and every event type with its fields.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use domain::case::event::CaseEvent;
use domain::conversation::event::ConversationEvent;
use domain::deployment::event::DeploymentEvent;
use domain::desk::event::DeskEvent;
use domain::event::{EventFamily as _, EventType};
use domain::file::event::FileEvent;
use domain::mailbox::event::MailboxEvent;
use domain::profile::event::ProfileEvent;
use log_tools::export::{COLUMNS, Column, ColumnType};
use serde_json::{Map, Value};

/// Set this variable to rewrite the table of columns after an intended change.
const UPDATE_VARIABLE: &str = "UPDATE_DICTIONARY";

/// The table of columns is between these lines.
const COLUMNS_BEGIN: &str = "<!-- columns: UPDATE_DICTIONARY=1 cargo test -p log-tools -->\n";
const COLUMNS_END: &str = "<!-- end of columns -->\n";

/// The heading of the table of event types.
const EVENTS_HEADING: &str = "## Event types";

/// The newest definition of the view.
const VIEW: &str = include_str!("../../../migrations/sql/0049_session_columns.sql");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read_page() -> String {
    let page = std::fs::read_to_string(root().join("docs/data-dictionary.md"));
    page.expect("docs/data-dictionary.md can be read")
}

/// Every event type, with the kind of aggregate that records it.
fn event_types() -> impl Iterator<Item = (&'static str, EventType)> {
    let of_conversations = ConversationEvent::TYPES.iter();
    let of_mailboxes = MailboxEvent::TYPES.iter();
    let of_profiles = ProfileEvent::TYPES.iter();
    let of_deployment = DeploymentEvent::TYPES.iter();
    let of_cases = CaseEvent::TYPES.iter();
    let of_files = FileEvent::TYPES.iter();
    let of_desks = DeskEvent::TYPES.iter();
    of_conversations
        .map(|event_type| ("conversation", *event_type))
        .chain(of_mailboxes.map(|event_type| ("mailbox", *event_type)))
        .chain(of_profiles.map(|event_type| ("profile", *event_type)))
        .chain(of_deployment.map(|event_type| ("deployment", *event_type)))
        .chain(of_cases.map(|event_type| ("case", *event_type)))
        .chain(of_files.map(|event_type| ("file", *event_type)))
        .chain(of_desks.map(|event_type| ("desk", *event_type)))
}

/// The data of examples of the current version, with every field.
fn example(event_type: EventType) -> Map<String, Value> {
    let prefix = format!("{}.v{}.", event_type.name, event_type.version);
    let golden = std::fs::read_dir(root().join("domain/golden")).expect("the golden files");
    let files = golden.map(|entry| entry.expect("a file").path());
    let files = files.filter(|path| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with(&prefix))
    });
    let (mut fields, mut found) = (Map::new(), false);
    for file in files {
        found = true;
        let text = std::fs::read_to_string(&file).expect("a golden file");
        fields.extend(serde_json::from_str::<Map<String, Value>>(&text).expect("JSON"));
    }
    assert!(found, "{prefix} has no golden file");
    fields
}

/// The event types that have a value in a column; `None` for all.
fn types_with(column: &Column) -> Option<Vec<&'static str>> {
    let field = column.cloud_events_field();
    let has_value = |aggregate: &str, event_type: EventType| match field.split('.').nth(1) {
        None if column.name == "conversation" => {
            aggregate == "conversation" || example(event_type).contains_key("conversation")
        }
        None => true,
        Some(name) => {
            let example = example(event_type);
            let value = example.get(name);
            // The two columns of the field `mentions` differ in their types.
            value.is_some_and(|value| value.is_boolean() == (column.kind == ColumnType::Flag))
        }
    };
    let (with, without): (Vec<_>, Vec<_>) =
        event_types().partition(|(aggregate, event_type)| has_value(aggregate, *event_type));
    let names = with.iter().map(|(_, event_type)| event_type.name);
    (!without.is_empty()).then(|| names.collect())
}

fn render_columns() -> String {
    let mut table =
        "| column | type | CloudEvents | content | event types |\n|---|---|---|---|---|\n"
            .to_owned();
    for column in COLUMNS {
        let kind = match column.kind {
            ColumnType::Number => "integer",
            ColumnType::Flag => "boolean",
            ColumnType::Time => "time",
            ColumnType::Text => "text",
        };
        let types = types_with(column).map_or_else(|| "all".to_owned(), |types| types.join(", "));
        let (name, field) = (column.name, column.cloud_events_field());
        let content = column.description;
        // Writing to a String cannot fail.
        let _ = writeln!(
            table,
            "| `{name}` | {kind} | `{field}` | {content} | {types} |"
        );
    }
    table
}

#[test]
fn the_page_has_every_column() {
    let page = read_page();
    let (before, rest) = page.split_once(COLUMNS_BEGIN).expect("a table of columns");
    let (documented, after) = rest.split_once(COLUMNS_END).expect("its end");
    let expected = render_columns();
    if std::env::var_os(UPDATE_VARIABLE).is_some() {
        let page = format!("{before}{COLUMNS_BEGIN}{expected}{COLUMNS_END}{after}");
        let written = std::fs::write(root().join("docs/data-dictionary.md"), page);
        written.expect("docs/data-dictionary.md can be written");
        return;
    }
    assert_eq!(documented, expected, "set {UPDATE_VARIABLE} to rewrite it");
}

/// The rows of the table of event types, without their last cells.
fn render_event_types() -> Vec<String> {
    let rows = event_types().map(|(aggregate, event_type)| {
        let example = example(event_type);
        let mut fields: Vec<String> = example.keys().map(|field| format!("`{field}`")).collect();
        fields.sort();
        let EventType { name, version } = event_type;
        format!(
            "| `{name}` {version} | {aggregate} | {} |",
            fields.join(", ")
        )
    });
    rows.collect()
}

#[test]
fn the_page_has_every_event_type_with_its_fields() {
    let page = read_page();
    let (_, section) = page.split_once(EVENTS_HEADING).expect(EVENTS_HEADING);
    let section = section.split("\n## ").next().unwrap_or_default();
    let documented: Vec<&str> = section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|row| {
            let (cells, meaning) = row.trim_end_matches(" |").rsplit_once("| ").expect("cells");
            assert!(!meaning.is_empty(), "describe {row}");
            cells.trim_end()
        })
        .collect();
    let expected = render_event_types();
    let expected: Vec<&str> = expected
        .iter()
        .map(|row| row.trim_end_matches([' ', '|']))
        .collect();
    let documented: Vec<&str> = documented
        .iter()
        .map(|row| row.trim_end_matches([' ', '|']))
        .collect();
    assert_eq!(documented, expected);
}

#[test]
fn the_view_has_every_column() {
    let (_, rest) = VIEW
        .split_once("AS\nSELECT ")
        .expect("the selected columns");
    let (selected, _) = rest.split_once("\nFROM ").expect("their end");
    let names: BTreeSet<String> = selected
        .lines()
        .map(|line| {
            let line = line.trim_end_matches(',').trim();
            let name = line.rsplit([' ', '.']).next().unwrap_or_default();
            name.trim_matches('"').to_owned()
        })
        .collect();
    for column in COLUMNS {
        // In SQL, `user` is who runs the query.
        let is_there = column.name == "user" || names.contains(column.name);
        assert!(is_there, "{} is missing in {names:?}", column.name);
    }
}
