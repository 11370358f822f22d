//! The columns of an export: the fields of all event types. A column is empty if the event type has
//! no such field; `data` contains the complete event data as stored.

use domain::envelope::Envelope;
use domain::time::Timestamp;
use serde_json::Value;

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An integer.
    Number,
    /// A boolean.
    Flag,
    /// A point in time.
    Time,
    /// Text; any other value as JSON.
    Text,
}

/// A value in a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A value of a [`ColumnType::Number`] column.
    Number(i64),
    /// A value of a [`ColumnType::Flag`] column.
    Flag(bool),
    /// A value of a [`ColumnType::Time`] column.
    Time(Timestamp),
    /// A value of a [`ColumnType::Text`] column.
    Text(String),
}

/// A column of an export.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// The name of the column.
    pub name: &'static str,
    /// The type of its values.
    pub kind: Kind,
    /// The JSON pointer into the data; `None` for a field of the envelope.
    path: Option<&'static str>,
}

const fn of(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        path: None,
    }
}

const fn at(name: &'static str, kind: Kind, path: &'static str) -> Column {
    Column {
        name,
        kind,
        path: Some(path),
    }
}

/// All columns, in order.
pub const COLUMNS: &[Column] = &[
    of("position", Kind::Number),
    of("time", Kind::Time),
    of("type", Kind::Text),
    of("version", Kind::Number),
    of("aggregate", Kind::Text),
    of("aggregate_id", Kind::Text),
    of("sequence", Kind::Number),
    at("seq", Kind::Number, "/seq"),
    at("sender", Kind::Text, "/sender"),
    at("message_type", Kind::Text, "/type"),
    at("text", Kind::Text, "/body/text"),
    at("body", Kind::Text, "/body"),
    at("reply_to", Kind::Number, "/reply_to"),
    at("mentions", Kind::Text, "/mentions"),
    at("sent_at", Kind::Time, "/sent_at"),
    at("edited_at", Kind::Time, "/edited_at"),
    at("by", Kind::Text, "/by"),
    at("user", Kind::Text, "/user"),
    at("role", Kind::Text, "/role"),
    at("reaction", Kind::Text, "/key"),
    at("kind", Kind::Text, "/kind"),
    at("title", Kind::Text, "/title"),
    at("history", Kind::Text, "/history"),
    at("members", Kind::Text, "/members"),
    at("conversation", Kind::Text, "/conversation"),
    at("device", Kind::Text, "/device"),
    at("cursor", Kind::Number, "/cursor"),
    at("previous", Kind::Number, "/previous"),
    at("read_seq", Kind::Number, "/read_seq"),
    at("head_seq", Kind::Number, "/head_seq"),
    at("stay", Kind::Number, "/stay"),
    at("muted", Kind::Flag, "/muted"),
    at("pinned", Kind::Flag, "/pinned"),
    at("archived", Kind::Flag, "/archived"),
    at("notify_mentions", Kind::Flag, "/mentions"),
    of("data", Kind::Text),
];

/// The cells of an event, one for each column.
pub fn cells(event: &Envelope) -> Vec<Option<Cell>> {
    let data: Value = serde_json::from_str(event.data.get()).unwrap_or_default();
    COLUMNS
        .iter()
        .map(|column| match column.path {
            Some(path) => from_data(column.kind, data.pointer(path)?),
            None => from_envelope(column.name, event),
        })
        .collect()
}

fn from_envelope(name: &str, event: &Envelope) -> Option<Cell> {
    Some(match name {
        "position" => Cell::Number(event.position),
        "time" => Cell::Time(event.time),
        "type" => Cell::Text(event.event_type.clone()),
        "version" => Cell::Number(event.version.into()),
        "aggregate" => Cell::Text(event.aggregate.as_str().to_owned()),
        "aggregate_id" => Cell::Text(event.aggregate_id.clone()),
        "sequence" => Cell::Number(event.sequence),
        "data" => Cell::Text(event.data.get().to_owned()),
        _ => return None,
    })
}

fn from_data(kind: Kind, value: &Value) -> Option<Cell> {
    match (kind, value) {
        (Kind::Number, value) => value.as_i64().map(Cell::Number),
        (Kind::Flag, value) => value.as_bool().map(Cell::Flag),
        (Kind::Time, value) => value.as_str().and_then(Timestamp::parse).map(Cell::Time),
        (Kind::Text, Value::String(text)) => Some(Cell::Text(text.clone())),
        // The boolean preference `mentions` has its own column, `notify_mentions`.
        (Kind::Text, Value::Null | Value::Bool(_)) => None,
        (Kind::Text, other) => Some(Cell::Text(other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use domain::envelope::AggregateKind;
    use serde_json::json;
    use serde_json::value::to_raw_value;

    use super::*;

    fn named(data: &Value, name: &str) -> Option<Cell> {
        let event = Envelope {
            position: 7,
            aggregate: AggregateKind::Conversation,
            aggregate_id: "room".to_owned(),
            sequence: 3,
            event_type: "message_sent".to_owned(),
            version: 1,
            time: Timestamp::from_millis(1_000),
            data: to_raw_value(data).expect("is JSON"),
        };
        let at = COLUMNS
            .iter()
            .position(|column| column.name == name)
            .expect("a column");
        cells(&event).swap_remove(at)
    }

    #[test]
    fn every_field_has_a_column() {
        let message = json!({ "seq": 1, "sender": "ann", "type": "text", "body": { "text": "hi" },
            "mentions": ["bob"], "sent_at": "2026-11-01T00:00:00.000Z" });
        assert_eq!(named(&message, "position"), Some(Cell::Number(7)));
        assert_eq!(named(&message, "seq"), Some(Cell::Number(1)));
        assert_eq!(named(&message, "text"), Some(Cell::Text("hi".into())));
        assert_eq!(
            named(&message, "mentions"),
            Some(Cell::Text("[\"bob\"]".into()))
        );
        assert_eq!(named(&message, "notify_mentions"), None);
        assert_eq!(named(&message, "muted"), None);
        let sent_at = Timestamp::parse("2026-11-01T00:00:00Z").expect("a time");
        assert_eq!(named(&message, "sent_at"), Some(Cell::Time(sent_at)));
        let preferences = json!({ "muted": true, "mentions": false });
        assert_eq!(
            named(&preferences, "notify_mentions"),
            Some(Cell::Flag(false))
        );
        assert_eq!(named(&preferences, "mentions"), None);
    }
}
