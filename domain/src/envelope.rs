//! The envelope of an event: the event with its log position, published as one CloudEvents 1.0
//! object.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::history::{CursorReference, EpochTag};
use crate::time::Timestamp;

/// The kind of aggregate that an event belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AggregateKind {
    /// A conversation.
    Conversation,
    /// A user's mailbox.
    Mailbox,
    /// A user's profile.
    Profile,
    /// The deployment, of which there is one.
    Deployment,
    /// A case.
    Case,
    /// A file.
    File,
    /// A service desk.
    Desk,
}

impl AggregateKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Conversation,
        Self::Mailbox,
        Self::Profile,
        Self::Deployment,
        Self::Case,
        Self::File,
        Self::Desk,
    ];

    /// The name used in the log and in subjects.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::Mailbox => "mailbox",
            Self::Profile => "profile",
            Self::Deployment => "deployment",
            Self::Case => "case",
            Self::File => "file",
            Self::Desk => "desk",
        }
    }

    /// Parses the name used in the log.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The prefix of `source`, such as `/conversations/` or `/mailboxes/`.
    pub fn source_prefix(self) -> &'static str {
        match self {
            Self::Conversation => "/conversations/",
            Self::Mailbox => "/mailboxes/",
            Self::Profile => "/profiles/",
            Self::Deployment => "/deployment/",
            Self::Case => "/cases/",
            Self::File => "/files/",
            Self::Desk => "/desks/",
        }
    }
}

/// One event of the log. `data` is the stored JSON, byte for byte.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// The position in the whole log: 1, 2, 3, ...
    pub position: i64,
    /// The tag of the epoch that the position belongs to; `None` if an older release published the
    /// event.
    pub tag: Option<EpochTag>,
    /// The kind of aggregate that recorded the event.
    pub aggregate: AggregateKind,
    /// The id of the conversation, or of the user whose mailbox or profile it is.
    pub aggregate_id: String,
    /// The sequence number within the aggregate: 1, 2, 3, ...
    pub sequence: i64,
    /// The event type, such as `message_sent`.
    pub event_type: String,
    /// The schema version of the data.
    pub version: i16,
    /// When the event was appended. It never decreases along the log.
    pub time: Timestamp,
    /// Who made the call that caused the event, if it was made for another user or by an
    /// administrator.
    pub actor: Option<String>,
    /// The W3C `traceparent` of the request that caused the event, if it was traced. It helps
    /// operators and means nothing to the domain.
    pub traceparent: Option<String>,
    /// The event data as JSON.
    pub data: Box<RawValue>,
}

/// Room for the fields of a CloudEvents object besides `data`, so that it is written in one piece.
const USUAL_FIELDS_BYTES: usize = 384;

/// The fields of the CloudEvents object. They borrow, so that neither encoding nor decoding copies
/// `data`.
#[derive(Serialize, Deserialize)]
struct CloudEvent<'a> {
    specversion: &'a str,
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    time: Timestamp,
    #[serde(borrow)]
    datacontenttype: Cow<'a, str>,
    position: i64,
    sequence: i64,
    /// Derived from the others, so that consumers need not know where each type has it.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    conversation: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    actor: Option<Cow<'a, str>>,
    /// The distributed tracing extension of CloudEvents.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<Cow<'a, str>>,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// What every consumer may want to know about the data of any event.
#[derive(Deserialize)]
struct CommonData<'a> {
    #[serde(borrow)]
    conversation: Option<Cow<'a, str>>,
    sent_at: Option<Timestamp>,
    edited_at: Option<Timestamp>,
    joined_at: Option<Timestamp>,
    created_at: Option<Timestamp>,
}

/// Why a JSON text is not a valid envelope.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// The text is not JSON, or a field is missing.
    #[error("not a CloudEvents object: {0}")]
    Json(#[from] serde_json::Error),
    /// A field has a value that [`Envelope::to_json`] never writes.
    #[error("unexpected value {value:?} in the CloudEvents field {field}")]
    Field {
        /// The name of the field.
        field: &'static str,
        /// The value of the field.
        value: String,
    },
}

