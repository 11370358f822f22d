//! Converts an unpacked Slack export into records.
//!
//! Source: "How to read Slack data exports" (slack.com/help/articles/220556107). An export is a
//! directory with `users.json`, `channels.json` (and `groups.json`, `mpims.json`, `dms.json` if it
//! has private conversations), and one directory per conversation, named after the conversation, or
//! after its id for direct messages. That directory has one file per day, `2026-11-01.json`: an
//! array of messages. Only one day is in memory at a time. `files`: finds and reads the files.
//! `attachments`: finds the files of messages. `workspace`: the lists. `message`: a message. `text`
//! and `blocks`: its words.
//!
//! Memberships come from messages (`channel_join`) and from the list of conversations, which names
//! the current members and the creator. A user who joined and has left does not join again. A
//! current member who, according to the export, neither joined nor wrote joins at the end. The
//! members of direct messages are those in the list.
//!
//! What cannot be read is a record with a reason and does not stop the others. What Tidings does
//! not support is counted and reported at the end.

mod attachments;
mod blocks;
mod files;
mod message;
#[cfg(test)]
mod tests;
mod text;
mod workspace;

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use data_dir::format_count;
use domain::ids::ReactionKey;
use domain::time::Timestamp;
use serde_json::{Value, json};

use crate::record::{
    EarlierKey, ImportRecord, RecordAttachment, RecordLine, RecordOrigin, RecordPlace,
    derive_name_id,
};
use attachments::FoundFiles;
use files::{DayFile, ExportDirectory, list_directories, normalize, read_list};
use message::{SlackEvent, SlackFile, SlackMessage, SlackReaction, SlackSender};
use workspace::{SlackChannel, SlackChannelKind, SlackWorkspace};

/// An unpacked Slack export.
pub struct SlackExport {
    workspace: SlackWorkspace,
    /// The files of messages that lie beside the export.
    files: FoundFiles,
    conversations: VecDeque<SlackConversation>,
    records: VecDeque<ImportRecord>,
    unsupported: BTreeMap<String, u64>,
    bytes: u64,
    bytes_read: u64,
}

/// A conversation of the export.
struct SlackConversation {
    /// What its directory is called.
    name: String,
    title: Option<String>,
    origin: RecordOrigin,
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
    workspace::has_lists(directory)
}

impl SlackExport {
    /// Opens an export. Reads the lists and finds the files, but reads no messages.
    pub fn open(directory: &Path) -> Result<Self> {
        let mut workspace = SlackWorkspace::open(directory)?;
        let channels = std::mem::take(&mut workspace.channels);
        let mut export = Self {
            records: std::mem::take(&mut workspace.unreadable).into(),
            workspace,
            files: attachments::find_files(directory)?,
            conversations: VecDeque::new(),
            unsupported: BTreeMap::new(),
            bytes: 0,
            bytes_read: 0,
        };
        let mut directories = list_directories(directory)?;
        let mut claims: BTreeMap<String, u32> = BTreeMap::new();
        for channel in &channels {
            let name = find_directory(channel, &directories);
            *claims.entry(name).or_default() += 1;
        }
        for channel in channels {
            let name = find_directory(&channel, &directories);
            if claims.get(&name).is_some_and(|count| *count > 1) {
                continue;
            }
            match directories.remove(&name) {
                Some(found) => export.add_conversation(channel, found)?,
                None => export.count("conversations without a directory", 1),
            }
        }
        export.reject_rest(directories, &claims);
        Ok(export)
    }

    fn add_conversation(&mut self, channel: SlackChannel, found: ExportDirectory) -> Result<()> {
        self.count(
            "files that are not the messages of a day",
            found.other_files,
        );
        let first_message = if self.workspace.has_id {
            String::new()
        } else if let Some(first) = files::find_first_message(&found.days)? {
            first
        } else {
            self.count("conversations without messages", 1);
            return Ok(());
        };
        self.bytes += found.days.iter().map(|day| day.bytes).sum::<u64>();
        let user = |id: &String| self.workspace.names.user(id).to_owned();
        let members = channel.members.as_deref().unwrap_or_default();
        let is_direct = channel.kind == SlackChannelKind::Direct;
        let direct = match members {
            [one, other] if is_direct && one != other => Some([user(one), user(other)]),
            _ => None,
        };
        let is_titled = channel.kind == SlackChannelKind::Channel;
        let name = channel.name.clone().unwrap_or_else(|| channel.id.clone());
        self.conversations.push_back(SlackConversation {
            title: is_titled.then(|| name.clone()),
            name,
            origin: RecordOrigin {
                source: self.workspace.source.clone(),
                channel: self.workspace.identify(&channel, &first_message),
                direct,
                ..RecordOrigin::default()
            },
            days: found.days,
            creator: channel.creator,
            members: channel.members,
            seen: HashSet::new(),
        });
        Ok(())
    }

