//! Parses one line of the file into the line that is sent, or into the reason for its rejection.

use std::borrow::Cow;
use std::collections::HashMap;

use domain::hex::to_hex;
use domain::ids::{MAX_TITLE_CHARS, MAX_USER_ID_CHARS, clean_imported_name};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::duplicates::{DuplicateCounter, TextDigest, hash_parts};
use crate::record::{EarlierKey, RecordAttachment, RecordOrigin, derive_name_id, derive_source_id};
use crate::users::UserNames;

/// The maximum length of the name of an unknown field in the summary, in characters.
const MAX_FIELD_CHARS: usize = 64;
/// The maximum length of a source, in bytes, that the endpoint accepts.
const MAX_SOURCE_BYTES: usize = 256;

/// What parsing a line needs besides the line.
#[derive(Debug, Default)]
pub struct LineContext {
    /// Counts identical lines without an id.
    repeats: DuplicateCounter,
    users: UserNames,
    source: Option<String>,
    /// The source of each conversation of a file of JSON lines, by the digest of its name.
    line_sources: HashMap<TextDigest, String>,
}

/// A line in the format of the import endpoint, one JSON object per line.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct ParsedLine {
    /// The line number in the file, counted from 1.
    pub line: u64,
    /// The id of the conversation, unless `direct` or `preferred` can be used.
    pub conversation: String,
    /// The source, whose conversations this line may join.
    pub source: String,
    /// The users of a direct conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direct: Option<[String; 2]>,
    /// The id that the conversation has, unless another one has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred: Option<String>,
    /// Under what an earlier release imported the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earlier: Option<EarlierKey>,
    /// What the conversation is called in the input.
    #[serde(skip)]
    pub name: String,
    /// The title of the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The key that identifies the line when it is imported again.
    pub key: String,
    /// The id by which other lines refer to this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The message or the members.
    #[serde(flatten)]
    pub body: LineBody,
    /// A file beside the export that the message gets.
    #[serde(skip)]
    pub attachment: Option<RecordAttachment>,
    /// The names of fields that a line does not have, or that its body does not have.
    #[serde(skip)]
    pub unknown_fields: Vec<String>,
}

/// The body of a line: a message, or users who joined.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum LineBody {
    /// A message.
    Message(LineMessage),
    /// Users who are members without having written.
    Members {
        /// The ids of the users.
        members: Vec<String>,
        /// The time at which they joined, if it is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        joined_at: Option<Timestamp>,
    },
}

/// A message in a line.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct LineMessage {
    /// The id of the sender.
    pub sender: String,
    /// The time at which it was sent.
    pub sent_at: Timestamp,
    /// The text, byte for byte; a message with a file may have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The id of a stored file of the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The id of the earlier line to which this message replies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// The id of the earlier line whose thread this message belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// The time of the last edit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Timestamp>,
    /// The text before the first edit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original: Option<String>,
    /// The reactions to the message.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<LineReaction>,
}

/// A reaction to a message.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineReaction {
    /// The reaction key, such as an emoji.
    pub key: String,
    /// The id of the user who reacted.
    pub user: String,
}

/// A line as it appears in the file. Every field is optional, so that missing fields are reported
/// in our own words.
#[derive(Deserialize)]
struct RawLine<'a> {
    #[serde(borrow, default)]
    conversation: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    title: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    sender: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    sent_at: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    file: Option<Cow<'a, str>>,
    #[serde(default)]
    id: Option<Value>,
    #[serde(default)]
    reply_to: Option<Value>,
    #[serde(default)]
    thread: Option<Value>,
    #[serde(borrow, default)]
    edited_at: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    original: Option<Cow<'a, str>>,
    #[serde(default)]
    reactions: Option<Vec<LineReaction>>,
    #[serde(default)]
    members: Option<Vec<String>>,
    #[serde(borrow, default)]
    joined_at: Option<Cow<'a, str>>,
}

