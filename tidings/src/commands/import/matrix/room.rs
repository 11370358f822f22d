//! Combines the events of a file: edits, reactions, redactions and memberships.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::ids::ReactionKey;
use domain::time::Timestamp;
use serde_json::{Value, json};

use super::event::{Event, Said, What};
use super::text::Words;

/// The combined state of the rooms in a file, and the unsupported items.
#[derive(Default)]
pub(super) struct Gathered {
    /// The senders of the messages that are not redacted, by event id.
    messages: HashMap<String, String>,
    /// The newest edit of each message, by event id.
    edits: HashMap<String, Edit>,
    reactions: HashMap<String, Vec<Value>>,
    redacted: HashSet<String>,
    /// The latest membership, by room and user.
    memberships: HashMap<(String, String), String>,
    /// The rooms and users for which a join has been emitted.
    joined: HashSet<(String, String)>,
    names: HashMap<String, String>,
    /// The room of events without a `room_id`.
    file: String,
    unmapped: BTreeMap<String, u64>,
}

struct Edit {
    at: Option<i64>,
    words: Words,
}

impl Gathered {
    /// Combines the events. `name` is the name of the room, if the file has one; `file` is the name
    /// of the file.
    pub(super) fn of(events: &[Event], name: Option<String>, file: String) -> Self {
        let mut gathered = Self {
            file: name.clone().unwrap_or(file),
            ..Self::default()
        };
        for event in events {
            if let What::Redaction { of } = &event.what {
                gathered.redacted.insert(of.clone());
            }
        }
        for event in events {
            gathered.message(event);
        }
        for event in events {
            gathered.happened(event);
        }
        if let Some(name) = name {
            let named = events
                .iter()
                .map(|event| (event.room.clone(), name.clone()));
            gathered.names = named.collect();
        }
        gathered
    }

    /// The unsupported items so far, with their counts.
    pub(super) fn unmapped(&self) -> BTreeMap<String, u64> {
        self.unmapped.clone()
    }

    fn is_redacted(&self, event: &Event) -> bool {
        event
            .id
            .as_ref()
            .is_some_and(|id| self.redacted.contains(id))
    }

    fn message(&mut self, event: &Event) {
        if self.is_redacted(event) {
            return;
        }
        if let (What::Said(_), Some(id), Some(sender)) = (&event.what, &event.id, &event.sender) {
            self.messages.insert(id.clone(), sender.clone());
        }
    }

    fn happened(&mut self, event: &Event) {
        if self.is_redacted(event) {
            return;
        }
        match &event.what {
            What::Edit { of, words } => self.edit(event, of, words),
            What::Reaction { to, key } => self.reaction(event, to, key),
            What::Membership { user, membership } => {
                let room_and_user = (event.room.clone(), user.clone());
                self.memberships.insert(room_and_user, membership.clone());
            }
            What::Name(name) if !name.trim().is_empty() => {
                self.names.insert(event.room.clone(), name.clone());
            }
            _ => {}
        }
    }

    fn edit(&mut self, event: &Event, of: &str, words: &Words) {
        match self.messages.get(of) {
            None => self.count("edits of messages that are not there"),
            Some(sender) if event.sender.as_ref() != Some(sender) => {
                self.count("edits by somebody else");
            }
            Some(_) if words.text.trim().is_empty() => self.count("edits without a text"),
            Some(_) => {
                let edit = Edit {
                    at: event.at,
                    words: words.clone(),
                };
                let newest = self.edits.get(of).map(|newest| newest.at);
                if newest.is_some() {
                    self.count("edits before the last one");
                }
                if newest.is_none_or(|newest| newest <= edit.at) {
                    self.edits.insert(of.to_owned(), edit);
                }
            }
        }
    }

    fn reaction(&mut self, event: &Event, to: &str, key: &str) {
        let Some(user) = &event.sender else {
            self.count("reactions without a sender");
            return;
        };
        if !self.messages.contains_key(to) {
            self.count("reactions to messages that are not there");
        } else if ReactionKey::parse(key).is_err() {
            self.count("reactions whose key is too long");
        } else {
            let reaction = json!({ "key": key, "user": user });
            self.reactions
                .entry(to.to_owned())
                .or_default()
                .push(reaction);
        }
    }

