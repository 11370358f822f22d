//! Converts an unpacked Slack export into lines of messages.
//!
//! Source: "How to read Slack data exports" (slack.com/help/articles/220556107). An export is a
//! directory with `users.json`, `channels.json` (and `groups.json`, `mpims.json`, `dms.json` if it
//! has private conversations), and one directory per conversation, named after the conversation, or
//! after its id for direct messages. That directory has one file per day, `2026-11-01.json`: an
//! array of messages. Only one day is in memory at a time.
//!
//! Memberships come from messages (`channel_join`) and from the list of conversations, which names
//! the current members and the creator. A user who joined and has left does not join again. A
//! current member who, according to the export, neither joined nor wrote joins at the end.
//!
//! Data of the export that Tidings does not support is counted and reported at the end.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::path::Path;

use anyhow::{Result, bail};
use domain::ids::ReactionKey;
use domain::time::Timestamp;
use serde_json::{Value, json};

use crate::slack_files::{
    DayFile, SlackChannel, SlackEdit, SlackMessage, SlackReaction, SlackUser, list_day_files,
    parse_ts_millis, read_array,
};
use crate::slack_text::to_plain_text;

/// The lists of conversations. A directory is an export if it has the first one.
const CONVERSATION_FILES: [&str; 4] = ["channels.json", "groups.json", "mpims.json", "dms.json"];

/// An unpacked Slack export.
pub struct SlackExport {
    users: HashMap<String, String>,
    conversations: VecDeque<SlackConversation>,
    lines: VecDeque<Vec<u8>>,
    unsupported: BTreeMap<String, u64>,
    bytes: u64,
    bytes_read: u64,
}

/// A conversation of the export.
struct SlackConversation {
    name: String,
    days: VecDeque<DayFile>,
    /// The id of the creator, until the line for the creator has been emitted.
    creator: Option<String>,
    /// The ids of the current members, if the export lists them.
    members: Option<Vec<String>>,
    /// The ids of the users who have joined, written or reacted so far.
    seen: HashSet<String>,
}

/// Whether a directory is a Slack export.
pub fn is_export(directory: &Path) -> bool {
    directory.join(CONVERSATION_FILES[0]).is_file()
}

impl SlackExport {
    /// Opens an export. Reads the users and the list of files, but no messages.
    pub fn open(directory: &Path) -> Result<Self> {
        let users: Vec<SlackUser> = read_array(&directory.join("users.json"))?.unwrap_or_default();
        let mut names: HashMap<String, u32> = HashMap::new();
        for user in &users {
            *names.entry(user.name.clone()).or_default() += 1;
        }
        // A name that two users have had identifies neither of them.
        let name = |user: SlackUser| {
            let is_own = !user.name.is_empty() && names.get(&user.name) == Some(&1);
            let name = if is_own { user.name } else { user.id.clone() };
            (user.id, name)
        };
        let mut export = Self {
            users: users.into_iter().map(name).collect(),
            conversations: VecDeque::new(),
            lines: VecDeque::new(),
            unsupported: BTreeMap::new(),
            bytes: 0,
            bytes_read: 0,
        };
        for file in CONVERSATION_FILES {
            for listed in read_array::<SlackChannel>(&directory.join(file))?.unwrap_or_default() {
                export.add_conversation(directory, listed)?;
            }
        }
        Ok(export)
    }

    fn add_conversation(&mut self, directory: &Path, listed: SlackChannel) -> Result<()> {
        let name = listed.name.unwrap_or(listed.id);
        // The name must not lead outside the export (path traversal).
        if name.is_empty() || name.contains(['/', '\\', '\0']) || name.starts_with('.') {
            bail!("{name:?} is not a valid directory name for a conversation");
        }
        let conversation_dir = directory.join(&name);
        if !conversation_dir.is_dir() {
            self.count_unsupported("conversations without a directory");
            return Ok(());
        }
        let days = list_day_files(&conversation_dir)?;
        self.bytes += days.iter().map(|day| day.bytes).sum::<u64>();
        self.conversations.push_back(SlackConversation {
            name,
            days,
            creator: listed.creator,
            members: listed.members,
            seen: HashSet::new(),
        });
        Ok(())
    }

