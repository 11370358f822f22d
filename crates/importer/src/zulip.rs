//! Reads an unpacked Zulip export.
//!
//! Sources: "Export and import" (zulip.readthedocs.io) and `zerver/lib/export.py`
//! (github.com/zulip/zulip). A directory with `realm.json`, whose lists are named after tables, and
//! the messages in `messages-000001.json` and so on.
//!
//! Users are called by their email addresses. A channel whose history is not public to its
//! subscribers is not imported: its members would see messages from before they subscribed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use domain::time::Timestamp;
use serde_json::Value;

use crate::chat::{ExportContents, ExportedChat, ExportedMessage, as_pair, read_json};
use crate::fields;
use crate::record::{RecordOrigin, RecordPlace, file_name};

/// The types of recipients.
const PERSONAL: i64 = 1;
const CHANNEL: i64 = 2;
const GROUP: i64 = 3;

/// Reads the directory. `files`: all files in it.
pub(crate) fn read(directory: &Path, files: &[PathBuf]) -> Result<ExportContents> {
    let mut contents = ExportContents::default();
    let realm = read_json(&directory.join("realm.json"))?;
    let mut export = ZulipExport::default();
    export.read_realm(&realm, &mut contents);
    let mut files: Vec<&PathBuf> = files.iter().filter(|file| is_messages(file)).collect();
    files.sort();
    for path in files {
        let file = file_name(path);
        let messages = match read_json(path) {
            Ok(document) => document,
            Err(error) => {
                contents.reject(&file, RecordPlace::File, format!("{error:#}"));
                continue;
            }
        };
        match fields::list(&messages, "zerver_message") {
            Ok(messages) => export.add_messages(messages, &file, &mut contents),
            Err(reason) => contents.reject(&file, RecordPlace::File, reason),
        }
    }
    contents.chats = export.into_chats();
    Ok(contents)
}

fn is_messages(path: &Path) -> bool {
    let is_json = path
        .extension()
        .is_some_and(|extension| extension == "json");
    is_json && file_name(path).starts_with("messages-")
}

#[derive(Default)]
struct ZulipExport {
    source: String,
    has_identity: bool,
    users: HashMap<i64, String>,
    recipients: HashMap<i64, ZulipRecipient>,
    reactions: HashMap<i64, Vec<(String, String)>>,
    /// The conversations, by what identifies them.
    chats: HashMap<String, ExportedChat>,
}

/// The recipient of a message.
#[derive(Debug, Clone)]
struct ZulipRecipient {
    kind: i64,
    /// The id of the user, channel or group.
    target: i64,
    title: Option<String>,
    members: Vec<String>,
    /// Whether its subscribers may read what was sent before they subscribed.
    has_public_history: bool,
}

impl ZulipExport {
    fn read_realm(&mut self, realm: &Value, contents: &mut ExportContents) {
        let file: Arc<str> = "realm.json".into();
        self.identify(&realm["zerver_realm"][0]);
        let users = ["zerver_userprofile", "zerver_userprofile_crossrealm"];
        for table in users {
            each_row(realm, table, &file, contents, |row| {
                let address = match fields::filled_text(row, "delivery_email")? {
                    Some(address) => address,
                    None => fields::required_text(row, "email")?,
                };
                self.users.insert(required_integer(row, "id")?, address);
                Ok(())
            });
        }
        let mut channels: HashMap<i64, (String, bool)> = HashMap::new();
        each_row(realm, "zerver_stream", &file, contents, |row| {
            let is_public =
                row["invite_only"] != true || row["history_public_to_subscribers"] == true;
            let channel = (fields::required_text(row, "name")?, is_public);
            channels.insert(required_integer(row, "id")?, channel);
            Ok(())
        });
        each_row(realm, "zerver_recipient", &file, contents, |row| {
            let (kind, target) = (
                required_integer(row, "type")?,
                required_integer(row, "type_id")?,
            );
            let channel = channels.get(&target).filter(|_| kind == CHANNEL);
            let recipient = ZulipRecipient {
                kind,
                target,
                title: channel.map(|(name, _)| name.clone()),
                members: Vec::new(),
                has_public_history: channel.is_none_or(|(_, is_public)| *is_public),
            };
            self.recipients
                .insert(required_integer(row, "id")?, recipient);
            Ok(())
        });
        each_row(realm, "zerver_subscription", &file, contents, |row| {
            let recipient = required_integer(row, "recipient")?;
            let user = self.users.get(&required_integer(row, "user_profile")?);
            let user = user.ok_or("its user_profile is not in the list of users")?;
            if row["active"] != false
                && let Some(recipient) = self.recipients.get_mut(&recipient)
            {
                recipient.members.push(user.clone());
            }
            Ok(())
        });
        each_row(realm, "zerver_reaction", &file, contents, |row| {
            let user = self.users.get(&required_integer(row, "user_profile")?);
            let user = user.ok_or("its user_profile is not in the list of users")?;
            let key = fields::required_text(row, "emoji_name")?;
            let of = self
                .reactions
                .entry(required_integer(row, "message")?)
                .or_default();
            of.push((key, user.clone()));
            Ok(())
        });
    }

    /// The organisation: many have the same name.
    fn identify(&mut self, realm: &Value) {
        let uuid = realm["uuid"].as_str();
        let created = &realm["date_created"];
        self.has_identity = uuid.is_some() || !created.is_null();
        let name = realm["string_id"].as_str().unwrap_or_default();
        self.source = match uuid {
            Some(uuid) => format!("zulip:{uuid}"),
            None => format!("zulip:{name}:{created}"),
        };
    }

