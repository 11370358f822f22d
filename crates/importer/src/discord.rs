//! Reads what DiscordChatExporter writes as JSON: one file for each channel.
//!
//! Source: `JsonMessageWriter` of DiscordChatExporter (github.com/Tyrrrz/DiscordChatExporter). The
//! file is an object with `guild`, `channel` and `messages`.
//!
//! Users are called by their user name; one of the older kind, with a number after it, as
//! `name#1234`. Ids of channels and messages are unique in all of Discord.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use domain::time::Timestamp;
use serde_json::Value;

use crate::chat::{ExportContents, ExportedChat, ExportedMessage, as_pair, read_json};
use crate::fields;
use crate::record::{RecordOrigin, RecordPlace, file_name};

/// The types of messages that users and bots write.
const MESSAGE_TYPES: [&str; 5] = [
    "Default",
    "Reply",
    "ThreadStarterMessage",
    "20", // a command
    "23", // a command of a menu
];

/// Reads the files.
pub(crate) fn read(paths: &[PathBuf]) -> Result<ExportContents> {
    let mut contents = ExportContents::default();
    for path in paths {
        let file = file_name(path);
        match read_json(path) {
            Ok(export) => {
                if let Err(reason) = read_channel(&mut contents, &file, &export) {
                    contents.reject(&file, RecordPlace::File, reason);
                }
            }
            Err(error) if paths.len() == 1 => return Err(error),
            Err(error) => contents.reject(&file, RecordPlace::File, format!("{error:#}")),
        }
    }
    Ok(contents)
}

fn read_channel(
    contents: &mut ExportContents,
    file: &Arc<str>,
    export: &Value,
) -> Result<(), String> {
    let channel = &export["channel"];
    let guild = fields::required_id(&export["guild"], "id")?;
    let id = fields::required_id(channel, "id")?;
    let name = fields::filled_text(channel, "name")?.unwrap_or_else(|| id.clone());
    let is_private = fields::text(channel, "type")?.is_some_and(|kind| kind.starts_with("Direct"));
    let mut chat = ExportedChat {
        origin: RecordOrigin {
            source: format!("discord:{guild}"),
            channel: id,
            ..RecordOrigin::default()
        },
        title: (!is_private).then(|| name.clone()),
        name,
        ..ExportedChat::default()
    };
    for (index, message) in fields::list(export, "messages")?.iter().enumerate() {
        let place = RecordPlace::Part(format!("message {}", index + 1));
        match parse_message(contents, file, &place, message) {
            Ok(Some(message)) => contents.add_message(&mut chat, message),
            Ok(None) => {}
            Err(reason) => contents.reject(file, place, reason),
        }
    }
    if is_private {
        let mut users: Vec<String> = chat
            .messages
            .iter()
            .flat_map(|message| {
                let others = message.reactions.iter().map(|(_, user)| user);
                std::iter::once(&message.sender).chain(others)
            })
            .cloned()
            .collect();
        users.sort();
        users.dedup();
        chat.origin.direct = as_pair(&users);
    }
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
    let kind = fields::id(message, "type")?.unwrap_or_else(|| "Default".into());
    if !MESSAGE_TYPES.contains(&kind.as_str()) {
        contents.count(kind, 1);
        return Ok(None);
    }
    let author = &message["author"];
    let mut lines = vec![fields::text(message, "content")?.unwrap_or_default()];
    for embed in fields::list(message, "embeds")? {
        if author["isBot"] == true {
            lines.extend(embed_lines(embed));
        } else {
            contents.count("link previews", 1);
        }
    }
    let stickers = fields::list(message, "stickers")?
        .iter()
        .map(|item| (item, "name"));
    let files = fields::list(message, "attachments")?
        .iter()
        .map(|item| (item, "fileName"));
    for (item, field) in files.chain(stickers) {
        let name = fields::filled_text(item, field)?;
        lines.push(format!("[{}]", name.as_deref().unwrap_or("a file")));
        contents.count("files (their names are taken)", 1);
    }
    lines.retain(|line| !line.trim().is_empty());
    let mut reactions = Vec::new();
    for reaction in fields::list(message, "reactions")? {
        let key = fields::required_text(&reaction["emoji"], "name")?;
        let users = fields::list(reaction, "users")?;
        let count = fields::integer(reaction, "count")?.unwrap_or(0);
        let unnamed = count.saturating_sub(i64::try_from(users.len()).unwrap_or(i64::MAX));
        let unnamed = u64::try_from(unnamed).unwrap_or(0);
        contents.count("reactions whose users are not named", unnamed);
        for user in users {
            reactions.push((key.clone(), user_name(user)?));
        }
    }
    Ok(Some(ExportedMessage {
        file: file.clone(),
        place: place.clone(),
        id: Some(fields::required_id(message, "id")?),
        sender: user_name(author)?,
        sent_at: parse_time(message, "timestamp")?.ok_or("timestamp is missing")?,
        text: lines.join("\n"),
        reply_to: fields::id(&message["reference"], "messageId")?,
        edited_at: parse_time(message, "timestampEdited")?,
        reactions,
    }))
}

fn embed_lines(embed: &Value) -> Vec<String> {
    let of = |value: &Value| value.as_str().map(str::to_owned);
    let mut lines: Vec<String> = [of(&embed["title"]), of(&embed["description"])]
        .into_iter()
        .flatten()
        .collect();
    for field in embed["fields"].as_array().into_iter().flatten() {
        let parts = [of(&field["name"]), of(&field["value"])]
            .into_iter()
            .flatten();
        lines.push(parts.collect::<Vec<_>>().join(": "));
    }
    lines
}

fn user_name(user: &Value) -> Result<String, String> {
    let name = fields::required_text(user, "name")?;
    let number = fields::id(user, "discriminator")?;
    Ok(
        match number.filter(|number| number.bytes().any(|digit| digit != b'0')) {
            Some(number) => format!("{name}#{number}"),
            None => name,
        },
    )
}

fn parse_time(message: &Value, field: &str) -> Result<Option<Timestamp>, String> {
    let Some(text) = fields::filled_text(message, field)? else {
        return Ok(None);
    };
    let time = Timestamp::parse(&text);
    time.map(Some)
        .ok_or_else(|| format!("{field} is {text:?}, expected {}", Timestamp::FORMAT))
}
