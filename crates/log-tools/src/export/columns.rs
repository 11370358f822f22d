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
    /// What it contains.
    pub description: &'static str,
    source: ColumnSource,
}

/// Where the values of a column are.
#[derive(Debug, Clone, Copy)]
enum ColumnSource {
    /// In this field of the CloudEvents object, possibly as a part of it.
    Envelope(&'static str),
    /// At this JSON pointer into the data.
    Data(&'static str),
}

impl Column {
    /// The field of the CloudEvents object that has its value, such as `data.body.text`.
    pub fn cloud_events_field(&self) -> String {
        match self.source {
            ColumnSource::Envelope(field) => field.to_owned(),
            ColumnSource::Data(pointer) => format!("data{}", pointer.replace('/', ".")),
        }
    }
}

const fn envelope_column(
    name: &'static str,
    kind: ColumnType,
    field: &'static str,
    description: &'static str,
) -> Column {
    Column {
        name,
        kind,
        description,
        source: ColumnSource::Envelope(field),
    }
}

const fn data_column(
    name: &'static str,
    kind: ColumnType,
    pointer: &'static str,
    description: &'static str,
) -> Column {
    Column {
        name,
        kind,
        description,
        source: ColumnSource::Data(pointer),
    }
}

/// The version of [`COLUMNS`]. Raise it if a column changes its name or meaning: an export does not
/// resume with other columns.
pub const COLUMNS_VERSION: u32 = 2;

/// All columns, in order. docs/data-dictionary.md shows them.
#[rustfmt::skip] // A table reads best with one row per line.
pub const COLUMNS: &[Column] = {
    use ColumnType::{Flag, Number, Text, Time};
    &[
        envelope_column("position", Number, "position", "The place in the log: 1, 2, 3, ..."),
        envelope_column("time", Time, "time", "When the event was appended."),
        envelope_column("type", Text, "type", "The event type, without `tidings.` and version."),
        envelope_column("version", Number, "type", "The version of the type."),
        envelope_column("aggregate", Text, "source", "The kind of aggregate that recorded it."),
        envelope_column("aggregate_id", Text, "source", "The conversation or user, or `tidings`."),
        envelope_column("sequence", Number, "sequence", "The number of the event in its aggregate."),
        data_column("seq", Number, "/seq", "The number of the message in its conversation."),
        data_column("sender", Text, "/sender", "Who sent the message."),
        data_column("message_type", Text, "/type", "The type of the message, such as `text`."),
        data_column("text", Text, "/body/text", "The text of the message."),
        data_column("body", Text, "/body", "The whole body, as JSON."),
        data_column("reply_to", Number, "/reply_to", "The `seq` of the message it replies to."),
        data_column("mentions", Text, "/mentions", "Who is mentioned, as a JSON array."),
        data_column("sent_at", Time, "/sent_at", "When it was sent; if imported, in the source."),
        data_column("edited_at", Time, "/edited_at", "When it was edited; likewise."),
        data_column("by", Text, "/by", "Who did it."),
        data_column("user", Text, "/user", "Old name of `user_id`, for one release."),
        data_column("role", Text, "/role", "`member`, `admin` or `owner`."),
        data_column("reaction", Text, "/key", "The reaction."),
        data_column("kind", Text, "/kind", "What kind of conversation, user or restriction."),
        data_column("title", Text, "/title", "The title of the group."),
        data_column("history", Text, "/history", "What new members see: `all` or `since_join`."),
        data_column("members", Text, "/members", "The first members and roles, as a JSON array."),
        envelope_column("conversation", Text, "conversation", "The conversation it belongs to."),
        data_column("device", Text, "/device", "The device."),
        data_column("cursor", Number, "/cursor", "The position that the device has received."),
        data_column("previous", Number, "/previous", "The `cursor` of the device before."),
        data_column("read_seq", Number, "/read_seq", "The `seq` of the last read message."),
        data_column("head_seq", Number, "/head_seq", "The `seq` of the last message at that time."),
        data_column("stay", Number, "/stay", "The number of the user's membership period."),
        data_column("muted", Flag, "/muted", "Whether it is left out of the total unread count."),
        data_column("pinned", Flag, "/pinned", "Whether it is listed first."),
        data_column("archived", Flag, "/archived", "Whether it is removed from the list."),
        data_column("notify_mentions", Flag, "/mentions", "Whether mentions notify even if muted."),
        data_column("client_message_id", Text, "/client_message_id", "The key of the sender's client."),
        data_column("joined_at", Time, "/joined_at", "When an imported member had joined."),
        data_column("created_at", Time, "/created_at", "When an imported conversation was made."),
        data_column("user_id", Text, "/user", "Whom it is about, or who reacted."),
        envelope_column("data", Text, "data", "The complete data, as JSON."),
        envelope_column("actor", Text, "actor", "Who called, if for another user or as administrator."),
        envelope_column("traceparent", Text, "traceparent", "The trace of the request, if it was traced."),
        data_column("session_id", Text, "/session", "The service session."),
        data_column("desk", Text, "/desk", "The service desk that has the session."),
        data_column("customer", Text, "/customer", "The customer who opened the session."),
        data_column("agent", Text, "/agent", "The agent who has the session; empty while it waits."),
        data_column("reason", Text, "/reason", "Why: of the end of a session, or of a restriction."),
        data_column("score", Number, "/score", "The rating of the session: 1 to 5."),
        data_column("at", Time, "/at", "When it happened in the session, or was due."),
        data_column("due", Time, "/due", "By when the customer was to have a reply."),
    ]
};

/// The cells of an event, one for each column.
pub fn event_cells(event: &Envelope) -> Vec<Option<Cell>> {
    let data: Value = serde_json::from_str(event.data.get()).unwrap_or_default();
    COLUMNS
        .iter()
        .map(|column| match column.source {
            ColumnSource::Data(pointer) => data_cell(column.kind, data.pointer(pointer)?),
            ColumnSource::Envelope(_) => envelope_cell(column.name, event),
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
        "conversation" => Cell::Text(event.conversation()?.into_owned()),
        "actor" => Cell::Text(event.actor.clone()?),
        "traceparent" => Cell::Text(event.traceparent.clone()?),
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
            actor: None,
            traceparent: None,
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
        assert_eq!(
            cell_named(&message, "conversation"),
            Some(Cell::Text("room".into()))
        );
        let preferences = json!({ "muted": true, "mentions": false });
        assert_eq!(
            cell_named(&preferences, "notify_mentions"),
            Some(Cell::Flag(false))
        );
        assert_eq!(cell_named(&preferences, "mentions"), None);
    }
}
