//! An entry of the sync feed, as `GET /v1/inbox/entries` returns it and live delivery pushes it.

use domain::time::Timestamp;
use http_edge::schema::message_body::MessageBodySchema;
use read_model::entry_type::EntryType;
use read_model::live_entry::{LiveEntry, LiveEntryPayload};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::Row;
use sqlx::postgres::PgRow;
use sqlx::types::time::OffsetDateTime;
use utoipa::ToSchema;

use super::recipient_part::{self, RecipientPart};
use crate::error::QueryError;
use crate::sql::message_file::MessageFileView;
use crate::sql::message_view::{MessageView, parse_raw_json};

/// Selects the parts of an entry from the rows that `visible_entries!` joins. [`entry_columns!`]
/// expects the result under the alias `v`, with a column `has_subject`: whether a recipient is the
/// user whom the entry is about.
macro_rules! entry_parts {
    () => {
        "r.position, r.conversation, c.name, t.type, t.at, t.data,
         CASE WHEN r.seq IS NOT NULL THEN r.seq WHEN t.data IS NULL THEN t.seq END AS message"
    };
}

/// The columns that [`FeedEntry::from_row`] reads: those of an entry `v`, and those of its message
/// `g` in its current state. `$caller` is that of `message_columns!`.
macro_rules! entry_columns {
    ($caller:expr) => {
        concat!(
            "v.position AS entry_position, v.type AS entry_type, v.at AS entry_at, v.data AS entry_data, ",
            crate::sql::recipient_part::recipient_columns!(),
            ", ",
            crate::sql::message_view::message_columns!("v.name", $caller)
        )
    };
}

pub(crate) use {entry_columns, entry_parts};

/// An entry of the sync feed. `position` and `conversation_id` together identify it, within the
/// history that the tag of its cursor names: one event can give entries to several conversations.
/// Clients drop entries that they already have by this pair.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Entry)]
pub struct FeedEntry {
    /// The log position of the event. Entries of several conversations can share one position, so
    /// it does not identify an entry without `conversation_id`.
    pub position: i64,
    /// The event's name, such as `message_sent`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The conversation in which it happened; null for what belongs to no conversation.
    #[schema(required = true)]
    pub conversation_id: Option<String>,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The details of the event; `type` determines the shape.
    #[schema(value_type = Object)]
    pub data: EntryData,
    /// What only some of the recipients get.
    #[serde(skip)]
    pub recipient_part: Option<RecipientPart>,
}

/// The details of an entry.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum EntryData {
    /// For `message_sent`: the message in its current state.
    Message(Box<MessageView>),
    /// For `message_edited`.
    Edited(MessageEditedData),
    /// For every other type: the data that the event recorded.
    Other(Box<RawValue>),
}

/// The data of `message_edited`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = MessageEdited)]
pub struct MessageEditedData {
    /// The seq of the edited message.
    pub seq: i64,
    /// The newest body; null once the message is recalled.
    #[schema(value_type = Option<MessageBodySchema>, required = true)]
    pub body: Option<Box<RawValue>>,
    /// The file that the message uses now; absent if it uses none, or is recalled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub file: Option<MessageFileView>,
    /// When the message was last edited.
    #[schema(value_type = String, format = DateTime)]
    pub edited_at: Timestamp,
    /// The user who edited it, who is its author.
    pub by: String,
}

/// The part of a receipt that says whose it is.
#[derive(Deserialize)]
struct ReceiptOwner {
    user: String,
}

impl FeedEntry {
    /// The user whose receipt this is: of what they have read, or of what has reached a device of
    /// theirs. `None` for other entries.
    pub fn receipt_of(&self) -> Option<String> {
        let is_receipt = self.kind == EntryType::ConversationRead.as_str()
            || self.kind == EntryType::Delivered.as_str();
        match &self.data {
            EntryData::Other(data) if is_receipt => {
                let owner: ReceiptOwner = serde_json::from_str(data.get()).ok()?;
                Some(owner.user)
            }
            _ => None,
        }
    }

    /// Replaces the lists of users in the reactions to its message by summaries.
    pub fn summarize_reactions(&mut self) {
        if let EntryData::Message(message) = &mut self.data {
            message.summarize_reactions();
        }
    }

    /// The entry as this user receives it; `None` if it has nothing for this user alone.
    pub fn for_recipient(&self, user: &str) -> Result<Option<Self>, QueryError> {
        let is_concerned = |part: &&RecipientPart| part.concerns(user);
        match self.recipient_part.as_ref().filter(is_concerned) {
            Some(_) => self.clone().into_recipient_form(user).map(Some),
            None => Ok(None),
        }
    }

