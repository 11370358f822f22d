//! Recognises what a file or directory is by its first bytes and its files.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::error::UnsupportedInputError;
use crate::matrix::MatrixFormat;
use crate::record::file_name;
use crate::rocket_chat::RocketChatFiles;
use crate::slack;
use crate::whatsapp;

/// How many bytes at the end of a zip archive may name its files.
const ARCHIVE_NAMES_BYTES: u64 = 1024 * 1024;

/// How many lines of a file decide whether it is one of JSON lines.
const FIRST_LINES: usize = 5;

/// What can be imported.
pub(crate) enum InputKind {
    Lines,
    Slack,
    Matrix(MatrixFormat),
    Mattermost(PathBuf),
    RocketChatRoom,
    RocketChatDatabase(RocketChatFiles),
    Zulip(Vec<PathBuf>),
    Discord(Vec<PathBuf>),
    Telegram(PathBuf),
    WhatsApp(PathBuf),
}

/// The files that archives and directories of an export contain, with what the export is and how
/// to import it.
const FILES_OF_EXPORTS: [(&str, &str, &str); 8] = [
    ("channels.json", "a Slack export", "its directory"),
    ("dms.json", "a Slack export", "its directory"),
    ("realm.json", "a Zulip export", "its directory"),
    ("import.jsonl", "a Mattermost export", "its import.jsonl"),
    ("result.json", "a Telegram export", "its result.json"),
    ("_chat.txt", "a WhatsApp chat", "its _chat.txt"),
    ("WhatsApp Chat", "a WhatsApp chat", "its text file"),
    (
        "rocketchat_message",
        "a Rocket.Chat export",
        "its directory",
    ),
];

/// The first bytes of files that are not text.
const SIGNATURES: [(&[u8], &str); 8] = [
    (b"SQLite format 3\0", "a SQLite database"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"PAR1", "a Parquet file"),
];

/// Recognises a file. `start`: its first bytes, decompressed.
pub(crate) fn detect_file(path: &Path, start: &[u8]) -> Result<InputKind> {
    if let Some(what) = describe_foreign_file(path, start)? {
        return Err(UnsupportedInputError(format!("{} {what}", path.display())).into());
    }
    if whatsapp::is_chat(start) {
        return Ok(InputKind::WhatsApp(path.to_owned()));
    }
    if let Some(kind) = detect_json(path, start) {
        return kind
            .map_err(|what| UnsupportedInputError(format!("{} {what}", path.display())).into());
    }
    if let Some(format) = MatrixFormat::detect(start) {
        return Ok(InputKind::Matrix(format));
    }
    if !looks_like_lines(start) {
        return Err(UnsupportedInputError(format!(
            "{} is text, but not JSON Lines: none of its first lines is a JSON object, which begins with {{; \
             docs/import.md has the formats",
            path.display()
        ))
        .into());
    }
    Ok(InputKind::Lines)
}

/// Whether one of the first lines can be a JSON object, or there are none.
fn looks_like_lines(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let lines = start.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let mut first = lines
        .filter(|line| !line.is_empty())
        .take(FIRST_LINES)
        .peekable();
    first.peek().is_none() || first.any(|line| line.starts_with(b"{"))
}

/// Recognises a directory.
pub(crate) fn detect_directory(path: &Path) -> Result<InputKind> {
    if slack::is_export(path) {
        return Ok(InputKind::Slack);
    }
    let files = list_files(path)?;
    let find = |wanted: &dyn Fn(&str) -> bool| files.iter().find(|file| wanted(&file_name(file)));
    if find(&|name| name == "realm.json").is_some() {
        return Ok(InputKind::Zulip(files));
    }
    if let Some(file) = find(&|name| name == "import.jsonl") {
        return Ok(InputKind::Mattermost(file.clone()));
    }
    if let Some(file) = find(&|name| name == "result.json") {
        return Ok(InputKind::Telegram(file.clone()));
    }
    let is_chat = |name: &str| name == "_chat.txt" || name.starts_with("WhatsApp Chat");
    if let Some(file) = find(&|name| is_chat(name) && !name.contains(".zip")) {
        return Ok(InputKind::WhatsApp(file.clone()));
    }
    if let Some(files) = RocketChatFiles::find(&files) {
        return Ok(InputKind::RocketChatDatabase(files));
    }
    let channels: Vec<PathBuf> = files.into_iter().filter(|file| is_discord(file)).collect();
    if !channels.is_empty() {
        return Ok(InputKind::Discord(channels));
    }
    Err(UnsupportedInputError(format!(
        "{} is a directory, but not an export of a known system: it has no channels.json (Slack), realm.json (Zulip), \
         import.jsonl (Mattermost), result.json (Telegram), _chat.txt (WhatsApp), rocketchat_message.json \
         (Rocket.Chat) or JSON of DiscordChatExporter",
        path.display()
    ))
    .into())
}

