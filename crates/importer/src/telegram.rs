//! Reads what Telegram Desktop exports as JSON, `result.json`: one chat, or all chats of an
//! account.
//!
//! Sources: "Export tool" of Telegram Desktop, and `export_output_json.cpp`
//! (github.com/telegramdesktop/tdesktop). One chat is an object with `name`, `type`, `id` and
//! `messages`; an account has such objects in `chats.list` and `left_chats.list`.
//!
//! Users are called by their ids, such as `user12345`, because names are not unique and change. Ids
//! of groups and channels are unique in all of Telegram. A private chat has the id of the other
//! user, so both users identify it.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use domain::time::Timestamp;
use serde_json::Value;

use crate::chat::{ExportContents, ExportedChat, ExportedMessage, as_pair, read_json};
use crate::fields;
use crate::record::{RecordOrigin, RecordPlace, file_name};

/// Reads the file.
pub(crate) fn read(path: &Path) -> Result<ExportContents> {
    let mut contents = ExportContents::default();
    let file = file_name(path);
    let export = read_json(path)?;
    if export["messages"].is_array() {
        read_chat(&mut contents, &file, "", &export);
        return Ok(contents);
    }
    for part in ["chats", "left_chats"] {
        match fields::list(&export[part], "list") {
            Ok(chats) => {
                for (index, chat) in chats.iter().enumerate() {
                    let place = format!("chat {} of {part}, ", index + 1);
                    read_chat(&mut contents, &file, &place, chat);
                }
            }
            Err(reason) => contents.reject(&file, RecordPlace::Part(part.into()), reason),
        }
    }
    for other in ["contacts", "frequent_contacts", "sessions", "stories"] {
        if export[other].is_object() {
            contents.count(other, 1);
        }
    }
    Ok(contents)
}

fn read_chat(contents: &mut ExportContents, file: &Arc<str>, place: &str, chat: &Value) {
    if let Err(reason) = try_chat(contents, file, place, chat) {
        let place = match place.trim_end_matches(", ") {
            "" => RecordPlace::File,
            place => RecordPlace::Part(place.to_owned()),
        };
        contents.reject(file, place, reason);
    }
}

fn try_chat(
    contents: &mut ExportContents,
    file: &Arc<str>,
    place: &str,
    export: &Value,
) -> Result<(), String> {
    fields::check_object(export)?;
    let kind = fields::required_text(export, "type")?;
    let id = fields::required_id(export, "id")?;
    let name = fields::filled_text(export, "name")?;
    // A group may become public.
    let class = kind
        .trim_start_matches("private_")
        .trim_start_matches("public_");
    let is_private = matches!(class, "personal_chat" | "bot_chat" | "saved_messages");
    let mut chat = ExportedChat {
        name: name.clone().unwrap_or_else(|| id.clone()),
        title: name.filter(|_| !is_private),
        ..ExportedChat::default()
    };
    for (index, message) in fields::list(export, "messages")?.iter().enumerate() {
        let place = RecordPlace::Part(format!("{place}message {}", index + 1));
        match parse_message(contents, file, &place, message) {
            Ok(Some(message)) => contents.add_message(&mut chat, message),
            Ok(None) => {}
            Err(reason) => contents.reject(file, place, reason),
        }
    }
    let users = chat.senders();
    let channel = if is_private {
        format!("{class}:{id}:{}", users.join(":"))
    } else {
        format!("{class}:{id}")
    };
    chat.origin = RecordOrigin {
        source: "telegram".into(),
        channel,
        direct: as_pair(&users).filter(|_| is_private),
        ..RecordOrigin::default()
    };
    contents.chats.push(chat);
    Ok(())
}

