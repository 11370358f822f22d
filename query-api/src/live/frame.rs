//! The frames of a live connection, in both directions.

use axum::extract::ws::Utf8Bytes;
use domain::history::{CursorReference, History, LogCursor};
use http::StatusCode;
use http_edge::Problem;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::QueryError;
use crate::sql::entry_view::FeedEntry;

/// A frame from the server. Its text is shared by all recipients.
#[derive(Debug, Clone)]
pub enum ServerFrame {
    /// The cursor and the text of an entry of the sync feed.
    Entry(LogCursor, Utf8Bytes),
    /// The same when another entry of that position follows: the position must not be used as a
    /// cursor yet.
    EntryWithMore(LogCursor, Utf8Bytes),
    /// The backlog is complete up to this cursor.
    CaughtUp(LogCursor),
    /// The name and the text of a presence or typing frame, or another that has no position in the
    /// feed.
    Ephemeral(&'static str, Utf8Bytes),
}

#[derive(Serialize)]
struct EntryFrame<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    entry: &'a FeedEntry,
    cursor: LogCursor,
}

impl ServerFrame {
    /// Serializes an entry, once for all recipients. `history` must be that of the read model from
    /// which the entry was read.
    pub fn from_entry(entry: &FeedEntry, history: &History) -> Result<Self, QueryError> {
        let cursor = history.cursor_at(entry.position);
        let frame = EntryFrame {
            kind: "entry",
            entry,
            cursor,
        };
        let text = serde_json::to_string(&frame).map_err(|error| QueryError::Corrupt {
            value: "an entry",
            reason: error.to_string(),
        })?;
        Ok(Self::Entry(cursor, text.into()))
    }

    /// Marks the entries that are followed by another entry of the same position. Positions are
    /// never split between batches, so the last frame is never marked.
    pub fn mark_more(frames: &mut [Self]) {
        for at in 1..frames.len() {
            if let [Self::Entry(one, text), Self::Entry(other, _)] = &frames[at - 1..=at]
                && one == other
            {
                let open = text.strip_suffix('}').unwrap_or(text);
                frames[at - 1] =
                    Self::EntryWithMore(*one, format!("{open},\"more\":true}}").into());
            }
        }
    }

    /// The position of an entry; `None` for other frames.
    pub fn position(&self) -> Option<i64> {
        match self {
            Self::Entry(cursor, _) | Self::EntryWithMore(cursor, _) => Some(cursor.position),
            Self::CaughtUp(_) | Self::Ephemeral(..) => None,
        }
    }

    /// The memory that the text of the frame takes, in bytes.
    pub fn size(&self) -> usize {
        match self {
            Self::Entry(_, text) | Self::EntryWithMore(_, text) | Self::Ephemeral(_, text) => {
                text.len()
            }
            Self::CaughtUp(_) => 0,
        }
    }

    /// Creates a frame that says why a frame of the client, of this type, was not carried out. The
    /// connection goes on.
    pub fn refuse(frame: &'static str, problem: &Problem) -> Self {
        let mut refused = problem_fields(problem, "refused");
        refused.insert("frame".to_owned(), frame.into());
        Self::ephemeral("refused", &refused.into())
    }

    /// Creates a presence or typing frame, or another one without a position.
    pub fn ephemeral(name: &'static str, frame: &Value) -> Self {
        Self::Ephemeral(name, frame.to_string().into())
    }

    /// The type of the frame, which is also the event name of server-sent events.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Entry(..) | Self::EntryWithMore(..) => "entry",
            Self::CaughtUp(_) => "caught_up",
            Self::Ephemeral(name, _) => name,
        }
    }

    /// The frame as JSON.
    pub fn to_json(&self) -> Utf8Bytes {
        match self {
            Self::Entry(_, text) | Self::EntryWithMore(_, text) | Self::Ephemeral(_, text) => {
                text.clone()
            }
            Self::CaughtUp(cursor) => serde_json::json!({ "type": "caught_up", "cursor": cursor })
                .to_string()
                .into(),
        }
    }
}

