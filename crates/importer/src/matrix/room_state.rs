//! Combines the events of a file: edits, reactions, redactions and memberships.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::ids::ReactionKey;
use domain::time::Timestamp;
use serde_json::{Value, json};

use super::event::{MatrixEvent, MatrixEventKind, MatrixMessage};
use super::message_text::MessageText;

/// The combined state of the rooms in a file, and the unsupported items.
#[derive(Default)]
pub(super) struct RoomState {
    /// The senders of the messages that are not redacted, by event id.
    messages: HashMap<String, String>,
    /// The newest edit of each message, by event id.
    latest_edits: HashMap<String, LatestEdit>,
    reactions: HashMap<String, Vec<Value>>,
    redacted_ids: HashSet<String>,
    /// The latest membership, by room and user.
    memberships: HashMap<(String, String), String>,
    /// The rooms and users for which a join has been emitted.
    joined: HashSet<(String, String)>,
    room_names: HashMap<String, String>,
    /// The room of events without a `room_id`.
    default_room: String,
    unsupported: BTreeMap<String, u64>,
}

struct LatestEdit {
    timestamp: Option<i64>,
    text: MessageText,
}

impl RoomState {
    /// Combines the events. `name` is the name of the room, if the file has one; `file` is the name
    /// of the file.
    pub(super) fn from_events(events: &[MatrixEvent], name: Option<String>, file: String) -> Self {
        let mut gathered = Self {
            default_room: name.clone().unwrap_or(file),
            ..Self::default()
        };
        for event in events {
            if let MatrixEventKind::Redaction { target: of } = &event.kind {
                gathered.redacted_ids.insert(of.clone());
            }
        }
        for event in events {
            gathered.collect_message(event);
        }
        for event in events {
            gathered.collect_change(event);
        }
        if let Some(name) = name {
            let named = events
                .iter()
                .map(|event| (event.room.clone(), name.clone()));
            gathered.room_names = named.collect();
        }
        gathered
    }

    /// The unsupported items so far, with their counts.
    pub(super) fn unsupported(&self) -> BTreeMap<String, u64> {
        self.unsupported.clone()
    }

    fn is_redacted(&self, event: &MatrixEvent) -> bool {
        event
            .id
            .as_ref()
            .is_some_and(|id| self.redacted_ids.contains(id))
    }

    fn collect_message(&mut self, event: &MatrixEvent) {
        if self.is_redacted(event) {
            return;
        }
        if let (MatrixEventKind::Message(_), Some(id), Some(sender)) =
            (&event.kind, &event.id, &event.sender)
        {
            self.messages.insert(id.clone(), sender.clone());
        }
    }

    fn collect_change(&mut self, event: &MatrixEvent) {
        if self.is_redacted(event) {
            return;
        }
        match &event.kind {
            MatrixEventKind::Edit {
                target: of,
                text: words,
            } => self.collect_edit(event, of, words),
            MatrixEventKind::Reaction { target: to, key } => self.collect_reaction(event, to, key),
            MatrixEventKind::Membership { user, membership } => {
                let room_and_user = (event.room.clone(), user.clone());
                self.memberships.insert(room_and_user, membership.clone());
            }
            MatrixEventKind::RoomName(name) if !name.trim().is_empty() => {
                self.room_names.insert(event.room.clone(), name.clone());
            }
            _ => {}
        }
    }

    fn collect_edit(&mut self, event: &MatrixEvent, of: &str, words: &MessageText) {
        match self.messages.get(of) {
            None => self.count_unsupported("edits of messages that are not there"),
            Some(sender) if event.sender.as_ref() != Some(sender) => {
                self.count_unsupported("edits by somebody else");
            }
            Some(_) if words.text.trim().is_empty() => {
                self.count_unsupported("edits without a text");
            }
            Some(_) => {
                let edit = LatestEdit {
                    timestamp: event.timestamp,
                    text: words.clone(),
                };
                let newest = self.latest_edits.get(of).map(|newest| newest.timestamp);
                if newest.is_some() {
                    self.count_unsupported("edits before the last one");
                }
                if newest.is_none_or(|newest| newest <= edit.timestamp) {
                    self.latest_edits.insert(of.to_owned(), edit);
                }
            }
        }
    }

    fn collect_reaction(&mut self, event: &MatrixEvent, to: &str, key: &str) {
        let Some(user) = &event.sender else {
            self.count_unsupported("reactions without a sender");
            return;
        };
        if !self.messages.contains_key(to) {
            self.count_unsupported("reactions to messages that are not there");
        } else if ReactionKey::parse_new(key).is_err() {
            self.count_unsupported("reactions whose key is too long");
        } else {
            let reaction = json!({ "key": key, "user": user });
            self.reactions
                .entry(to.to_owned())
                .or_default()
                .push(reaction);
        }
    }

