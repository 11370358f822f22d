//! What goes over a live connection.

use axum::extract::ws::Utf8Bytes;
use http_edge::Problem;
use serde::{Deserialize, Serialize};

use crate::entry::Entry;
use crate::failed::Failed;

/// From the server. The texts are shared by all who get them.
#[derive(Debug, Clone)]
pub enum Frame {
    /// An entry of the sync feed, as sync returns it, and its position.
    Entry(i64, Utf8Bytes),
    /// The same where another entry of that position follows: the position is no cursor yet.
    Part(i64, Utf8Bytes),
    /// The backlog is through, up to this cursor.
    CaughtUp(i64),
    /// Presence or typing, under its name: it has no place in the order.
    Aside(&'static str, Utf8Bytes),
}

#[derive(Serialize)]
struct EntryFrame<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    entry: &'a Entry,
}

impl Frame {
    /// Written once, whoever gets it.
    pub fn entry(entry: &Entry) -> Result<Self, Failed> {
        let frame = EntryFrame {
            kind: "entry",
            entry,
        };
        let text = serde_json::to_string(&frame).map_err(|error| Failed::Corrupt {
            what: "an entry",
            reason: error.to_string(),
        })?;
        Ok(Self::Entry(entry.position, text.into()))
    }

    /// Marks the entries that are followed by one of the same position. Positions come whole, so the last
    /// frame never is.
    pub fn mark_parts(frames: &mut [Self]) {
        for at in 1..frames.len() {
            if let [Self::Entry(one, text), Self::Entry(other, _)] = &frames[at - 1..=at]
                && one == other
            {
                let open = text.strip_suffix('}').unwrap_or(text);
                frames[at - 1] = Self::Part(*one, format!("{open},\"more\":true}}").into());
            }
        }
    }

    /// The position of an entry.
    pub fn position(&self) -> Option<i64> {
        match self {
            Self::Entry(position, _) | Self::Part(position, _) => Some(*position),
            Self::CaughtUp(_) | Self::Aside(..) => None,
        }
    }

    /// Presence or typing.
    pub fn aside(name: &'static str, frame: &serde_json::Value) -> Self {
        Self::Aside(name, frame.to_string().into())
    }

    /// Its name, which server-sent events carry beside it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Entry(..) | Self::Part(..) => "entry",
            Self::CaughtUp(_) => "caught_up",
            Self::Aside(name, _) => name,
        }
    }

    /// As JSON.
    pub fn json(&self) -> Utf8Bytes {
        match self {
            Self::Entry(_, text) | Self::Part(_, text) | Self::Aside(_, text) => text.clone(),
            Self::CaughtUp(cursor) => serde_json::json!({ "type": "caught_up", "cursor": cursor })
                .to_string()
                .into(),
        }
    }
}

/// From a client.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Everything up to here has arrived.
    Ack {
        /// A position.
        cursor: i64,
    },
    /// The caller types.
    Typing {
        /// Where.
        conversation_id: String,
    },
    /// Tell whether these are online, and when that changes.
    Watch {
        /// Whom.
        users: Vec<String>,
    },
}

/// Why a connection ends.
#[derive(Debug)]
pub enum End {
    /// With a problem frame, and this close code.
    Problem(u16, Box<Problem>),
    /// Without a word but the close code and its reason.
    Closed(u16, &'static str),
}

/// Close codes. Those from 4400 on are as the HTTP statuses they remind of.
pub mod close {
    /// A frame that cannot be read.
    pub const POLICY: u16 = 1008;
    /// The server stops, or the database is away: come back later, as the problem says.
    pub const TRY_AGAIN: u16 = 1013;
    /// The token has ended.
    pub const UNAUTHORIZED: u16 = 4401;
    /// Nothing was heard for too long.
    pub const SILENT: u16 = 4408;
    /// The same device has connected again.
    pub const REPLACED: u16 = 4409;
    /// The cursor is older than what is kept, or beyond the log's head.
    pub const CURSOR: u16 = 4410;
}

/// `{"type": "problem", ...}`.
pub fn problem(problem: &Problem) -> String {
    let mut frame = serde_json::to_value(problem).unwrap_or_default();
    if let Some(fields) = frame.as_object_mut() {
        // What a problem calls its type is a name for people; here `type` says what frame this is.
        fields.insert("type".into(), "problem".into());
        if let Some(seconds) = problem.retry_after_seconds() {
            fields.insert("retry_after".into(), seconds.into());
        }
    }
    frame.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_says_that_another_of_its_position_follows() {
        let entry = |position| Frame::Entry(position, "{\"type\":\"entry\"}".into());
        let mut frames = [entry(1), entry(2), entry(2), entry(2), Frame::CaughtUp(2)];
        Frame::mark_parts(&mut frames);
        let more = frames
            .each_ref()
            .map(|frame| frame.json().contains(",\"more\":true}"));
        assert_eq!(more, [false, true, true, false, false]);
        assert_eq!(frames.each_ref().map(Frame::name)[1], "entry");
        assert!(serde_json::from_str::<serde_json::Value>(&frames[1].json()).is_ok());
    }
}