/// A frame from a client.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Acknowledges everything up to a cursor.
    Ack {
        /// The cursor of the last received entry, or its position.
        cursor: CursorReference,
    },
    /// The caller is typing.
    Typing {
        /// The conversation in which the caller is typing.
        conversation_id: String,
    },
    /// The caller is no longer typing.
    TypingStopped {
        /// The conversation in which the caller was typing.
        conversation_id: String,
    },
    /// The token of the caller: the first frame of a connection without one, or a newer token.
    Token {
        /// The token.
        token: String,
    },
    /// Watches users: the server reports whether they are online, and every change.
    Watch {
        /// The users to watch.
        users: Vec<String>,
    },
}

/// Why a session ends.
#[derive(Debug)]
pub enum SessionEnd {
    /// The server sends a problem frame and closes with this code.
    Problem(u16, Box<Problem>),
    /// The server closes with this code and reason, without a problem frame. The reason is a code
    /// too, unless the client has violated the protocol.
    Closed(u16, &'static str),
}

impl SessionEnd {
    /// The end of a session whose caller is refused.
    pub fn refused(problem: Problem) -> Self {
        let code = if problem.status() == StatusCode::FORBIDDEN {
            close::FORBIDDEN
        } else {
            close::UNAUTHORIZED
        };
        Self::Problem(code, Box::new(problem))
    }
}

/// The close codes. Those from 4400 on correspond to HTTP statuses (4401 to 401, and so on).
pub mod close {
    /// The client has violated the WebSocket protocol.
    pub const PROTOCOL_ERROR: u16 = 1002;
    /// The client has sent a text that is not UTF-8.
    pub const INVALID_UTF8: u16 = 1007;
    /// The client has sent a malformed frame, or too many frames.
    pub const POLICY_VIOLATION: u16 = 1008;
    /// The client has sent a message that is too large.
    pub const TOO_LARGE: u16 = 1009;
    /// The server is shutting down or the database is unavailable; the problem frame says when to
    /// reconnect.
    pub const TRY_AGAIN_LATER: u16 = 1013;
    /// The token is missing, has expired or is refused.
    pub const UNAUTHORIZED: u16 = 4401;
    /// The user may no longer call: deactivated or banned.
    pub const FORBIDDEN: u16 = 4403;
    /// The client was silent for too long.
    pub const IDLE_TIMEOUT: u16 = 4408;
    /// The same device has connected again.
    pub const REPLACED: u16 = 4409;
    /// The cursor is older than the retained entries, beyond the head of the log, or of another
    /// history; or the history has changed.
    pub const INVALID_CURSOR: u16 = 4410;
}

/// Serializes a problem as a frame: `{"type": "problem", ...}`.
pub fn problem_frame(problem: &Problem) -> String {
    let mut fields = problem_fields(problem, "problem");
    if let Some(seconds) = problem.retry_after_seconds() {
        fields.insert("retry_after".into(), seconds.into());
    }
    Value::from(fields).to_string()
}

/// The fields of a problem in a frame, where `type` is the type of the frame and not the type URI
/// of the problem.
fn problem_fields(problem: &Problem, kind: &str) -> Map<String, Value> {
    let fields = match serde_json::to_value(problem) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let kind = [("type".to_owned(), kind.into())];
    fields.into_iter().chain(kind).collect()
}

#[cfg(test)]
mod tests {
    use domain::history::EpochTag;

    use super::*;

    #[test]
    fn entries_followed_by_the_same_position_are_marked() {
        let cursor = |position| LogCursor {
            position,
            tag: EpochTag::from_bits(7),
        };
        let entry = |position| ServerFrame::Entry(cursor(position), "{\"type\":\"entry\"}".into());
        let mut frames = [
            entry(1),
            entry(2),
            entry(2),
            entry(2),
            ServerFrame::CaughtUp(cursor(2)),
        ];
        ServerFrame::mark_more(&mut frames);
        let more = frames
            .each_ref()
            .map(|frame| frame.to_json().contains(",\"more\":true}"));
        assert_eq!(more, [false, true, true, false, false]);
        assert_eq!(frames.each_ref().map(ServerFrame::name)[1], "entry");
        assert!(serde_json::from_str::<Value>(&frames[1].to_json()).is_ok());
    }
}