    /// Converts an event to a line, with the id of its room if it has one; `None` if it does not
    /// become a line of its own.
    pub(super) fn event_line(&mut self, event: MatrixEvent) -> Option<(Value, Option<String>)> {
        let room = Some(event.room.clone()).filter(|room| !room.is_empty());
        Some((self.convert(event)?, room))
    }

    fn convert(&mut self, event: MatrixEvent) -> Option<Value> {
        let is_redacted = self.is_redacted(&event);
        let MatrixEvent {
            id,
            room,
            sender,
            timestamp: at,
            kind: what,
        } = event;
        match what {
            MatrixEventKind::Message(_) if is_redacted => self.skip("redacted messages"),
            MatrixEventKind::Edit { .. } if is_redacted => self.skip("redacted edits"),
            MatrixEventKind::Reaction { .. } if is_redacted => self.skip("redacted reactions"),
            MatrixEventKind::Message(said) => {
                let Some(sender) = sender else {
                    return self.skip("messages without a sender");
                };
                let Some(at) = at else {
                    return self.skip("messages without a time");
                };
                let edit = id.as_ref().and_then(|id| self.latest_edits.remove(id));
                let mut line = self.message_line(said, edit)?;
                let reactions = id.as_ref().and_then(|id| self.reactions.remove(id));
                line["reactions"] = reactions.unwrap_or_default().into();
                line["sender"] = sender.into();
                line["sent_at"] = json!(Timestamp::from_millis(at));
                Some(self.add_room(&room, id, line))
            }
            MatrixEventKind::Membership { user, membership } => {
                self.membership_line(room, id, (user, at), &membership)
            }
            MatrixEventKind::Redacted(what) => self.skip(what),
            MatrixEventKind::Other(kind) => self.skip(&kind),
            MatrixEventKind::Edit { .. }
            | MatrixEventKind::Reaction { .. }
            | MatrixEventKind::Redaction { .. }
            | MatrixEventKind::RoomName(_) => None,
        }
    }

    /// The text of a message; with an edit, the original and the newest text.
    fn message_line(&mut self, said: MatrixMessage, edit: Option<LatestEdit>) -> Option<Value> {
        // The server bundles the newest edit, which is the only one in an export without edit
        // events.
        let bundled = said.bundled_edit.map(|edit| (edit.timestamp, edit.text));
        let edit = edit
            .map(|edit| (edit.timestamp, Some(edit.text)))
            .or(bundled);
        if edit.as_ref().is_some_and(|(at, _)| at.is_none()) {
            self.count_unsupported("edits without a time (the newest text is taken)");
        }
        let (edited_at, newest) = edit.unwrap_or_default();
        let first = said.text.text;
        let (words, original) = match newest {
            Some(newest) => (newest, Some(first).filter(|_| edited_at.is_some())),
            None => (
                MessageText {
                    text: first,
                    ..said.text
                },
                None,
            ),
        };
        if words.text.trim().is_empty() {
            return self.skip("messages without a text");
        }
        if words.has_file {
            self.count_unsupported("files (their names are taken)");
        }
        let original = original.filter(|text| !text.trim().is_empty());
        Some(json!({
            "text": words.text,
            "reply_to": said.reply_to,
            "edited_at": edited_at.map(Timestamp::from_millis),
            "original": original,
        }))
    }

    fn membership_line(
        &mut self,
        room: String,
        id: Option<String>,
        (user, at): (String, Option<i64>),
        membership: &str,
    ) -> Option<Value> {
        if membership != "join" {
            return self.skip(&format!("m.room.member {membership}"));
        }
        let room_and_user = (room, user);
        if self.memberships.get(&room_and_user).map(String::as_str) != Some("join") {
            return self.skip("joins of users who have left");
        }
        if !self.joined.insert(room_and_user.clone()) {
            return self.skip("changes of a member's profile");
        }
        let (room, user) = room_and_user;
        let joined_at = at.map(Timestamp::from_millis);
        let line = json!({ "members": [user], "joined_at": joined_at });
        Some(self.add_room(&room, id, line))
    }

    fn add_room(&self, room: &str, id: Option<String>, mut line: Value) -> Value {
        let conversation = if room.is_empty() {
            &self.default_room
        } else {
            room
        };
        let title = self
            .room_names
            .get(room)
            .map_or(conversation, String::as_str);
        line["title"] = title.into();
        line["conversation"] = conversation.into();
        line["id"] = id.into();
        line
    }

    fn skip(&mut self, what: &str) -> Option<Value> {
        self.count_unsupported(what);
        None
    }

    fn count_unsupported(&mut self, what: &str) {
        *self.unsupported.entry(what.to_owned()).or_default() += 1;
    }
}