fn parse_message(
    contents: &mut ExportContents,
    file: &Arc<str>,
    place: &RecordPlace,
    message: &Value,
) -> Result<Option<ExportedMessage>, String> {
    fields::check_object(message)?;
    let kind = fields::text(message, "type")?.unwrap_or_default();
    if kind != "message" {
        let action = fields::filled_text(message, "action")?;
        contents.count(action.unwrap_or(kind), 1);
        return Ok(None);
    }
    let sent_at = parse_time(message, "date")?.ok_or("date is missing")?;
    let sender = match fields::id(message, "from_id")? {
        // Early versions wrote the bare number.
        Some(id) if id.bytes().all(|byte| byte.is_ascii_digit()) => format!("user{id}"),
        Some(id) => id,
        None => fields::required_text(message, "from")?,
    };
    Ok(Some(ExportedMessage {
        file: file.clone(),
        place: place.clone(),
        id: Some(fields::required_id(message, "id")?),
        sender,
        sent_at,
        text: message_text(contents, message)?,
        reply_to: fields::id(message, "reply_to_message_id")?,
        edited_at: parse_time(message, "edited")?,
        reactions: parse_reactions(contents, message)?,
    }))
}

/// The text with its parts, and the names of files.
fn message_text(contents: &mut ExportContents, message: &Value) -> Result<String, String> {
    let mut lines = Vec::new();
    match &message["text"] {
        Value::Array(parts) => {
            let part = |part: &Value| match part {
                Value::String(text) => Ok(text.clone()),
                other => fields::text(other, "text").map(Option::unwrap_or_default),
            };
            let parts: Result<Vec<String>, String> = parts.iter().map(part).collect();
            lines.push(parts?.concat());
        }
        _ => lines.extend(fields::text(message, "text")?),
    }
    lines.extend(poll_lines(&message["poll"])?);
    let file = match fields::filled_text(message, "file_name")? {
        Some(name) => Some(name),
        None => fields::filled_text(message, "file")?,
    };
    let photo = fields::filled_text(message, "photo")?;
    let sticker = fields::filled_text(message, "sticker_emoji")?;
    if let Some(path) = file.or(photo) {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(&path);
        // Exported without files, each has this sentence instead of its path.
        let is_left_out = path.starts_with("(File ");
        let name = if is_left_out { "a file" } else { name };
        lines.push(sticker.unwrap_or_else(|| format!("[{name}]")));
        contents.count("files (their names are taken)", 1);
    }
    for other in ["location_information", "contact_information"] {
        if message[other].is_object() {
            contents.count(other, 1);
        }
    }
    lines.retain(|line| !line.trim().is_empty());
    Ok(lines.join("\n"))
}

fn poll_lines(poll: &Value) -> Result<Vec<String>, String> {
    let mut lines: Vec<String> = fields::text(poll, "question")?.into_iter().collect();
    for answer in fields::list(poll, "answers")? {
        lines.extend(fields::text(answer, "text")?.map(|text| format!("- {text}")));
    }
    Ok(lines)
}

fn parse_reactions(
    contents: &mut ExportContents,
    message: &Value,
) -> Result<Vec<(String, String)>, String> {
    let mut reactions = Vec::new();
    for reaction in fields::list(message, "reactions")? {
        let recent = fields::list(reaction, "recent")?;
        let count = fields::integer(reaction, "count")?.unwrap_or(0);
        let Some(key) = fields::filled_text(reaction, "emoji")? else {
            contents.count("reactions with emoji of their own", 1);
            continue;
        };
        let unnamed = count.saturating_sub(i64::try_from(recent.len()).unwrap_or(i64::MAX));
        let unnamed = u64::try_from(unnamed).unwrap_or(0);
        contents.count("reactions whose users are not named", unnamed);
        for by in recent {
            reactions.push((key.clone(), fields::required_id(by, "from_id")?));
        }
    }
    Ok(reactions)
}

/// A time: seconds since 1970, or the local time that older versions write alone, read as UTC.
fn parse_time(message: &Value, field: &str) -> Result<Option<Timestamp>, String> {
    let seconds = fields::id(message, &format!("{field}_unixtime"))?;
    if let Some(seconds) = seconds.and_then(|text| text.parse::<i64>().ok()) {
        return Ok(Some(Timestamp::from_millis(seconds.saturating_mul(1000))));
    }
    let Some(text) = fields::filled_text(message, field)? else {
        return Ok(None);
    };
    let time = Timestamp::parse(&format!("{text}Z"));
    time.map(Some)
        .ok_or_else(|| format!("{field} is {text:?}, expected a time such as 2026-11-01T09:30:00"))
}