    /// Converts an event to a line; `None` if it does not become a line of its own.
    pub(super) fn line(&mut self, event: Event) -> Option<Value> {
        let is_redacted = self.is_redacted(&event);
        let Event {
            id,
            room,
            sender,
            at,
            what,
        } = event;
        match what {
            What::Said(_) if is_redacted => self.none("redacted messages"),
            What::Edit { .. } if is_redacted => self.none("redacted edits"),
            What::Reaction { .. } if is_redacted => self.none("redacted reactions"),
            What::Said(said) => {
                let Some(sender) = sender else {
                    return self.none("messages without a sender");
                };
                let Some(at) = at else {
                    return self.none("messages without a time");
                };
                let edit = id.as_ref().and_then(|id| self.edits.remove(id));
                let mut line = self.said(said, edit)?;
                let reactions = id.as_ref().and_then(|id| self.reactions.remove(id));
                line["reactions"] = reactions.unwrap_or_default().into();
                line["sender"] = sender.into();
                line["sent_at"] = json!(Timestamp::from_millis(at));
                Some(self.in_room(&room, id, line))
            }
            What::Membership { user, membership } => self.membership(room, id, user, &membership),
            What::Redacted(what) => self.none(what),
            What::Other(kind) => self.none(&kind),
            What::Edit { .. } | What::Reaction { .. } | What::Redaction { .. } | What::Name(_) => {
                None
            }
        }
    }

    /// The text of a message; with an edit, the original and the newest text.
    fn said(&mut self, said: Said, edit: Option<Edit>) -> Option<Value> {
        // The server bundles the newest edit, which is the only one in an export without edit
        // events.
        let bundled = said.edit.map(|edit| (edit.at, edit.words));
        let edit = edit.map(|edit| (edit.at, Some(edit.words))).or(bundled);
        if edit.as_ref().is_some_and(|(at, _)| at.is_none()) {
            self.count("edits without a time (the newest text is taken)");
        }
        let (edited_at, newest) = edit.unwrap_or_default();
        let first = said.words.text;
        let (words, original) = match newest {
            Some(newest) => (newest, Some(first).filter(|_| edited_at.is_some())),
            None => (
                Words {
                    text: first,
                    ..said.words
                },
                None,
            ),
        };
        if words.text.trim().is_empty() {
            return self.none("messages without a text");
        }
        if words.has_file {
            self.count("files (their names are taken)");
        }
        let original = original.filter(|text| !text.trim().is_empty());
        Some(json!({
            "text": words.text,
            "reply_to": said.reply_to,
            "edited_at": edited_at.map(Timestamp::from_millis),
            "original": original,
        }))
    }

    fn membership(
        &mut self,
        room: String,
        id: Option<String>,
        user: String,
        membership: &str,
    ) -> Option<Value> {
        if membership != "join" {
            return self.none(&format!("m.room.member {membership}"));
        }
        let room_and_user = (room, user);
        if self.memberships.get(&room_and_user).map(String::as_str) != Some("join") {
            return self.none("joins of users who have left");
        }
        if !self.joined.insert(room_and_user.clone()) {
            return self.none("changes of a member's profile");
        }
        let (room, user) = room_and_user;
        Some(self.in_room(&room, id, json!({ "members": [user] })))
    }

    fn in_room(&self, room: &str, id: Option<String>, mut line: Value) -> Value {
        let conversation = if room.is_empty() { &self.file } else { room };
        let title = self.names.get(room).map_or(conversation, String::as_str);
        line["title"] = title.into();
        line["conversation"] = conversation.into();
        line["id"] = id.into();
        line
    }

    fn none(&mut self, what: &str) -> Option<Value> {
        self.count(what);
        None
    }

    fn count(&mut self, what: &str) {
        *self.unmapped.entry(what.to_owned()).or_default() += 1;
    }
}