    /// The total size of the message files in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The number of bytes read so far.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// The unsupported items so far, with their counts.
    pub fn unsupported(&self) -> BTreeMap<String, u64> {
        self.unsupported.clone()
    }

    /// The next message or join as a line of JSON; `None` after the last one.
    pub fn next_line(&mut self) -> Result<Option<Vec<u8>>> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Ok(Some(line));
            }
            let Some(mut room) = self.conversations.pop_front() else {
                return Ok(None);
            };
            let lines = if let Some(creator) = room.creator.take() {
                let lines = self.creator_lines(&mut room, creator);
                self.conversations.push_front(room);
                lines
            } else if let Some(day) = room.days.pop_front() {
                self.bytes_read += day.bytes;
                let mut messages: Vec<SlackMessage> = read_array(&day.path)?.unwrap_or_default();
                messages.sort_by_key(|message| message.ts.as_deref().and_then(parse_ts_millis));
                let line = |message| self.message_line(&mut room, message);
                let lines = messages.into_iter().filter_map(line).collect();
                self.conversations.push_front(room);
                lines
            } else {
                self.remaining_member_lines(room)
            };
            let bytes = |line: Value| line.to_string().into_bytes();
            self.lines = lines.into_iter().map(bytes).collect();
        }
    }

    /// The creator of a conversation joins first, and therefore owns it, unless they have left.
    fn creator_lines(&self, room: &mut SlackConversation, creator: String) -> Vec<Value> {
        let mut members = room.members.iter().flatten();
        if !members.any(|member| *member == creator) {
            return Vec::new();
        }
        let line = self.member_line(&room.name, &creator);
        room.seen.insert(creator);
        vec![line]
    }

    /// The lines of the current members who have not been seen.
    fn remaining_member_lines(&self, room: SlackConversation) -> Vec<Value> {
        let mut members = room.members.unwrap_or_default();
        members.retain(|user| !room.seen.contains(user));
        let line = |user: &String| self.member_line(&room.name, user);
        members.iter().map(line).collect()
    }

    /// The line of a member without a join message.
    fn member_line(&self, conversation: &str, user: &str) -> Value {
        json!({
            "conversation": conversation,
            "members": [self.user_name(user)],
            "id": format!("slack:{conversation}:member:{user}"),
        })
    }

    /// Converts a message; `None` if it is neither a message nor a join.
    fn message_line(
        &mut self,
        room: &mut SlackConversation,
        message: SlackMessage,
    ) -> Option<Value> {
        match message.subtype.as_deref() {
            Some("channel_join" | "group_join") => return self.join_line(room, message),
            Some(kind) if !is_user_message(kind) => {
                self.count_unsupported(kind);
                return None;
            }
            _ => {}
        }
        let Some((ts, sent_at)) = message
            .ts
            .as_ref()
            .and_then(|ts| Some((ts, parse_ts_millis(ts)?)))
        else {
            self.count_unsupported("messages without a time");
            return None;
        };
        for (what, is_there) in [
            ("files (their names are taken)", !message.files.is_empty()),
            ("attachments", !message.attachments.is_empty()),
        ] {
            if is_there {
                self.count_unsupported(what);
            }
        }
        let sender = match (&message.user, &message.username, &message.bot_id) {
            (Some(user), ..) => self.user_name(user),
            (None, Some(name), _) => name.clone(),
            (None, None, Some(bot)) => bot.clone(),
            (None, None, None) => {
                self.count_unsupported("messages without a sender");
                return None;
            }
        };
        let mut text = to_plain_text(&message.text, &self.users);
        for file in message.files {
            let name = file.name.or(file.title).unwrap_or_else(|| "a file".into());
            text = format!("{text}{}[{name}]", if text.is_empty() { "" } else { "\n" });
        }
        if text.trim().is_empty() {
            self.count_unsupported("messages without a text");
            return None;
        }
        room.seen.extend(message.user);
        let thread = message.thread_ts.filter(|thread| thread != ts);
        Some(json!({
            "conversation": room.name,
            "sender": sender,
            "sent_at": Timestamp::from_millis(sent_at),
            "text": text,
            "id": line_id(&room.name, ts),
            "reply_to": thread.map(|thread| line_id(&room.name, &thread)),
            "edited_at": message.edited.and_then(|edited| self.parse_edited_at(&edited)),
            "reactions": self.convert_reactions(room, message.reactions),
        }))
    }

    fn join_line(&mut self, room: &mut SlackConversation, message: SlackMessage) -> Option<Value> {
        let (Some(user), Some(ts)) = (message.user, message.ts) else {
            self.count_unsupported("joins without a user or a time");
            return None;
        };
        if room
            .members
            .as_ref()
            .is_some_and(|ids| !ids.contains(&user))
        {
            self.count_unsupported("joins of users who have left");
            return None;
        }
        let name = self.user_name(&user);
        room.seen.insert(user).then(
            || json!({ "conversation": room.name, "members": [name], "id": line_id(&room.name, &ts) }),
        )
    }

    /// The time of the last edit. Slack does not export earlier texts.
    fn parse_edited_at(&mut self, edited: &SlackEdit) -> Option<Timestamp> {
        let at = edited.ts.as_deref().and_then(parse_ts_millis);
        if at.is_none() {
            self.count_unsupported("edits without a time");
        }
        at.map(Timestamp::from_millis)
    }

    fn convert_reactions(
        &mut self,
        room: &mut SlackConversation,
        reactions: Vec<SlackReaction>,
    ) -> Vec<Value> {
        let mut converted = Vec::new();
        for SlackReaction { name, users, count } in reactions {
            if ReactionKey::parse(&name).is_err() {
                self.count_unsupported("reactions whose name is too long");
                continue;
            }
            let unnamed = count.saturating_sub(users.len()) as u64;
            self.count_unsupported_n("reactions whose users are not named", unnamed);
            for user in users {
                converted.push(json!({ "key": name, "user": self.user_name(&user) }));
                room.seen.insert(user);
            }
        }
        converted
    }

    fn user_name(&self, user: &str) -> String {
        self.users.get(user).map_or(user, |name| name).to_owned()
    }

    fn count_unsupported(&mut self, what: &str) {
        self.count_unsupported_n(what, 1);
    }

    fn count_unsupported_n(&mut self, what: &str, times: u64) {
        if times > 0 {
            *self.unsupported.entry(what.to_owned()).or_default() += times;
        }
    }
}