impl Envelope {
    /// The CloudEvents source, such as `/conversations/{id}` or `/mailboxes/{user}`.
    pub fn source(&self) -> String {
        [self.aggregate.source_prefix(), &self.aggregate_id].concat()
    }

    /// The conversation that the event belongs to: its own, or the one that an event of another
    /// aggregate is about. `None` for events such as `user_blocked`.
    pub fn conversation(&self) -> Option<Cow<'_, str>> {
        match self.aggregate {
            AggregateKind::Conversation => Some(Cow::Borrowed(&self.aggregate_id)),
            AggregateKind::Mailbox | AggregateKind::Deployment => self.common_data()?.conversation,
            AggregateKind::Profile
            | AggregateKind::Case
            | AggregateKind::File
            | AggregateKind::Desk => None,
        }
    }

    /// When it happened for its users: when a message was sent or edited, or an imported
    /// conversation or membership began, in the source system. For every other event, when it was
    /// appended.
    pub fn sent_at(&self) -> Timestamp {
        let happened = self.common_data().and_then(|data| {
            let message = data.sent_at.or(data.edited_at);
            message.or(data.joined_at).or(data.created_at)
        });
        happened.unwrap_or(self.time)
    }

    fn common_data(&self) -> Option<CommonData<'_>> {
        serde_json::from_str(self.data.get()).ok()
    }

    /// The cursor of the event, which is its CloudEvents id.
    pub fn cursor(&self) -> CursorReference {
        CursorReference {
            position: self.position,
            tag: self.tag,
        }
    }

    /// Encodes the envelope as one CloudEvents JSON object without line breaks.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut json = Vec::with_capacity(self.data.get().len() + USUAL_FIELDS_BYTES);
        let event = CloudEvent {
            specversion: "1.0",
            id: self.cursor().to_string().into(),
            source: self.source().into(),
            kind: format!("tidings.{}.v{}", self.event_type, self.version).into(),
            time: self.time,
            datacontenttype: "application/json".into(),
            position: self.position,
            sequence: self.sequence,
            conversation: self.conversation(),
            actor: self.actor.as_deref().map(Cow::Borrowed),
            traceparent: self.traceparent.as_deref().map(Cow::Borrowed),
            data: &self.data,
        };
        serde_json::to_writer(&mut json, &event)?;
        Ok(json)
    }

    /// Decodes an envelope written by [`Envelope::to_json`].
    pub fn from_json(json: &[u8]) -> Result<Self, EnvelopeError> {
        let event: CloudEvent<'_> = serde_json::from_slice(json)?;
        let field = |field, value: &str| EnvelopeError::Field {
            field,
            value: value.to_owned(),
        };
        let (aggregate, aggregate_id) = AggregateKind::ALL
            .into_iter()
            .find_map(|kind| Some((kind, event.source.strip_prefix(kind.source_prefix())?)))
            .ok_or_else(|| field("source", &event.source))?;
        let (event_type, version) = event
            .kind
            .strip_prefix("tidings.")
            .and_then(|rest| rest.rsplit_once(".v"))
            .and_then(|(name, version)| Some((name, version.parse().ok()?)))
            .ok_or_else(|| field("type", &event.kind))?;
        let cursor: CursorReference = event.id.parse().map_err(|_| field("id", &event.id))?;
        if cursor.position != event.position {
            return Err(field("id", &event.id));
        }
        Ok(Self {
            position: event.position,
            tag: cursor.tag,
            aggregate,
            aggregate_id: aggregate_id.to_owned(),
            sequence: event.sequence,
            event_type: event_type.to_owned(),
            version,
            time: event.time,
            actor: event.actor.map(Cow::into_owned),
            traceparent: event.traceparent.map(Cow::into_owned),
            data: event.data.to_owned(),
        })
    }
}
