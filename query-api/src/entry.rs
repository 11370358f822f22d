//! An entry of the sync feed, as sync returns it and live delivery pushes it.

use domain::time::Timestamp;
use event_log::told::{Told, ToldEntry};
use serde::Serialize;
use serde_json::value::RawValue;
use sqlx::Row;
use sqlx::postgres::PgRow;
use sqlx::types::time::OffsetDateTime;
use utoipa::openapi::schema::{AnyOfBuilder, Schema, Type};
use utoipa::openapi::{ObjectBuilder, Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::failed::Failed;
use crate::message::{Message, raw};

/// What an entry is made of, of the rows that `told!` joins; for [`entry_columns!`] under the name `v`.
macro_rules! entry_parts {
    () => {
        "r.position, r.conversation, c.name, t.type, t.at, t.data,
         CASE WHEN r.seq IS NOT NULL THEN r.seq WHEN t.data IS NULL THEN t.seq END AS message"
    };
}

/// The columns that [`Entry::from_row`] reads: of an entry `v`, and of its message `g` as it is now.
macro_rules! entry_columns {
    () => {
        concat!(
            "v.position AS entry_position, v.type AS entry_type, v.at AS entry_at, v.data AS entry_data, ",
            crate::message::message_columns!("v.name")
        )
    };
}

pub(crate) use {entry_columns, entry_parts};

/// Something that happened, as a client is told.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Entry {
    /// Where it stands in the log. Entries of several conversations can share one.
    pub position: i64,
    /// The event's name, such as `message_sent`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it happened.
    pub conversation_id: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What; its shape goes by `type`.
    pub data: EntryData,
}

/// What happened.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum EntryData {
    /// Of `message_sent`: the message, as it is now.
    Message(Box<Message>),
    /// Of `message_edited`.
    Edited(Edited),
    /// Of every other type: as it was written when it happened.
    Told(Box<RawValue>),
}

// By hand, because the shapes overlap (every one is an object), so that a value is any of them, and
// not, as the derived schema says, exactly one.
impl PartialSchema for EntryData {
    fn schema() -> RefOr<Schema> {
        let any = AnyOfBuilder::new()
            .description(Some("What happened; its shape goes by the entry's `type`."))
            .item(Ref::from_schema_name(Message::name()))
            .item(Ref::from_schema_name(Edited::name()))
            .item(ObjectBuilder::new().schema_type(Type::Object))
            .build();
        RefOr::T(Schema::AnyOf(any))
    }
}

impl ToSchema for EntryData {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((Message::name().into_owned(), Message::schema()));
        Message::schemas(schemas);
        schemas.push((Edited::name().into_owned(), Edited::schema()));
        Edited::schemas(schemas);
    }
}

/// Data of `message_edited`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = MessageEdited)]
pub struct Edited {
    /// Which message.
    pub seq: i64,
    /// Its newest body, null once recalled.
    #[schema(value_type = Option<Object>, required = true)]
    pub body: Option<Box<RawValue>>,
    /// When it was last edited.
    #[schema(value_type = String, format = DateTime)]
    pub edited_at: Timestamp,
}

impl Entry {
    /// As the projector of this process has just told it.
    pub fn told(entry: &ToldEntry) -> Result<Self, Failed> {
        let (kind, data) = match &entry.what {
            Told::Sent(sent) => {
                let message = Message::sent(entry, sent)?;
                ("message_sent", EntryData::Message(Box::new(message)))
            }
            Told::Else { kind, data } => {
                let data = raw("an entry", Some(data.clone()))?.unwrap_or_default();
                (*kind, EntryData::Told(data))
            }
        };
        Ok(Self {
            position: entry.position,
            kind: kind.to_owned(),
            conversation_id: entry.conversation.clone(),
            at: entry.at,
            data,
        })
    }

    /// From a row with `entry_position`, `entry_type` (null for a sent message), `entry_at`,
    /// `entry_data`, `conversation_name` and the columns of a message. `None` for a row without an
    /// entry.
    pub fn from_row(row: &PgRow) -> Result<Option<Self>, Failed> {
        let Some(position) = row.try_get("entry_position")? else {
            return Ok(None);
        };
        let message = Message::from_row(row)?;
        let kind: Option<String> = row.try_get("entry_type")?;
        let at: Option<OffsetDateTime> = row.try_get("entry_at")?;
        let at = at.map(Timestamp::from);
        let told = raw("an entry", row.try_get("entry_data")?)?;
        let (kind, at, data) = match (kind, message, told) {
            (None, Some(message), _) => (
                "message_sent".to_owned(),
                message.sent_at,
                EntryData::Message(Box::new(message)),
            ),
            (Some(kind), _, Some(told)) => (kind, at.unwrap_or_default(), EntryData::Told(told)),
            (
                Some(kind),
                Some(Message {
                    seq,
                    body,
                    edited_at,
                    ..
                }),
                None,
            ) => {
                let at = at.unwrap_or_default();
                let edited_at = edited_at.unwrap_or(at);
                (
                    kind,
                    at,
                    EntryData::Edited(Edited {
                        seq,
                        body,
                        edited_at,
                    }),
                )
            }
            (_, None, None) | (None, None, Some(_)) => {
                let reason =
                    format!("it is at position {position} and has neither message nor data");
                return Err(Failed::Corrupt {
                    what: "an entry",
                    reason,
                });
            }
        };
        Ok(Some(Self {
            position,
            kind,
            conversation_id: row.try_get("conversation_name")?,
            at,
            data,
        }))
    }
}
