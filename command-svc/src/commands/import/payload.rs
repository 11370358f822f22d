//! The payload of a line: a message with its edit and reactions, or users who joined.

use domain::body::{MessageBody, MessageType};
use domain::conversation::command::{ImportItem, ImportedEdit, ImportedMessage, ImportedReaction};
use domain::digest;
use domain::ids::{MAX_USER_ID_CHARS, ReactionKey, UserId, clean_imported_name};
use domain::limits::Limits;
use domain::time::Timestamp;

use super::request::{ImportLineRequest, ImportReaction};

/// Parses the payload of a line. The error is the reason to reject the line.
pub(super) fn parse(line: ImportLineRequest, limits: &Limits) -> Result<ImportItem, String> {
    match line.members {
        Some(members) => {
            let message_fields = [
                ("sender", line.sender.is_some()),
                ("sent_at", line.sent_at.is_some()),
                ("text", line.text.is_some()),
                ("file", line.file.is_some()),
                ("reply_to", line.reply_to.is_some()),
                ("thread", line.thread.is_some()),
                ("edited_at", line.edited_at.is_some()),
                ("original", line.original.is_some()),
                ("reactions", line.reactions.is_some()),
            ];
            if let Some((field, _)) = message_fields.iter().find(|(_, is_set)| *is_set) {
                return Err(format!("{field}: not allowed in a line with members"));
            }
            let joined_at = line.joined_at.as_deref();
            let joined_at = joined_at.map(|time| parse_time("joined_at", time));
            parse_members(&members, joined_at.transpose()?, limits)
        }
        None if line.joined_at.is_some() => {
            Err("joined_at: allowed only in a line with members".into())
        }
        None => parse_message(line, limits).map(ImportItem::Message),
    }
}

/// The fingerprint of a payload, stored in the receipt of its line. The time of joining is not part
/// of it: an earlier release did not have it.
pub(super) fn fingerprint(payload: &ImportItem) -> u128 {
    match payload {
        ImportItem::Members { users, .. } => {
            let names = users.iter().map(|user| user.as_str().as_bytes());
            let parts: Vec<&[u8]> = std::iter::once(b"members".as_slice())
                .chain(names)
                .collect();
            digest::fingerprint(&parts)
        }
        ImportItem::Message(message) => digest::fingerprint(&[
            b"import",
            message.sender.as_str().as_bytes(),
            &message.sent_at.millis().to_be_bytes(),
            message.body.as_json().as_bytes(),
        ]),
    }
}

fn parse_members(
    members: &[String],
    joined_at: Option<Timestamp>,
    limits: &Limits,
) -> Result<ImportItem, String> {
    let (count, max) = (members.len(), limits.users_per_command);
    if count == 0 {
        return Err("members: expected at least one user".into());
    }
    if count > max {
        return Err(format!(
            "members: {count} users; at most {max} are allowed per line"
        ));
    }
    let users: Result<_, _> = members
        .iter()
        .map(|name| parse_user("members", name))
        .collect();
    Ok(ImportItem::Members {
        users: users?,
        joined_at,
    })
}

fn parse_message(line: ImportLineRequest, limits: &Limits) -> Result<ImportedMessage, String> {
    let sender = parse_user("sender", &require("sender", line.sender)?)?;
    let sent_at = parse_time("sent_at", &require("sent_at", line.sent_at)?)?;
    let (kind, body) = match line.file {
        Some(_) if line.original.is_some() => {
            return Err("original: not allowed in a line with a file".into());
        }
        Some(file) => (
            MessageType::File,
            parse_file(&file, line.text.as_deref(), limits)?,
        ),
        None => {
            let text = require("text", line.text)?;
            (MessageType::Text, parse_body("text", &text, limits)?)
        }
    };
    let edit = match (line.edited_at, line.original) {
        (None, None) => None,
        (None, Some(_)) => return Err("original: requires edited_at".into()),
        (Some(edited_at), original) => Some(ImportedEdit {
            edited_at: parse_time("edited_at", &edited_at)?,
            original: original
                .map(|text| parse_body("original", &text, limits))
                .transpose()?,
        }),
    };
    let reactions = line.reactions.unwrap_or_default();
    Ok(ImportedMessage {
        sender,
        kind,
        body,
        reply_to: None,
        thread: None,
        sent_at,
        edit,
        reactions: reactions
            .iter()
            .map(parse_reaction)
            .collect::<Result<_, _>>()?,
    })
}

fn parse_reaction(reaction: &ImportReaction) -> Result<ImportedReaction, String> {
    let key = ReactionKey::parse_new(&reaction.key)
        .map_err(|invalid| format!("reactions.key: {}", invalid.0))?;
    let user = parse_user("reactions.user", &reaction.user)?;
    Ok(ImportedReaction { key, user })
}

fn require(field: &str, value: Option<String>) -> Result<String, String> {
    value.ok_or_else(|| format!("{field}: is required"))
}

fn parse_user(field: &str, name: &str) -> Result<UserId, String> {
    UserId::parse(&clean_imported_name(name, MAX_USER_ID_CHARS))
        .map_err(|_| format!("{field}: is empty without its control characters"))
}

fn parse_time(field: &str, text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| format!("{field}: expected {}", Timestamp::FORMAT))
}

fn parse_body(field: &str, text: &str, limits: &Limits) -> Result<MessageBody, String> {
    let value = serde_json::json!({ "text": text });
    MessageBody::parse(MessageType::Text, &value, limits)
        .map_err(|refusal| format!("{field}: {}", refusal.detail))
}

/// The body of a message with a file. It is completed, and gets its type, once the file is known.
fn parse_file(file: &str, text: Option<&str>, limits: &Limits) -> Result<MessageBody, String> {
    let value = match text {
        Some(text) => serde_json::json!({ "file": file, "text": text }),
        None => serde_json::json!({ "file": file }),
    };
    MessageBody::parse(MessageType::File, &value, limits)
        .map_err(|refusal| format!("file: {}", refusal.detail))
}
