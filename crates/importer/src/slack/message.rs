//! Parses a message of a Slack export.

use domain::time::Timestamp;
use serde_json::Value;

use super::blocks;
use super::files::parse_ts_millis;
use super::text::SlackNames;
use crate::fields;

/// What a message is.
#[derive(Debug)]
pub(super) enum SlackEvent {
    /// A user or a bot wrote it.
    Message(Box<SlackMessage>),
    /// A user joined.
    Join { user: String, ts: String },
    /// It reports a change that Tidings does not import; holds its subtype.
    Other(String),
}

/// A message that a user or a bot wrote.
#[derive(Debug)]
pub(super) struct SlackMessage {
    pub(super) ts: String,
    pub(super) sent_at: Timestamp,
    pub(super) sender: SlackSender,
    /// The words, without the names of the files.
    words: Vec<String>,
    /// The `ts` of the first message of the thread, unless it is this one.
    pub(super) thread: Option<String>,
    pub(super) edited_at: Option<Timestamp>,
    pub(super) reactions: Vec<SlackReaction>,
    pub(super) files: Vec<SlackFile>,
    /// How many previews of links it has.
    pub(super) previews: u64,
}

/// A file of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SlackFile {
    pub(super) id: Option<String>,
    name: Option<String>,
}

impl SlackFile {
    fn parse(file: &Value) -> Result<Self, String> {
        let name = match fields::filled_text(file, "name")? {
            Some(name) => Some(name),
            None => fields::filled_text(file, "title")?,
        };
        Ok(Self {
            id: file["id"].as_str().map(str::to_owned),
            name,
        })
    }

    /// What it is called.
    pub(super) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("a file")
    }

    /// What the text of a message says of it.
    pub(super) fn mention(&self) -> String {
        format!("[{}]", self.name())
    }
}

impl SlackMessage {
    /// The words, with the names of these files.
    pub(super) fn text_with<'a>(
        &'a self,
        files: impl IntoIterator<Item = &'a SlackFile>,
    ) -> String {
        let mut lines = self.words.clone();
        lines.extend(files.into_iter().map(SlackFile::mention));
        // A bot often writes the same text and fallback.
        lines.retain(|line| !line.trim().is_empty());
        lines.dedup();
        lines.join("\n")
    }
}

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SlackSender {
    /// The user with this id.
    User(String),
    /// A bot, with its id and its name, as far as the message has them.
    Bot {
        id: Option<String>,
        name: Option<String>,
    },
}

/// A reaction with the users who added it.
#[derive(Debug)]
pub(super) struct SlackReaction {
    pub(super) name: String,
    pub(super) users: Vec<String>,
    /// The number of users. For many users, `users` lists only some of them.
    pub(super) count: i64,
}

impl SlackEvent {
    /// Parses a message. The error says why it cannot be imported.
    pub(super) fn parse(message: &Value, names: &SlackNames) -> Result<Self, String> {
        fields::check_object(message)?;
        match fields::text(message, "subtype")?.as_deref() {
            Some("channel_join" | "group_join") => Ok(Self::Join {
                user: fields::required_text(message, "user")?,
                ts: fields::required_text(message, "ts")?,
            }),
            Some(kind) if !is_user_message(kind) => Ok(Self::Other(kind.to_owned())),
            _ => parse_message(message, names).map(|message| Self::Message(Box::new(message))),
        }
    }
}

fn parse_message(message: &Value, names: &SlackNames) -> Result<SlackMessage, String> {
    let ts = fields::required_text(message, "ts")?;
    let sent_at = parse_ts_millis(&ts)
        .map(Timestamp::from_millis)
        .ok_or_else(|| format!("ts is {ts:?}, expected seconds since 1970"))?;
    let files = fields::list(message, "files")?;
    let files = files.iter().map(SlackFile::parse);
    let (words, previews) = collect_words(message, names)?;
    let edited = fields::text(&message["edited"], "ts")?;
    let reactions = fields::list(message, "reactions")?;
    Ok(SlackMessage {
        sender: parse_sender(message)?,
        thread: fields::text(message, "thread_ts")?.filter(|thread| *thread != ts),
        edited_at: edited
            .as_deref()
            .and_then(parse_ts_millis)
            .map(Timestamp::from_millis),
        reactions: reactions
            .iter()
            .map(parse_reaction)
            .collect::<Result<_, _>>()?,
        ts,
        sent_at,
        words,
        files: files.collect::<Result<_, _>>()?,
        previews,
    })
}

/// The words of a message, and how many previews of links it has. Blocks repeat the text of a user.
fn collect_words(message: &Value, names: &SlackNames) -> Result<(Vec<String>, u64), String> {
    let mut lines = vec![names.to_plain_text(&fields::text(message, "text")?.unwrap_or_default())];
    if lines[0].trim().is_empty() {
        lines[0] = blocks::blocks_text(&message["blocks"], names);
    }
    let mut previews = 0;
    for attachment in fields::list(message, "attachments")? {
        match blocks::attachment_text(attachment, names) {
            Some(text) => lines.push(text),
            None => previews += 1,
        }
    }
    Ok((lines, previews))
}

fn parse_sender(message: &Value) -> Result<SlackSender, String> {
    if let Some(user) = fields::filled_text(message, "user")? {
        return Ok(SlackSender::User(user));
    }
    // A comment on a file is the owner's message about the comment of somebody else.
    if let Some(user) = fields::filled_text(&message["comment"], "user")? {
        return Ok(SlackSender::User(user));
    }
    let id = fields::filled_text(message, "bot_id")?;
    let name = match fields::filled_text(message, "username")? {
        Some(name) => Some(name),
        None => fields::filled_text(&message["bot_profile"], "name")?,
    };
    match (&id, &name) {
        (None, None) => Err("has no sender".into()),
        _ => Ok(SlackSender::Bot { id, name }),
    }
}

fn parse_reaction(reaction: &Value) -> Result<SlackReaction, String> {
    let of = |error: String| format!("reactions: {error}");
    fields::check_object(reaction).map_err(of)?;
    Ok(SlackReaction {
        name: fields::required_text(reaction, "name").map_err(of)?,
        users: fields::texts(reaction, "users").map_err(of)?,
        count: fields::integer(reaction, "count").map_err(of)?.unwrap_or(0),
    })
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
