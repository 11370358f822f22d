//! Reads a chat as WhatsApp exports it: text, `_chat.txt` or `WhatsApp Chat with Ann.txt`.
//!
//! Source: "How to export your chat history" (faq.whatsapp.com), and the shapes that parsers of
//! such files describe. A message begins with its time and its sender, and may have more lines.
//! The form of the time depends on the language of the phone (`time`).
//!
//! Users are called as the phone's owner called them. Times are local and read as UTC. A chat has
//! no id: it is known by its name and first message.

mod time;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, anyhow};

use crate::chat::{ExportContents, ExportedChat, ExportedMessage, as_pair, read_whole};
use crate::record::{RecordOrigin, RecordPlace, file_name};
use time::{DateOrder, WrittenTime, find_order, parse_header};

/// What the name of a file says before the name of the chat, in some languages.
const NAME_PREFIXES: [&str; 8] = [
    "WhatsApp Chat with ",
    "WhatsApp Chat - ",
    "WhatsApp Chat mit ",
    "Chat de WhatsApp con ",
    "Conversa do WhatsApp com ",
    "Discussion WhatsApp avec ",
    "Chat WhatsApp con ",
    "WhatsApp-chat met ",
];

/// What stands for a file that was not exported, in some languages.
const OMITTED_FILES: [&str; 8] = [
    "omitted",
    "omitted>",
    "weggelassen",
    "ausgeschlossen>",
    "omitido>",
    "omis>",
    "oculta",
    "weggelaten>",
];

/// The marks that WhatsApp writes around names and before what no user wrote.
const MARKS: [char; 10] = [
    '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2068}',
    '\u{2069}', '\u{feff}',
];
/// The mark before a text that iPhones have written themselves.
const SYSTEM_MARK: char = '\u{200e}';

/// An entry of the file before its time is known.
struct ChatEntry {
    line: u64,
    time: WrittenTime,
    /// The sender and the text; without a sender it is a remark of WhatsApp.
    sender: Option<String>,
    text: String,
    is_marked: bool,
}

/// Whether the start of a file looks like such a chat.
pub(crate) fn is_chat(start: &[u8]) -> bool {
    let start = String::from_utf8_lossy(start);
    let mut lines = start.lines().take(5);
    lines.any(|line| parse_header(&clean(line)).is_some())
}

/// Reads the file.
pub(crate) fn read(path: &Path) -> Result<ExportContents> {
    let bytes = read_whole(path)?;
    let text = String::from_utf8(bytes).map_err(|_| anyhow!("{} is not UTF-8", path.display()))?;
    Ok(parse(&text, &chat_name(path), &file_name(path)))
}

/// The name of the chat, from that of the file or, for `_chat.txt`, of its directory.
fn chat_name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let directory = path.parent().and_then(Path::file_name).unwrap_or_default();
    let directory = directory.to_string_lossy();
    let is_general = stem == "_chat" && !directory.is_empty();
    let name = if is_general { directory } else { stem };
    let prefix = NAME_PREFIXES
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix));
    prefix.unwrap_or(&name).trim().to_owned()
}

fn parse(text: &str, name: &str, file: &Arc<str>) -> ExportContents {
    let mut contents = ExportContents::default();
    let entries = read_entries(text, file, &mut contents);
    let times: Vec<WrittenTime> = entries.iter().map(|entry| entry.time).collect();
    let (order, is_sure) = find_order(&times);
    if !is_sure {
        contents.notes.push(format!(
            "{file}: the day and the month of its dates can be exchanged; the day was read first"
        ));
    }
    let mut chat = ExportedChat {
        is_known_by_first_message: true,
        name: name.to_owned(),
        ..ExportedChat::default()
    };
    for entry in entries {
        add_entry(&mut contents, &mut chat, entry, order, file);
    }
    let users = chat.senders();
    // A group in which two people wrote looks the same, but is not called like one of them.
    let direct = as_pair(&users).filter(|pair| pair.iter().any(|user| user == name));
    chat.title = direct.is_none().then(|| name.to_owned());
    chat.origin = RecordOrigin {
        source: "whatsapp".into(),
        channel: name.to_owned(),
        direct,
        ..RecordOrigin::default()
    };
    contents.chats.push(chat);
    contents
}

fn read_entries(text: &str, file: &Arc<str>, contents: &mut ExportContents) -> Vec<ChatEntry> {
    let mut entries: Vec<ChatEntry> = Vec::new();
    for (index, raw) in text.lines().enumerate() {
        let number = index as u64 + 1;
        let line = clean(raw);
        if let Some((time, rest)) = parse_header(&line) {
            let (sender, text) = match rest.split_once(": ") {
                Some((sender, text)) => (Some(sender.to_owned()), text),
                // A message whose first line is empty.
                None => match rest.strip_suffix(':') {
                    Some(sender) => (Some(sender.to_owned()), ""),
                    None => (None, rest),
                },
            };
            entries.push(ChatEntry {
                line: number,
                time,
                sender,
                text: text.to_owned(),
                is_marked: raw.contains(&format!(": {SYSTEM_MARK}")),
            });
        } else if let Some(last) = entries.last_mut() {
            last.text.push('\n');
            last.text.push_str(&line);
        } else if !line.trim().is_empty() {
            contents.reject(
                file,
                RecordPlace::Line(number),
                "is before the first message",
            );
        }
    }
    entries
}