fn list_files(directory: &Path) -> Result<Vec<PathBuf>> {
    let context = || format!("cannot read {}", directory.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).with_context(context)? {
        let path = entry.with_context(context)?.path();
        if path.is_file() && !file_name(&path).starts_with('.') {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn is_discord(path: &Path) -> bool {
    use std::io::Read as _;
    let mut start = Vec::new();
    let file = std::fs::File::open(path);
    let read = file.and_then(|file| file.take(64 * 1024).read_to_end(&mut start));
    let keys = top_level_keys(start.trim_ascii_start());
    read.is_ok() && has_keys(&keys, &["guild", "channel"])
}

/// What a file is that cannot be imported, and what to do.
fn describe_foreign_file(path: &Path, start: &[u8]) -> Result<Option<String>> {
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
        let names = read_end(path)?;
        let found = FILES_OF_EXPORTS
            .iter()
            .find(|(file, ..)| contains(&names, file.as_bytes()));
        return Ok(Some(match found {
            Some((_, what, part)) => {
                format!("is a zip archive of {what}; unpack it and import {part}")
            }
            None => "is a zip archive; unpack it and import what it contains".to_owned(),
        }));
    }
    if start.get(257..262) == Some(b"ustar") {
        return Ok(Some(
            "is a tar archive; unpack it and import the directory, as for a Zulip export".into(),
        ));
    }
    let signature = SIGNATURES
        .iter()
        .find(|(bytes, _)| start.starts_with(bytes));
    if let Some((_, what)) = signature {
        return Ok(Some(format!("is {what}, which cannot be imported")));
    }
    let line = start
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let lower = String::from_utf8_lossy(&start[..start.len().min(512)]).to_lowercase();
    let lower = lower.trim_start();
    if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        return Ok(Some(
            "is a web page; Telegram and DiscordChatExporter can export JSON instead".into(),
        ));
    }
    if lower.starts_with("<?xml") {
        return Ok(Some("is an XML document, which cannot be imported".into()));
    }
    if line.starts_with(b"AuthorID,") {
        return Ok(Some(
            "is a CSV file of DiscordChatExporter; export JSON instead (--format Json)".into(),
        ));
    }
    if start.contains(&0) {
        return Ok(Some("is a binary file, which cannot be imported".into()));
    }
    Ok(None)
}

fn read_end(path: &Path) -> Result<Vec<u8>> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = std::fs::File::open(path)?;
        let size = file.metadata()?.len();
        file.seek(SeekFrom::Start(size.saturating_sub(ARCHIVE_NAMES_BYTES)))?;
        let mut end = Vec::new();
        file.read_to_end(&mut end)?;
        Ok(end)
    };
    read().with_context(|| format!("cannot read {}", path.display()))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Recognises a JSON document, or lines of them, that is no Matrix export and no file of lines with
/// conversations. The error says what it is.
fn detect_json(path: &Path, start: &[u8]) -> Option<Result<InputKind, &'static str>> {
    let start = start.trim_ascii_start();
    let own = || path.to_owned();
    if let Some(list) = start.strip_prefix(b"[") {
        return detect_array(list);
    }
    let keys = top_level_keys(start);
    let has = |wanted: &[&str]| has_keys(&keys, wanted);
    if has(&["conversation"]) {
        return None;
    }
    if has(&["guild", "channel"]) {
        return Some(Ok(InputKind::Discord(vec![own()])));
    }
    if has(&["zerver_message"]) || has(&["zerver_realm"]) {
        let what = "is one file of a Zulip export; import the directory that has realm.json";
        return Some(Err(what));
    }
    if has(&["name", "type", "id", "messages"]) || has(&["about", "chats"]) {
        return Some(Ok(InputKind::Telegram(own())));
    }
    if has(&["msg", "username", "ts"]) {
        return Some(Ok(InputKind::RocketChatRoom));
    }
    if has(&["_id", "rid", "msg"]) {
        let what = "has the messages of a Rocket.Chat database; import the directory, with \
                    rocketchat_room.json in it";
        return Some(Err(what));
    }
    let mut lines = start.split(|byte| *byte == b'\n');
    let line = lines.next().unwrap_or_default().trim_ascii();
    if is_mattermost(line) {
        return Some(Ok(InputKind::Mattermost(own())));
    }
    let is_unknown = line == b"{" && !has(&["room_name"]) && !has(&["origin_server_ts"]);
    is_unknown.then_some(Err(
        "is a JSON document, but not an export of a known system",
    ))
}

/// Recognises a JSON array by its first element.
fn detect_array(list: &[u8]) -> Option<Result<InputKind, &'static str>> {
    let mut elements = serde_json::Deserializer::from_slice(list).into_iter::<Value>();
    let first = elements.next()?.ok()?;
    let has = |fields: &[&str]| fields.iter().all(|field| first.get(*field).is_some());
    if has(&["msg", "ts", "username"]) {
        return Some(Ok(InputKind::RocketChatRoom));
    }
    if has(&["conversation", "sender", "text"]) {
        let what = "is a JSON array; write one object per line instead, without commas";
        return Some(Err(what));
    }
    let what = "is one day of a Slack export; import the directory that has channels.json";
    has(&["type", "ts"]).then_some(Err(what))
}

/// Whether the first line is that of a Mattermost export: the version, or another object under the
/// name of its type.
fn is_mattermost(line: &[u8]) -> bool {
    let first: Value = serde_json::from_slice(line).unwrap_or_default();
    let kind = first["type"].as_str().unwrap_or_default();
    let is_version = kind == "version" && first["version"].is_number();
    is_version || (!kind.is_empty() && first[kind].is_object())
}

fn has_keys(keys: &[String], wanted: &[&str]) -> bool {
    wanted
        .iter()
        .all(|wanted| keys.iter().any(|key| key == wanted))
}

/// The keys of the JSON object at the start, as far as the bytes go.
fn top_level_keys(start: &[u8]) -> Vec<String> {
    let mut keys = Vec::new();
    let mut depth = 0_usize;
    let mut text: Option<Vec<u8>> = None;
    let mut last = Vec::new();
    let mut is_escaped = false;
    for byte in start {
        if let Some(current) = &mut text {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => last = text.take().unwrap_or_default(),
                _ if depth == 1 => current.push(*byte),
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => text = Some(Vec::new()),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b':' if depth == 1 => keys.push(String::from_utf8_lossy(&last).into_owned()),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    keys
}

#[cfg(test)]
mod tests;
