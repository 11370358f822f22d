//! Reads Rocket.Chat: its database as `mongoexport` writes it, or one room as its users export it.
//!
//! Sources: the types `IMessage`, `IRoom` and `IUser` and `exportRoomMessagesToFile` of
//! github.com/RocketChat/Rocket.Chat, and "MongoDB Extended JSON".
//!
//! - The collections `rocketchat_message` and `rocketchat_room` in a directory, one document per
//!   line or as an array. Only rooms that are there are imported.
//! - A file of objects with `msg`, `username` and `ts`.
//!
//! Users are called by their user name.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use domain::time::Timestamp;
use serde_json::Value;

use crate::chat::{ExportContents, ExportedChat, ExportedMessage, as_pair, read_whole};
use crate::fields;
use crate::record::{RecordOrigin, RecordPlace, file_name};

/// The files of an exported database.
pub(crate) struct RocketChatFiles {
    messages: PathBuf,
    rooms: PathBuf,
}

impl RocketChatFiles {
    /// Finds the files in a directory. Their names contain the name of the collection, in the
    /// singular or the plural.
    pub(crate) fn find(files: &[PathBuf]) -> Option<Self> {
        let find = |word: &str| {
            files.iter().find(|file| {
                let name = file_name(file).to_lowercase();
                name.contains("rocketchat_") && name.contains(word) && name.contains(".json")
            })
        };
        Some(Self {
            messages: find("message")?.clone(),
            rooms: find("room")?.clone(),
        })
    }
}

/// Reads the database.
pub(crate) fn read_database(files: &RocketChatFiles) -> Result<ExportContents> {
    let mut contents = ExportContents::default();
    let mut rooms = HashMap::new();
    for (file, place, document) in read_documents(&files.rooms, &mut contents)? {
        match parse_room(&document) {
            Ok((id, chat)) => {
                rooms.insert(id, chat);
            }
            Err(reason) => contents.reject(&file, place, reason),
        }
    }
    for (file, place, document) in read_documents(&files.messages, &mut contents)? {
        let added = fields::required_id(&document, "rid").and_then(|rid| {
            let room = rooms.get_mut(&rid);
            let room = room.ok_or_else(|| format!("its room {rid} is not in the list of rooms"))?;
            add_message(&mut contents, room, &file, &place, &document)
        });
        if let Err(reason) = added {
            contents.reject(&file, place, reason);
        }
    }
    let mut rooms: Vec<_> = rooms.into_iter().collect();
    rooms.sort_by(|(one, _), (other, _)| one.cmp(other));
    contents.chats = rooms.into_iter().map(|(_, room)| room).collect();
    Ok(contents)
}

/// Reads an exported room.
pub(crate) fn read_room(path: &Path) -> Result<ExportContents> {
    let mut contents = ExportContents::default();
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let mut chat = new_chat(String::new(), Some(name.into_owned()));
    for (file, place, document) in read_documents(path, &mut contents)? {
        let added = add_exported(&mut contents, &mut chat, &file, &place, &document);
        if let Err(reason) = added {
            contents.reject(&file, place, reason);
        }
    }
    contents.chats.push(chat);
    Ok(contents)
}

fn new_chat(id: String, title: Option<String>) -> ExportedChat {
    ExportedChat {
        origin: RecordOrigin {
            source: "rocket.chat".into(),
            channel: id.clone(),
            ..RecordOrigin::default()
        },
        // Every server has a room GENERAL.
        is_known_by_first_message: true,
        name: title.clone().unwrap_or(id),
        title,
        ..ExportedChat::default()
    }
}

/// The documents of a file: an array, or one per line.
fn read_documents(
    path: &Path,
    contents: &mut ExportContents,
) -> Result<Vec<(Arc<str>, RecordPlace, Value)>> {
    let bytes = read_whole(path)?;
    let file = file_name(path);
    if bytes.trim_ascii_start().starts_with(b"[") {
        let documents: Vec<Value> = serde_json::from_slice(&bytes)?;
        let place = |index| RecordPlace::Part(format!("document {}", index + 1));
        let documents = documents.into_iter().enumerate();
        return Ok(documents
            .map(|(index, document)| (file.clone(), place(index), document))
            .collect());
    }
    let mut documents = Vec::new();
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let place = RecordPlace::Line(index as u64 + 1);
        match serde_json::from_slice(line) {
            Ok(document) => documents.push((file.clone(), place, document)),
            Err(error) => contents.reject(&file, place, format!("is not JSON: {error}")),
        }
    }
    Ok(documents)
}