/// The id of the line of a message.
fn line_id(conversation: &str, ts: &str) -> String {
    format!("slack:{conversation}:{ts}")
}

/// Whether a message with this subtype was written by a user or a bot. Other subtypes report
/// changes of topics, pins and the like.
fn is_user_message(subtype: &str) -> bool {
    [
        "bot_message",
        "file_comment",
        "file_share",
        "me_message",
        "reply_broadcast",
        "thread_broadcast",
    ]
    .contains(&subtype)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn write_export(files: &[(&str, Value)]) -> tempfile::TempDir {
        let scratch = tempfile::tempdir().expect("a directory");
        for (path, content) in files {
            let path = scratch.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("directory created");
            fs::write(path, content.to_string()).expect("written");
        }
        scratch
    }

    fn read_lines(export: &mut SlackExport) -> Vec<Value> {
        let next = || export.next_line().expect("reads");
        std::iter::from_fn(next)
            .map(|line| serde_json::from_slice(&line).expect("JSON"))
            .collect()
    }

    /// An export with a channel, a direct conversation and everything that is not supported.
    fn sample_export() -> tempfile::TempDir {
        write_export(&[
            (
                "users.json",
                json!([{"id": "U1", "name": "ann"}, {"id": "U2", "name": "bob"}]),
            ),
            (
                "channels.json",
                json!([{"id": "C1", "name": "general", "creator": "U5", "members": ["U1", "U2", "U3", "U4", "U5"]}, {"id": "C2", "name": "gone"}]),
            ),
            ("dms.json", json!([{"id": "D1", "members": ["U1", "U2"]}])),
            (
                "general/2026-11-02.json",
                json!([
                    {"type": "message", "user": "U2", "ts": "1793577600.000200", "text": "an answer",
                     "thread_ts": "1793491200.000100"},
                ]),
            ),
            (
                "general/2026-11-01.json",
                json!([
                    {"type": "message", "user": "U1", "ts": "1793491201.5", "text": "second", "edited": {"ts": "1793491300.0"},
                     "reactions": [{"name": "+1", "users": ["U2", "U3"], "count": 4}, {"name": "x".repeat(33), "users": ["U2"]}]},
                    {"type": "message", "user": "U1", "ts": "1793491200.000100", "text": "hi <@U2> &amp; all",
                     "thread_ts": "1793491200.000100"},
                    {"type": "message", "subtype": "channel_join", "user": "U2", "ts": "1793491199.0", "text": "joined"},
                    {"type": "message", "subtype": "channel_join", "user": "U8", "ts": "1793491199.1", "text": "joined"},
                    {"type": "message", "subtype": "channel_leave", "user": "U8", "ts": "1793491199.2", "text": "left"},
                    {"type": "message", "user": "U9", "ts": "1793491202.0", "text": "", "files": [{"name": "a.png"}]},
                    {"type": "message", "user": "U1", "text": "never"},
                ]),
            ),
            (
                "D1/2026-11-01.json",
                json!([{"user": "U1", "ts": "1793491200.0", "text": "psst"}]),
            ),
        ])
    }

    #[test]
    fn messages_are_ordered_and_unsupported_items_are_counted() {
        let scratch = sample_export();
        assert!(is_export(scratch.path()));
        let mut export = SlackExport::open(scratch.path()).expect("opens");
        let lines = read_lines(&mut export);
        let (joins, lines): (Vec<_>, Vec<_>) = lines
            .into_iter()
            .partition(|line| line.get("members").is_some());
        let texts: Vec<_> = lines
            .iter()
            .map(|line| line["text"].as_str().expect("text"))
            .collect();
        assert_eq!(
            texts,
            ["hi @bob & all", "second", "[a.png]", "an answer", "psst"]
        );
        assert_eq!(
            joins,
            [
                json!({"conversation": "general", "members": ["U5"], "id": "slack:general:member:U5"}),
                json!({"conversation": "general", "members": ["bob"], "id": "slack:general:1793491199.0"}),
                json!({"conversation": "general", "members": ["U4"], "id": "slack:general:member:U4"}),
                json!({"conversation": "D1", "members": ["bob"], "id": "slack:D1:member:U2"}),
            ]
        );
        assert_eq!(
            (&lines[1]["edited_at"], &lines[1]["reactions"]),
            (
                &json!("2026-11-01T00:01:40.000Z"),
                &json!([{"key": "+1", "user": "bob"}, {"key": "+1", "user": "U3"}])
            )
        );
        assert_eq!(
            lines[0]["reply_to"],
            Value::Null,
            "the message starts the thread"
        );
        assert_eq!(
            lines[3],
            json!({"conversation": "general", "sender": "bob", "sent_at": "2026-11-02T00:00:00.000Z",
            "text": "an answer", "id": "slack:general:1793577600.000200", "reply_to": "slack:general:1793491200.000100",
            "edited_at": null, "reactions": []})
        );
        assert_eq!(
            (&lines[2]["sender"], &lines[1]["sent_at"]),
            (&json!("U9"), &json!("2026-11-01T00:00:01.500Z"))
        );
        let counted: Vec<_> = export.unsupported().into_iter().collect();
        let expected = [
            ("channel_leave", 1),
            ("conversations without a directory", 1),
            ("files (their names are taken)", 1),
            ("joins of users who have left", 1),
            ("messages without a time", 1),
            ("reactions whose name is too long", 1),
            ("reactions whose users are not named", 2),
        ];
        assert_eq!(
            counted,
            expected.map(|(what, times)| (what.to_owned(), times))
        );
        assert_eq!(export.bytes_read(), export.bytes());
    }

    #[test]
    fn invalid_exports_are_rejected() {
        let broken = write_export(&[("channels.json", json!({"not": "a list"}))]);
        let error = SlackExport::open(broken.path()).err().expect("rejected");
        assert!(error.to_string().contains("channels.json"), "{error}");
        let climbing = write_export(&[("channels.json", json!([{"id": "C1", "name": "../x"}]))]);
        assert!(SlackExport::open(climbing.path()).is_err());
        assert!(!is_export(write_export(&[]).path()));
    }
}