    /// Turns the entry into what this user receives.
    pub fn into_recipient_form(mut self, user: &str) -> Result<Self, QueryError> {
        let Some(part) = self.recipient_part.take() else {
            return Ok(self);
        };
        match &mut self.data {
            EntryData::Message(message) => {
                message.client_message_id = part.client_message_id_for(user).map(str::to_owned);
            }
            EntryData::Other(data) => {
                if let Some(extended) = part.extend(data, user)? {
                    *data = extended;
                }
            }
            EntryData::Edited(_) => {}
        }
        Ok(self)
    }

    /// Builds an entry from one that a projector in this process has pushed.
    pub fn from_live_entry(entry: &LiveEntry) -> Result<Self, QueryError> {
        let (kind, data, recipient_part) = match &entry.payload {
            LiveEntryPayload::Message(sent) => {
                let message = MessageView::from_live_entry(entry, sent)?;
                let part = RecipientPart::of_message(&sent.sender, sent.client_message_id.clone());
                (
                    EntryType::MessageSent.as_str(),
                    EntryData::Message(Box::new(message)),
                    part,
                )
            }
            LiveEntryPayload::Other { kind, data } => {
                let part = RecipientPart::of_entry(kind, data, None)?;
                let data = parse_raw_json("an entry", Some(data.clone()))?.unwrap_or_default();
                (*kind, EntryData::Other(data), part)
            }
        };
        Ok(Self {
            position: entry.position,
            kind: kind.to_owned(),
            conversation_id: entry.conversation.clone(),
            at: entry.occurred_at,
            data,
            recipient_part,
        })
    }

    /// Builds an entry from a row with `entry_position`, `entry_type` (null for a sent message),
    /// `entry_at`, `entry_data`, `conversation_name` and the columns of `recipient_columns!` and of
    /// a message. Returns `None` for a row without an entry.
    pub fn from_row(row: &PgRow) -> Result<Option<Self>, QueryError> {
        let Some(position) = row.try_get("entry_position")? else {
            return Ok(None);
        };
        let message = MessageView::from_row(row)?;
        let kind: Option<String> = row.try_get("entry_type")?;
        let at: Option<OffsetDateTime> = row.try_get("entry_at")?;
        let at = at.map(Timestamp::from);
        let stored = read_stored_data(row, kind.as_deref())?;
        let recipient_part =
            read_recipient_part(row, kind.as_deref(), message.as_ref(), stored.as_deref())?;
        let (kind, at, data) = match (kind, message, stored) {
            (None, Some(message), _) => (
                EntryType::MessageSent.as_str().to_owned(),
                message.sent_at,
                EntryData::Message(Box::new(message)),
            ),
            (Some(kind), _, Some(stored)) => {
                (kind, at.unwrap_or_default(), EntryData::Other(stored))
            }
            (
                Some(kind),
                Some(MessageView {
                    seq,
                    body,
                    file,
                    edited_at,
                    sender,
                    ..
                }),
                None,
            ) => {
                let at = at.unwrap_or_default();
                let edited_at = edited_at.unwrap_or(at);
                (
                    kind,
                    at,
                    EntryData::Edited(MessageEditedData {
                        seq,
                        body,
                        file,
                        edited_at,
                        by: sender,
                    }),
                )
            }
            (_, None, None) | (None, None, Some(_)) => {
                let reason = format!("the one at position {position} has neither message nor data");
                return Err(QueryError::Corrupt {
                    value: "an entry",
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
            recipient_part,
        }))
    }
}

/// Reads the data that the event recorded. That of an invitation gets the title of the group, and
/// that of a join request its note.
fn read_stored_data(row: &PgRow, kind: Option<&str>) -> Result<Option<Box<RawValue>>, QueryError> {
    let stored = parse_raw_json("an entry", row.try_get("entry_data")?)?;
    let completed = if kind == Some(EntryType::Invited.as_str()) {
        let title: Option<String> = row.try_get("invitation_title")?;
        stored.map(|data| recipient_part::with_title(&data, title.as_deref()))
    } else if kind == Some(EntryType::JoinRequested.as_str()) {
        let note: Option<String> = row.try_get("request_note")?;
        stored.map(|data| recipient_part::with_note(&data, note.as_deref()))
    } else {
        return Ok(stored);
    };
    completed.transpose()
}

/// Reads what only some of the recipients get. `kind` is `None` for a sent message.
fn read_recipient_part(
    row: &PgRow,
    kind: Option<&str>,
    message: Option<&MessageView>,
    stored: Option<&RawValue>,
) -> Result<Option<RecipientPart>, QueryError> {
    match (kind, message, stored) {
        (None, Some(message), _) => {
            let key: Option<String> = row.try_get("author_key")?;
            Ok(RecipientPart::of_message(&message.sender, key))
        }
        (Some(kind), _, Some(data)) => {
            RecipientPart::of_entry(kind, data.get(), row.try_get("joined_conversation")?)
        }
        _ => Ok(None),
    }
}