impl ParsedLine {
    /// Parses a line. `origin` is where its conversation comes from, unless it is a line of a file
    /// of JSON lines. The error explains the rejection to the owner of the file.
    pub fn parse(
        number: u64,
        bytes: &[u8],
        origin: Option<RecordOrigin>,
        context: &mut LineContext,
    ) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())?;
        let (mut raw, mut unknown_fields) = RawLine::parse(text)?;
        let name = require_field("conversation", raw.conversation.take())?;
        let title = parse_title(&name, raw.title.take(), origin.is_some())?;
        let id = parse_external_id("id", raw.id.take())?;
        let others = raw.fields_of_other_bodies().into_iter();
        unknown_fields.extend(others.map(str::to_owned));
        let mut body = match raw.members.take() {
            Some(members) => raw.into_members(&members)?,
            None => LineBody::Message(raw.into_message()?),
        };
        let origin = match origin {
            Some(mut origin) => {
                if let Some(source) = &context.source {
                    origin.source = named_source(source);
                }
                origin
            }
            None => context.line_origin(&name, id.as_deref(), &body),
        };
        let origin = RecordOrigin {
            source: shorten_source(origin.source),
            ..origin
        };
        let conversation = derive_source_id(&origin.source, &origin.channel);
        let key = match (&id, &body) {
            (Some(id), _) => format!("id:{id}"),
            (None, LineBody::Members { members, .. }) => DuplicateCounter::members_key(members),
            (None, LineBody::Message(message)) => context.repeats.next_key(
                &conversation,
                &message.sender,
                message.sent_at,
                message.text.as_deref().unwrap_or_default(),
            ),
        };
        // The key is that of the name in the input, so that another map adds nothing twice.
        body.rename_users(&context.users);
        let direct = origin
            .direct
            .map(|pair| pair.map(|user| context.users.resolve(&user)));
        Ok(Self {
            line: number,
            conversation,
            source: origin.source,
            direct: direct.filter(|[one, other]| one != other),
            preferred: origin.preferred,
            earlier: origin.earlier,
            name: title.clone().unwrap_or_else(|| name.into_owned()),
            title,
            key,
            id,
            body,
            attachment: None,
            unknown_fields,
        })
    }

    /// The ids of all users in the line.
    pub fn users(&self) -> Vec<&str> {
        match &self.body {
            LineBody::Message(message) => {
                let reactions = message.reactions.iter();
                let others = reactions.map(|reaction| reaction.user.as_str());
                std::iter::once(message.sender.as_str())
                    .chain(others)
                    .collect()
            }
            LineBody::Members { members, .. } => members.iter().map(String::as_str).collect(),
        }
    }

    /// Digests of the conversation and of the sender of a message, for counting distinct ones.
    pub fn digests(&self) -> (TextDigest, Option<TextDigest>) {
        let sender = match &self.body {
            LineBody::Message(message) => Some(TextDigest::from_parts(&[&message.sender])),
            LineBody::Members { .. } => None,
        };
        (TextDigest::from_parts(&[&self.conversation]), sender)
    }
}

impl LineContext {
    /// The context of an import: the users of the system, and the name of the source, if the
    /// operator has given it one.
    pub fn new(users: UserNames, source: Option<String>) -> Self {
        Self {
            users,
            source,
            ..Self::default()
        }
    }

    /// The origin of a line of a file of JSON lines. Such a file does not say where it comes from,
    /// and names such as `general` are in every file. A conversation is therefore identified by
    /// its name and its first line, which is the same when a longer file is imported later.
    fn line_origin(&mut self, name: &str, id: Option<&str>, body: &LineBody) -> RecordOrigin {
        let source = match &self.source {
            Some(source) => named_source(source),
            None => self
                .line_sources
                .entry(TextDigest::from_parts(&[name]))
                .or_insert_with(|| format!("lines:{}", first_line_digest(id, body)))
                .clone(),
        };
        RecordOrigin {
            source,
            channel: name.to_owned(),
            preferred: Some(derive_name_id(name)),
            ..RecordOrigin::default()
        }
    }
}

/// A digest of the first line of a conversation, without what others added to it later.
fn first_line_digest(id: Option<&str>, body: &LineBody) -> String {
    let hash = match body {
        LineBody::Message(message) => {
            let at = message.sent_at.to_string();
            let text = message.original.as_ref().or(message.text.as_ref());
            let text = text.map_or("", String::as_str);
            hash_parts(&[&message.sender, &at, id.unwrap_or_default(), text])
        }
        LineBody::Members { members, .. } => {
            let members = members.iter().map(String::as_str);
            let parts: Vec<&str> = id.into_iter().chain(members).collect();
            hash_parts(&parts)
        }
    };
    to_hex(&hash)
}

/// A source as it is sent. A long one is replaced by its digest.
fn shorten_source(source: String) -> String {
    if source.len() <= MAX_SOURCE_BYTES {
        return source;
    }
    format!("digest:{}", to_hex(&hash_parts(&[&source])))
}

/// The source that the operator has named.
fn named_source(name: &str) -> String {
    format!("named:{name}")
}

impl LineBody {
    fn rename_users(&mut self, users: &UserNames) {
        let rename = |name: &mut String| *name = users.resolve(name);
        match self {
            Self::Message(message) => {
                rename(&mut message.sender);
                let reactions = message.reactions.iter_mut();
                reactions.for_each(|reaction| rename(&mut reaction.user));
            }
            Self::Members { members, .. } => members.iter_mut().for_each(rename),
        }
    }
}

impl<'a> RawLine<'a> {
    /// Parses the JSON. Returns also the names of the fields that no line has, unless they are
    /// null.
    fn parse(text: &'a str) -> Result<(Self, Vec<String>), String> {
        let mut parser = serde_json::Deserializer::from_str(text);
        let mut unknown = Vec::new();
        let note = |path: serde_ignored::Path<'_>| unknown.push(path.to_string().replace(".?", ""));
        let raw: Self = serde_ignored::deserialize(&mut parser, note)
            .and_then(|raw| parser.end().map(|()| raw))
            .map_err(|error| describe_json_error(text, &error))?;
        if !unknown.is_empty() {
            let line: Value = serde_json::from_str(text).unwrap_or_default();
            unknown.retain(|path| {
                let pointer = format!("/{}", path.replace('.', "/"));
                !line.pointer(&pointer).is_some_and(Value::is_null)
            });
        }
        let shown = |path: String| clean_imported_name(&path, MAX_FIELD_CHARS);
        Ok((raw, unknown.into_iter().map(shown).collect()))
    }

