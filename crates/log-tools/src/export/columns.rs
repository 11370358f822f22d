//! The columns of an export: the fields of all event types. A column is empty if the event type has
//! no such field; `data` contains the complete event data as stored.

use domain::envelope::Envelope;
use domain::time::Timestamp;
use serde_json::Value;

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
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
    pub kind: ColumnType,
    /// The JSON pointer into the data; `None` for a field of the envelope.
    pointer: Option<&'static str>,
}

const fn envelope_column(name: &'static str, kind: ColumnType) -> Column {
    Column {
        name,
        kind,
        pointer: None,
    }
}

const fn data_column(name: &'static str, kind: ColumnType, path: &'static str) -> Column {
    Column {
        name,
        kind,
        pointer: Some(path),
    }
}

/// All columns, in order.
pub const COLUMNS: &[Column] = &[
    envelope_column("position", ColumnType::Number),
    envelope_column("time", ColumnType::Time),
    envelope_column("type", ColumnType::Text),
    envelope_column("version", ColumnType::Number),
    envelope_column("aggregate", ColumnType::Text),
    envelope_column("aggregate_id", ColumnType::Text),
    envelope_column("sequence", ColumnType::Number),
    data_column("seq", ColumnType::Number, "/seq"),
    data_column("sender", ColumnType::Text, "/sender"),
    data_column("message_type", ColumnType::Text, "/type"),
    data_column("text", ColumnType::Text, "/body/text"),
    data_column("body", ColumnType::Text, "/body"),
    data_column("reply_to", ColumnType::Number, "/reply_to"),
    data_column("mentions", ColumnType::Text, "/mentions"),
    data_column("sent_at", ColumnType::Time, "/sent_at"),
    data_column("edited_at", ColumnType::Time, "/edited_at"),
    data_column("by", ColumnType::Text, "/by"),
    data_column("user", ColumnType::Text, "/user"),
    data_column("role", ColumnType::Text, "/role"),
    data_column("reaction", ColumnType::Text, "/key"),
    data_column("kind", ColumnType::Text, "/kind"),
    data_column("title", ColumnType::Text, "/title"),
    data_column("history", ColumnType::Text, "/history"),
    data_column("members", ColumnType::Text, "/members"),
    data_column("conversation", ColumnType::Text, "/conversation"),
    data_column("device", ColumnType::Text, "/device"),
    data_column("cursor", ColumnType::Number, "/cursor"),
    data_column("previous", ColumnType::Number, "/previous"),
    data_column("read_seq", ColumnType::Number, "/read_seq"),
    data_column("head_seq", ColumnType::Number, "/head_seq"),
    data_column("stay", ColumnType::Number, "/stay"),
    data_column("muted", ColumnType::Flag, "/muted"),
    data_column("pinned", ColumnType::Flag, "/pinned"),
    data_column("archived", ColumnType::Flag, "/archived"),
    data_column("notify_mentions", ColumnType::Flag, "/mentions"),
    data_column("client_message_id", ColumnType::Text, "/client_message_id"),
    data_column("joined_at", ColumnType::Time, "/joined_at"),
    data_column("created_at", ColumnType::Time, "/created_at"),
    envelope_column("data", ColumnType::Text),
];

/// The cells of an event, one for each column.
pub fn event_cells(event: &Envelope) -> Vec<Option<Cell>> {
    let data: Value = serde_json::from_str(event.data.get()).unwrap_or_default();
    COLUMNS
        .iter()
        .map(|column| match column.pointer {
            Some(path) => data_cell(column.kind, data.pointer(path)?),
            None => envelope_cell(column.name, event),
        })
        .collect()
}

fn envelope_cell(name: &str, event: &Envelope) -> Option<Cell> {
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

fn data_cell(kind: ColumnType, value: &Value) -> Option<Cell> {
    match (kind, value) {
        (ColumnType::Number, value) => value.as_i64().map(Cell::Number),
        (ColumnType::Flag, value) => value.as_bool().map(Cell::Flag),
        (ColumnType::Time, value) => value.as_str().and_then(Timestamp::parse).map(Cell::Time),
        (ColumnType::Text, Value::String(text)) => Some(Cell::Text(text.clone())),
        // The boolean preference `mentions` has its own column, `notify_mentions`.
        (ColumnType::Text, Value::Null | Value::Bool(_)) => None,
        (ColumnType::Text, other) => Some(Cell::Text(other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use domain::envelope::AggregateKind;
    use serde_json::json;
    use serde_json::value::to_raw_value;

    use super::*;

    fn cell_named(data: &Value, name: &str) -> Option<Cell> {
        let event = Envelope {
            position: 7,
            tag: None,
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
        event_cells(&event).swap_remove(at)
    }

    #[test]
    fn every_field_has_a_column() {
        let message = json!({ "seq": 1, "sender": "ann", "type": "text", "body": { "text": "hi" },
            "mentions": ["bob"], "sent_at": "2026-11-01T00:00:00.000Z" });
        assert_eq!(cell_named(&message, "position"), Some(Cell::Number(7)));
        assert_eq!(cell_named(&message, "seq"), Some(Cell::Number(1)));
        assert_eq!(cell_named(&message, "text"), Some(Cell::Text("hi".into())));
        assert_eq!(
            cell_named(&message, "mentions"),
            Some(Cell::Text("[\"bob\"]".into()))
        );
        assert_eq!(cell_named(&message, "notify_mentions"), None);
        assert_eq!(cell_named(&message, "muted"), None);
        let sent_at = Timestamp::parse("2026-11-01T00:00:00Z").expect("a time");
        assert_eq!(cell_named(&message, "sent_at"), Some(Cell::Time(sent_at)));
        let preferences = json!({ "muted": true, "mentions": false });
        assert_eq!(
            cell_named(&preferences, "notify_mentions"),
            Some(Cell::Flag(false))
        );
        assert_eq!(cell_named(&preferences, "mentions"), None);
    }
}