    /// Rejects the directories that cannot be assigned to one conversation.
    fn reject_rest(
        &mut self,
        directories: BTreeMap<String, ExportDirectory>,
        claims: &BTreeMap<String, u32>,
    ) {
        for (name, found) in directories {
            if found.days.is_empty() {
                self.count("directories without messages", 1);
                continue;
            }
            let days = format_count(found.days.len(), "day");
            let reason = match claims.get(&name) {
                Some(count) => format!(
                    "{count} conversations have this name, so it is unclear which of them has its {days} of messages"
                ),
                None => format!(
                    "no list of conversations names this directory, so it is unclear who may read its {days} of messages; \
                     if its conversation was renamed, rename the directory too"
                ),
            };
            let file: Arc<str> = found.name.as_str().into();
            let place = RecordPlace::Part("the directory".into());
            self.records
                .push_back(ImportRecord::unreadable(&file, place, reason));
        }
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

    /// Remarks about the export as a whole.
    pub fn notes(&self) -> Vec<String> {
        if self.workspace.has_id {
            return Vec::new();
        }
        vec![
            "users.json does not name the workspace (team_id), so it is identified by its first user, and its \
             conversations by their ids and first messages; pass --source NAME to add to them with exports that \
             begin later"
                .to_owned(),
        ]
    }

    /// The next record; `None` after the last one.
    pub fn next_record(&mut self) -> Result<Option<ImportRecord>> {
        loop {
            if let Some(record) = self.records.pop_front() {
                return Ok(Some(record));
            }
            let Some(mut room) = self.conversations.pop_front() else {
                return Ok(None);
            };
            if let Some(creator) = room.creator.take() {
                self.add_creator(&mut room, creator);
                self.conversations.push_front(room);
            } else if let Some(day) = room.days.pop_front() {
                self.bytes_read += day.bytes;
                self.read_day(&mut room, &day)?;
                self.conversations.push_front(room);
            } else {
                self.add_remaining_members(&room);
            }
        }
    }

    /// The creator of a conversation joins first, and therefore owns it, unless they have left.
    fn add_creator(&mut self, room: &mut SlackConversation, creator: String) {
        let mut members = room.members.iter().flatten();
        if room.origin.direct.is_none() && members.any(|member| *member == creator) {
            self.records.push_back(self.member_record(room, &creator));
            room.seen.insert(creator);
        }
    }

    /// The current members who have not been seen join.
    fn add_remaining_members(&mut self, room: &SlackConversation) {
        if room.origin.direct.is_some() {
            return;
        }
        for user in room.members.iter().flatten() {
            if !room.seen.contains(user) {
                self.records.push_back(self.member_record(room, user));
            }
        }
    }

    /// The record of a member without a join message.
    fn member_record(&self, room: &SlackConversation, user: &str) -> ImportRecord {
        let id = format!("member:{user}");
        let line = json!({ "members": [self.workspace.names.user(user)], "id": id });
        let place = RecordPlace::Part(format!("member {user} of {}", room.name));
        room.record(&"the list of conversations".into(), place, line, &id)
    }

    fn read_day(&mut self, room: &mut SlackConversation, day: &DayFile) -> Result<()> {
        let file: Arc<str> = day.name.as_str().into();
        let messages = match read_list(&day.path)? {
            Ok(messages) => messages,
            Err(reason) => {
                let record = ImportRecord::unreadable(&file, RecordPlace::File, reason);
                self.records.push_back(record);
                return Ok(());
            }
        };
        let mut messages: Vec<(usize, Value)> = messages.into_iter().enumerate().collect();
        messages
            .sort_by_key(|(_, message)| message["ts"].as_str().and_then(files::parse_ts_millis));
        for (index, message) in messages {
            let place = RecordPlace::Part(format!("message {}", index + 1));
            match SlackEvent::parse(&message, &self.workspace.names) {
                Ok(event) => self.add_event(room, &file, place, event),
                Err(reason) => {
                    self.records
                        .push_back(ImportRecord::unreadable(&file, place, reason));
                }
            }
        }
        Ok(())
    }

    fn add_event(
        &mut self,
        room: &mut SlackConversation,
        file: &Arc<str>,
        place: RecordPlace,
        event: SlackEvent,
    ) {
        match event {
            SlackEvent::Other(kind) => self.count(&kind, 1),
            SlackEvent::Join { user, ts } => self.add_join(room, file, place, &user, &ts),
            SlackEvent::Message(message) if message.text_with(&message.files).is_empty() => {
                self.count("messages without a text", 1);
                self.count("link previews", message.previews);
            }
            SlackEvent::Message(message) => self.add_message(room, file, &place, &message),
        }
    }

    /// Adds a message, with the first of its files that lies beside the export; each further one
    /// becomes a message of its own.
    fn add_message(
        &mut self,
        room: &mut SlackConversation,
        file: &Arc<str>,
        place: &RecordPlace,
        message: &SlackMessage,
    ) {
        let is_found = |file: &&SlackFile| self.find_file(file).is_some();
        let (found, missing): (Vec<_>, Vec<_>) = message.files.iter().partition(is_found);
        self.count("files (their names are taken)", missing.len() as u64);
        self.count("link previews", message.previews);
        let sender = self.sender_name(room, &message.sender);
        let mut line = json!({
            "sender": sender,
            "sent_at": message.sent_at,
            "text": message.text_with(missing.iter().copied()),
            "id": message.ts,
            "reply_to": message.thread,
            "thread": message.thread,
            "edited_at": message.edited_at,
            "reactions": self.convert_reactions(room, &message.reactions),
        });
        let mut id = message.ts.clone();
        let first = found.first().copied();
        let mut text_without = message.text_with(missing.into_iter().chain(first));
        let mut records = vec![room.record(file, place.clone(), line.clone(), &id)];
        for (index, found) in found.into_iter().enumerate() {
            if index > 0 {
                id = format!("{}:{}", message.ts, found.id.as_deref().unwrap_or_default());
                line["id"] = id.as_str().into();
                line["text"] = "".into();
                line["edited_at"] = Value::Null;
                line["reactions"] = json!([]);
                text_without = found.mention();
                records.push(room.record(file, place.clone(), line.clone(), &id));
            }
            let attachment = self.find_file(found).map(|path| RecordAttachment {
                path: path.clone(),
                name: found.name().to_owned(),
                text_without: std::mem::take(&mut text_without),
            });
            if let Some(Ok(content)) = records.last_mut().map(|record| &mut record.content) {
                content.attachment = attachment;
            }
        }
        self.records.extend(records);
    }

    /// Where a file of a message is, if it lies beside the export.
    fn find_file(&self, file: &SlackFile) -> Option<&PathBuf> {
        self.files.get(file.id.as_ref()?)
    }

    /// The name of the sender. A bot may call itself like a user, who must not join because of it.
    fn sender_name(&self, room: &mut SlackConversation, sender: &SlackSender) -> String {
        let names = &self.workspace.names;
        let user = match sender {
            SlackSender::User(user) => Some(user),
            SlackSender::Bot { id, .. } => id.as_ref().and_then(|bot| self.workspace.bots.get(bot)),
        };
        if let Some(user) = user {
            room.seen.insert(user.clone());
            return names.user(user).to_owned();
        }
        let SlackSender::Bot { id, name } = sender else {
            return String::new();
        };
        let name = name.as_ref().or(id.as_ref()).cloned().unwrap_or_default();
        let is_user = names
            .users
            .iter()
            .any(|(id, user)| *id == name || *user == name);
        if is_user {
            format!("{name} (bot)")
        } else {
            name
        }
    }

    fn add_join(
        &mut self,
        room: &mut SlackConversation,
        file: &Arc<str>,
        place: RecordPlace,
        user: &str,
        ts: &str,
    ) {
        let members = room.members.as_deref();
        if members.is_some_and(|ids| !ids.iter().any(|id| id == user)) {
            self.count("joins of users who have left", 1);
        } else if room.seen.insert(user.to_owned()) {
            let joined_at = files::parse_ts_millis(ts).map(Timestamp::from_millis);
            let members = [self.workspace.names.user(user)];
            let line = json!({ "members": members, "id": ts, "joined_at": joined_at });
            self.records.push_back(room.record(file, place, line, ts));
        }
    }

    fn convert_reactions(
        &mut self,
        room: &mut SlackConversation,
        reactions: &[SlackReaction],
    ) -> Vec<Value> {
        let mut converted = Vec::new();
        for SlackReaction { name, users, count } in reactions {
            if ReactionKey::parse_new(name).is_err() {
                self.count("reactions whose name is too long", 1);
                continue;
            }
            let named = i64::try_from(users.len()).unwrap_or(i64::MAX);
            let unnamed = u64::try_from(count.saturating_sub(named)).unwrap_or(0);
            self.count("reactions whose users are not named", unnamed);
            for user in users {
                let name_of_user = self.workspace.names.user(user);
                converted.push(json!({ "key": name, "user": name_of_user }));
                room.seen.insert(user.clone());
            }
        }
        converted
    }

    fn count(&mut self, what: &str, times: u64) {
        if times > 0 {
            *self.unsupported.entry(what.to_owned()).or_default() += times;
        }
    }
}

impl SlackConversation {
    /// A record of this conversation. `id` is what its line was called in earlier releases.
    fn record(
        &self,
        file: &Arc<str>,
        place: RecordPlace,
        mut line: Value,
        id: &str,
    ) -> ImportRecord {
        line["conversation"] = self.name.as_str().into();
        line["title"] = self.title.as_deref().into();
        let earlier = EarlierKey {
            conversation: derive_name_id(&self.name),
            key: format!("id:slack:{}:{id}", self.name),
        };
        let content = RecordLine {
            attachment: None,
            json: line.to_string().into_bytes(),
            origin: Some(RecordOrigin {
                earlier: Some(earlier),
                ..self.origin.clone()
            }),
        };
        ImportRecord {
            file: file.clone(),
            place,
            content: Ok(content),
        }
    }
}

/// The normal form of the name of a conversation's directory: its name, or its id for direct
/// messages.
fn find_directory(
    channel: &SlackChannel,
    directories: &BTreeMap<String, ExportDirectory>,
) -> String {
    let name = channel.name.as_deref().map(normalize);
    let id = normalize(&channel.id);
    match name {
        Some(name) if directories.contains_key(&name) || !directories.contains_key(&id) => name,
        _ => id,
    }
}