fn add_entry(
    contents: &mut ExportContents,
    chat: &mut ExportedChat,
    entry: ChatEntry,
    order: DateOrder,
    file: &Arc<str>,
) {
    let place = RecordPlace::Line(entry.line);
    let Some(sender) = entry.sender else {
        contents.count("remarks of WhatsApp", 1);
        return;
    };
    let Some(sent_at) = entry.time.resolve(order) else {
        contents.reject(file, place, "its date does not exist");
        return;
    };
    let text = match file_text(&entry.text) {
        Some(text) => {
            contents.count("files (their names are taken)", 1);
            text
        }
        None if is_omitted(&entry.text) => {
            contents.count("files without a name", 1);
            return;
        }
        None if entry.is_marked => {
            contents.count("remarks of WhatsApp", 1);
            return;
        }
        None => entry.text.trim_end().to_owned(),
    };
    let message = ExportedMessage {
        file: file.clone(),
        place,
        id: None,
        sender,
        sent_at,
        text,
        reply_to: None,
        edited_at: None,
        reactions: Vec::new(),
    };
    contents.add_message(chat, message);
}

/// The text with the name of its file: `<attached: a.jpg>` or, on other phones,
/// `a.jpg (file attached)` with its caption below.
fn file_text(text: &str) -> Option<String> {
    let (first, caption) = text.split_once('\n').unwrap_or((text, ""));
    if let Some((caption, file)) = first.rsplit_once('<')
        && let Some((word, name)) = file.strip_suffix('>')?.split_once(": ")
        && !word.contains(' ')
        && name.contains('.')
    {
        return Some(with_caption(caption.trim(), name));
    }
    let (name, remark) = first.strip_suffix(')')?.rsplit_once(" (")?;
    let is_file =
        name.contains('.') && !name.contains(' ') && (2..=3).contains(&remark.split(' ').count());
    is_file.then(|| with_caption(caption, name))
}

fn with_caption(caption: &str, file: &str) -> String {
    if caption.is_empty() {
        format!("[{file}]")
    } else {
        format!("{caption}\n[{file}]")
    }
}

fn is_omitted(text: &str) -> bool {
    let text = text.trim();
    let is_short = !text.contains('\n') && text.split(' ').count() <= 4;
    is_short && OMITTED_FILES.iter().any(|end| text.ends_with(end))
}

/// The line without marks, and with plain spaces.
fn clean(line: &str) -> String {
    line.chars()
        .filter(|c| !MARKS.contains(c))
        .map(|c| match c {
            '\u{202f}' | '\u{a0}' => ' ',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(contents: &ExportContents) -> Vec<(&str, &str)> {
        let messages = contents.chats[0].messages.iter();
        messages
            .map(|message| (message.sender.as_str(), message.text.as_str()))
            .collect()
    }

    #[test]
    fn android_chat_is_read() {
        let text = "12/31/20, 9:41\u{202f}PM - Messages and calls are end-to-end encrypted.\n\
            12/31/20, 9:41\u{202f}PM - Ann: hi\nall: of you\n\
            12/31/20, 9:42\u{202f}PM - +49 170 1: <Media omitted>\n\
            12/31/20, 9:43\u{202f}PM - Bob: IMG-1.jpg (file attached)\nlook\n\
            1/1/21, 12:00\u{202f}AM - Bob: happy 2021 - at last: yes\n";
        let contents = parse(text, "Friends", &"chat.txt".into());
        assert_eq!(
            messages(&contents),
            [
                ("Ann", "hi\nall: of you"),
                ("Bob", "look\n[IMG-1.jpg]"),
                ("Bob", "happy 2021 - at last: yes"),
            ]
        );
        let chat = &contents.chats[0];
        assert_eq!(
            chat.messages[2].sent_at.to_string(),
            "2021-01-01T00:00:00.000Z"
        );
        assert_eq!(chat.title.as_deref(), Some("Friends"));
        assert_eq!((&chat.origin.direct, contents.notes.len()), (&None, 0));
        let counted: Vec<_> = contents.unsupported.keys().map(String::as_str).collect();
        assert_eq!(
            counted,
            [
                "files (their names are taken)",
                "files without a name",
                "remarks of WhatsApp"
            ]
        );
    }

    #[test]
    fn iphone_chat_of_two_is_direct() {
        let text = "\u{feff}before\n\
            [31.12.20, 21:41:07] Bob: \u{200e}Messages and calls are end-to-end encrypted.\n\
            [31.12.20, 21:41:08] Bob: hi\n\
            \u{200e}[31.12.20, 21:42:00] \u{202a}Ann\u{202c}: \u{200e}<attached: 01-PHOTO.jpg>\n\
            [31.12.20, 21:43:00] Ann: \u{200e}image omitted\n";
        let contents = parse(text, "Bob", &"_chat.txt".into());
        assert_eq!(
            messages(&contents),
            [("Bob", "hi"), ("Ann", "[01-PHOTO.jpg]")]
        );
        let chat = &contents.chats[0];
        assert_eq!(chat.origin.direct, Some(["Ann".into(), "Bob".into()]));
        assert_eq!((&chat.title, contents.unreadable.len()), (&None, 1));
    }

    #[test]
    fn name_of_the_chat_is_in_the_path() {
        for (path, name) in [
            ("x/WhatsApp Chat with Ann Lee.txt", "Ann Lee"),
            ("WhatsApp Chat - Friends/_chat.txt", "Friends"),
            ("team.txt", "team"),
        ] {
            assert_eq!(chat_name(Path::new(path)), name);
        }
    }

    #[test]
    fn other_texts_are_no_chats() {
        assert!(is_chat("\u{feff}1/2/20, 10:00 - Ann: hi".as_bytes()));
        assert!(!is_chat(b"[{\"type\": 1}]"));
        assert!(!is_chat(b"{\"conversation\": \"a\"}\nnonsense"));
    }
}