fn parse_room(room: &Value) -> Result<(String, ExportedChat), String> {
    fields::check_object(room)?;
    let id = fields::required_id(room, "_id")?;
    let mut members = fields::texts(room, "usernames")?;
    members.sort();
    members.dedup();
    let title = match fields::filled_text(room, "fname")? {
        Some(name) => Some(name),
        None => fields::filled_text(room, "name")?,
    };
    let is_direct = fields::text(room, "t")?.as_deref() == Some("d");
    let mut chat = new_chat(id.clone(), title.filter(|_| !is_direct));
    chat.origin.direct = as_pair(&members).filter(|_| is_direct);
    chat.members = members;
    Ok((id, chat))
}

fn add_message(
    contents: &mut ExportContents,
    chat: &mut ExportedChat,
    file: &Arc<str>,
    place: &RecordPlace,
    message: &Value,
) -> Result<(), String> {
    if let Some(kind) = skipped_kind(message, "t")? {
        contents.count(kind, 1);
        return Ok(());
    }
    let mut reactions = Vec::new();
    for (key, reaction) in message["reactions"].as_object().into_iter().flatten() {
        let key = key.trim_matches(':');
        let users = fields::texts(reaction, "usernames")?;
        reactions.extend(users.into_iter().map(|user| (key.to_owned(), user)));
    }
    let edited_at = match &message["editedAt"] {
        Value::Null => None,
        time => Some(parse_time("editedAt", time)?),
    };
    let message = ExportedMessage {
        file: file.clone(),
        place: place.clone(),
        id: Some(fields::required_id(message, "_id")?),
        sender: fields::required_text(&message["u"], "username")?,
        sent_at: parse_time("ts", &message["ts"])?,
        text: message_text(contents, message)?,
        reply_to: fields::id(message, "tmid")?,
        edited_at,
        reactions,
    };
    contents.add_message(chat, message);
    Ok(())
}

fn add_exported(
    contents: &mut ExportContents,
    chat: &mut ExportedChat,
    file: &Arc<str>,
    place: &RecordPlace,
    message: &Value,
) -> Result<(), String> {
    fields::check_object(message)?;
    if let Some(kind) = skipped_kind(message, "type")? {
        contents.count(kind, 1);
        return Ok(());
    }
    let message = ExportedMessage {
        file: file.clone(),
        place: place.clone(),
        id: None,
        sender: fields::required_text(message, "username")?,
        sent_at: parse_time("ts", &message["ts"])?,
        text: message_text(contents, message)?,
        reply_to: None,
        edited_at: None,
        reactions: Vec::new(),
    };
    contents.add_message(chat, message);
    Ok(())
}

/// The type of a message that no user wrote.
fn skipped_kind(message: &Value, field: &str) -> Result<Option<String>, String> {
    if message["_hidden"] == true {
        return Ok(Some("hidden messages".into()));
    }
    fields::filled_text(message, field)
}

fn message_text(contents: &mut ExportContents, message: &Value) -> Result<String, String> {
    let mut lines = vec![fields::text(message, "msg")?.unwrap_or_default()];
    for attachment in fields::list(message, "attachments")? {
        if attachment["message_link"].is_string() {
            contents.count("quotations", 1);
            continue;
        }
        let is_file = attachment["title_link"].is_string() || attachment["type"] == "file";
        if let Some(title) = fields::filled_text(attachment, "title")? {
            lines.push(if is_file { format!("[{title}]") } else { title });
        }
        if is_file {
            contents.count("files (their names are taken)", 1);
        }
        for field in ["description", "text"] {
            lines.extend(fields::filled_text(attachment, field)?);
        }
    }
    lines.retain(|line| !line.trim().is_empty());
    Ok(lines.join("\n"))
}

/// Parses a time: text, or a date of MongoDB in one of its forms.
fn parse_time(field: &str, time: &Value) -> Result<Timestamp, String> {
    let date = if time.is_object() {
        &time["$date"]
    } else {
        time
    };
    let number = date["$numberLong"].as_str();
    let time = match date {
        Value::String(text) => Timestamp::parse(&insert_colon(text)),
        Value::Number(millis) => millis.as_i64().map(Timestamp::from_millis),
        _ => number
            .and_then(|text| text.parse().ok())
            .map(Timestamp::from_millis),
    };
    time.ok_or_else(|| format!("{field} is not {}", Timestamp::FORMAT))
}

/// Older versions of `mongoexport` write offsets such as `+0000`.
fn insert_colon(time: &str) -> String {
    let Some((start, offset)) = time.rfind(['+', '-']).map(|at| time.split_at(at)) else {
        return time.to_owned();
    };
    match (
        start.contains('T'),
        offset.len(),
        offset.split_at_checked(3),
    ) {
        (true, 5, Some((hours, minutes))) => format!("{start}{hours}:{minutes}"),
        _ => time.to_owned(),
    }
}