    fn add_messages(&mut self, messages: &[Value], file: &Arc<str>, contents: &mut ExportContents) {
        for (index, message) in messages.iter().enumerate() {
            let place = RecordPlace::Part(format!("message {}", index + 1));
            if let Err(reason) = self.add_message(message, file, &place, contents) {
                contents.reject(file, place, reason);
            }
        }
    }

    fn add_message(
        &mut self,
        message: &Value,
        file: &Arc<str>,
        place: &RecordPlace,
        contents: &mut ExportContents,
    ) -> Result<(), String> {
        fields::check_object(message)?;
        let id = required_integer(message, "id")?;
        let sender_id = required_integer(message, "sender")?;
        let sender = self
            .users
            .get(&sender_id)
            .ok_or("its sender is not in the list of users")?;
        let recipient = self
            .recipients
            .get(&required_integer(message, "recipient")?);
        let recipient = recipient.ok_or("its recipient is not in the list of recipients")?;
        if !recipient.has_public_history {
            let channel = recipient.title.as_deref().unwrap_or_default();
            return Err(format!(
                "the history of {channel} is not public to its subscribers, and an imported conversation shows all \
                 of it to each member"
            ));
        }
        if recipient.kind == CHANNEL && fields::filled_text(message, "subject")?.is_some() {
            contents.count("topics of messages", 1);
        }
        let sent = ExportedMessage {
            file: file.clone(),
            place: place.clone(),
            id: Some(id.to_string()),
            sender: sender.clone(),
            sent_at: parse_seconds(message, "date_sent")?.ok_or("date_sent is missing")?,
            text: fields::text(message, "content")?.unwrap_or_default(),
            reply_to: None,
            edited_at: parse_seconds(message, "last_edit_time")?,
            reactions: self.reactions.remove(&id).unwrap_or_default(),
        };
        let (name, new) = self.conversation(recipient, sender_id, sender)?;
        let mut chat = self.chats.remove(&name).unwrap_or(new);
        contents.add_message(&mut chat, sent);
        self.chats.insert(name, chat);
        Ok(())
    }

    /// What identifies the conversation of a recipient, and the conversation without messages.
    fn conversation(
        &self,
        recipient: &ZulipRecipient,
        sender_id: i64,
        sender: &str,
    ) -> Result<(String, ExportedChat), String> {
        let (channel, members) = match recipient.kind {
            PERSONAL => {
                let other = self.users.get(&recipient.target);
                let other = other.ok_or("its recipient is not in the list of users")?;
                let ids = (
                    sender_id.min(recipient.target),
                    sender_id.max(recipient.target),
                );
                let mut members = vec![sender.to_owned(), other.clone()];
                members.sort();
                (format!("personal:{}:{}", ids.0, ids.1), members)
            }
            CHANNEL => (
                format!("channel:{}", recipient.target),
                recipient.members.clone(),
            ),
            GROUP => (
                format!("group:{}", recipient.target),
                recipient.members.clone(),
            ),
            kind => return Err(format!("its recipient has the unknown type {kind}")),
        };
        let is_channel = recipient.kind == CHANNEL;
        let chat = ExportedChat {
            origin: RecordOrigin {
                source: self.source.clone(),
                channel: channel.clone(),
                direct: as_pair(&members).filter(|_| !is_channel),
                ..RecordOrigin::default()
            },
            is_known_by_first_message: !self.has_identity,
            name: recipient
                .title
                .clone()
                .unwrap_or_else(|| members.join(", ")),
            title: recipient.title.clone(),
            members,
            ..ExportedChat::default()
        };
        Ok((channel, chat))
    }

    fn into_chats(self) -> Vec<ExportedChat> {
        let mut chats: Vec<_> = self.chats.into_iter().collect();
        chats.sort_by(|(one, _), (other, _)| one.cmp(other));
        chats.into_iter().map(|(_, chat)| chat).collect()
    }
}

/// Reads each row of a table. Rows that cannot be read are rejected.
fn each_row(
    realm: &Value,
    table: &str,
    file: &Arc<str>,
    contents: &mut ExportContents,
    mut read: impl FnMut(&Value) -> Result<(), String>,
) {
    match fields::list(realm, table) {
        Ok(rows) => {
            for (index, row) in rows.iter().enumerate() {
                if let Err(reason) = fields::check_object(row).and_then(|()| read(row)) {
                    let place = RecordPlace::Part(format!("row {} of {table}", index + 1));
                    contents.reject(file, place, reason);
                }
            }
        }
        Err(reason) => contents.reject(file, RecordPlace::File, reason),
    }
}

fn required_integer(row: &Value, field: &str) -> Result<i64, String> {
    fields::integer(row, field)?.ok_or_else(|| format!("{field} is missing"))
}

/// A time in seconds since 1970, with a fraction.
fn parse_seconds(row: &Value, field: &str) -> Result<Option<Timestamp>, String> {
    match &row[field] {
        Value::Null => Ok(None),
        value => {
            let seconds = value.as_f64().filter(|seconds| seconds.abs() < 1e12);
            let seconds = seconds.ok_or_else(|| format!("{field} is not a time in seconds"))?;
            Ok(Some(Timestamp::from_millis(
                (seconds * 1000.0).round() as i64
            )))
        }
    }
}