    /// The fields that only messages have, on a line of members, and the other way round.
    fn fields_of_other_bodies(&self) -> Vec<&'static str> {
        let is_message = self.members.is_none();
        let fields = [
            ("file", !is_message && self.file.is_some()),
            ("joined_at", is_message && self.joined_at.is_some()),
            ("reply_to", !is_message && is_filled(self.reply_to.as_ref())),
            ("thread", !is_message && is_filled(self.thread.as_ref())),
            ("edited_at", !is_message && self.edited_at.is_some()),
            ("original", !is_message && self.original.is_some()),
            ("reactions", !is_message && self.reactions.is_some()),
        ];
        let given = fields.into_iter().filter(|(_, is_given)| *is_given);
        given.map(|(name, _)| name).collect()
    }
}

impl RawLine<'_> {
    fn into_message(self) -> Result<LineMessage, String> {
        let sender = parse_user("sender", &require_field("sender", self.sender)?)?;
        let sent_at = parse_time("sent_at", &require_field("sent_at", self.sent_at)?)?;
        let text = match self.text {
            None if self.file.is_some() => None,
            text => Some(check_text("text", require_field("text", text)?)?),
        };
        let edited_at = self
            .edited_at
            .map(|at| parse_time("edited_at", &at))
            .transpose()?;
        let original = self
            .original
            .map(|text| check_text("original", text))
            .transpose()?;
        if original.is_some() && edited_at.is_none() {
            return Err("has original, but edited_at is missing".into());
        }
        let mut reactions = self.reactions.unwrap_or_default();
        for reaction in &mut reactions {
            reaction.user = parse_user("user of a reaction", &reaction.user)?;
        }
        Ok(LineMessage {
            sender,
            sent_at,
            text,
            file: self.file.map(Cow::into_owned),
            reply_to: parse_external_id("reply_to", self.reply_to)?,
            thread: parse_external_id("thread", self.thread)?,
            edited_at,
            original,
            reactions,
        })
    }

    /// Parses a line of members instead of a message.
    fn into_members(self, members: &[String]) -> Result<LineBody, String> {
        if self.sender.is_some() || self.sent_at.is_some() || self.text.is_some() {
            return Err("has members and therefore must not have sender, sent_at or text".into());
        }
        let members: Result<_, _> = members
            .iter()
            .map(|name| parse_user("member", name))
            .collect();
        let joined_at = self.joined_at.map(|time| parse_time("joined_at", &time));
        Ok(LineBody::Members {
            members: members?,
            joined_at: joined_at.transpose()?,
        })
    }
}

fn parse_user(field: &str, name: &str) -> Result<String, String> {
    let name = clean_imported_name(name, MAX_USER_ID_CHARS);
    if name.trim().is_empty() {
        return Err(format!("{field} is empty"));
    }
    Ok(name)
}

fn parse_time(field: &str, text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| {
        let text: String = text.chars().take(40).collect();
        format!("{field} {text:?} is not {}", Timestamp::FORMAT)
    })
}

fn check_text(field: &str, text: Cow<'_, str>) -> Result<String, String> {
    if text.contains('\0') {
        return Err(format!("{field} contains the character U+0000"));
    }
    Ok(text.into_owned())
}

/// The title. Without one, the name of the conversation is the title of a line of a file of JSON
/// lines, and other conversations have none.
fn parse_title(
    name: &str,
    title: Option<Cow<'_, str>>,
    is_optional: bool,
) -> Result<Option<String>, String> {
    let title = match title {
        Some(title) => title,
        None if is_optional => return Ok(None),
        None => Cow::Borrowed(name),
    };
    let title = clean_imported_name(&title, MAX_TITLE_CHARS);
    if !title.trim().is_empty() {
        return Ok(Some(title));
    }
    if is_optional {
        return Ok(None);
    }
    Err("conversation is empty".into())
}

fn describe_json_error(text: &str, error: &serde_json::Error) -> String {
    if text.trim_start().starts_with('{') {
        format!("is not a message: {error}")
    } else {
        "is not a JSON object".to_owned()
    }
}

fn require_field<'a>(name: &str, value: Option<Cow<'a, str>>) -> Result<Cow<'a, str>, String> {
    value.ok_or_else(|| format!("{name} is missing"))
}

/// Parses an id of another system: a string or a number.
fn parse_external_id(field: &str, value: Option<Value>) -> Result<Option<String>, String> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) if text.contains('\0') => {
            Err(format!("{field} contains the character U+0000"))
        }
        Some(Value::String(text)) if text.len() > 512 => {
            Err(format!("{field} is longer than 512 bytes"))
        }
        Some(Value::String(text)) => Ok(Some(text)),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(format!("{field} is neither a string nor a number")),
    }
}

fn is_filled(value: Option<&Value>) -> bool {
    value.is_some_and(|value| !value.is_null())
}

#[cfg(test)]
mod tests;
