//! Reads a Mattermost bulk export, the file `import.jsonl`.
//!
//! Source: "Bulk export tool" and "Bulk loading data" (docs.mattermost.com). Each line is an object
//! with a `type` and the data under that name: `version`, `team`, `channel`, `user`, `post`,
//! `direct_channel`, `direct_post` and others. Posts contain their replies. Nothing has an id:
//! channels and users have names, and posts a time in milliseconds.
//!
//! Users are called by their user name. Members of a channel are those whom the `user` lines name.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use domain::time::Timestamp;
use serde_json::Value;

use crate::chat::{ExportContents, ExportedChat, ExportedMessage, MessageIds, as_pair, read_whole};
use crate::fields;
use crate::record::{RecordOrigin, RecordPlace, file_name};

/// The types of lines that describe no conversation.
const OTHER_TYPES: [&str; 7] = [
    "version", "scheme", "role", "team", "bot", "emoji", "schema",
];

/// Reads the file.
pub(crate) fn read(path: &Path) -> Result<ExportContents> {
    let bytes = read_whole(path)?;
    let mut export = MattermostExport {
        file: file_name(path),
        contents: ExportContents::default(),
        chats: BTreeMap::new(),
        titles: BTreeMap::new(),
        ids: MessageIds::default(),
    };
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let place = RecordPlace::Line(index as u64 + 1);
        if let Err(reason) = export.read_line(line, &place) {
            export.contents.reject(&export.file, place, reason);
        }
    }
    Ok(export.finish())
}

struct MattermostExport {
    file: Arc<str>,
    contents: ExportContents,
    /// The conversations, by what identifies them.
    chats: BTreeMap<String, ExportedChat>,
    titles: BTreeMap<String, String>,
    ids: MessageIds,
}

impl MattermostExport {
    fn read_line(&mut self, line: &[u8], place: &RecordPlace) -> Result<(), String> {
        let line: Value =
            serde_json::from_slice(line).map_err(|error| format!("is not JSON: {error}"))?;
        let kind = fields::required_text(&line, "type")?;
        let data = &line[&kind];
        match kind.as_str() {
            "channel" => {
                let name = channel_name(data, "name")?;
                if let Some(title) = fields::filled_text(data, "display_name")? {
                    self.titles.insert(name, title);
                }
            }
            "user" => self.read_memberships(data)?,
            "direct_channel" => {
                self.direct_chat(data, "members")?;
            }
            "post" => {
                let name = channel_name(data, "channel")?;
                let mut chat = self.chats.remove(&name).unwrap_or_default();
                let added = self.add_post(&mut chat, data, place);
                self.chats.insert(name, chat);
                added?;
            }
            "direct_post" => {
                let name = self.direct_chat(data, "channel_members")?;
                let mut chat = self.chats.remove(&name).unwrap_or_default();
                let added = self.add_post(&mut chat, data, place);
                self.chats.insert(name, chat);
                added?;
            }
            kind if OTHER_TYPES.contains(&kind) => {}
            kind => self.contents.count(kind, 1),
        }
        Ok(())
    }

    fn read_memberships(&mut self, user: &Value) -> Result<(), String> {
        let name = fields::required_text(user, "username")?;
        if fields::integer(user, "delete_at")?.is_some_and(|at| at > 0) {
            return Ok(());
        }
        for team in fields::list(user, "teams")? {
            let team_name = fields::required_text(team, "name")?;
            for channel in fields::list(team, "channels")? {
                let channel = fields::required_text(channel, "name")?;
                let chat = self
                    .chats
                    .entry(format!("{team_name}/{channel}"))
                    .or_default();
                chat.members.push(name.clone());
            }
        }
        Ok(())
    }

    /// The direct conversation of these members.
    fn direct_chat(&mut self, data: &Value, field: &str) -> Result<String, String> {
        let mut members = fields::texts(data, field)?;
        for participant in fields::list(data, "participants")? {
            members.push(fields::required_text(participant, "username")?);
        }
        members.sort();
        members.dedup();
        if members.is_empty() {
            return Err(format!("{field} is missing"));
        }
        // No name of a channel begins with a slash.
        let name = format!("/{}", members.join("/"));
        self.chats
            .entry(name.clone())
            .or_insert_with(|| ExportedChat {
                origin: RecordOrigin {
                    direct: as_pair(&members),
                    ..RecordOrigin::default()
                },
                name: members.join(", "),
                members,
                ..ExportedChat::default()
            });
        Ok(name)
    }

    fn add_post(
        &mut self,
        chat: &mut ExportedChat,
        post: &Value,
        place: &RecordPlace,
    ) -> Result<(), String> {
        let Some(id) = self.add_message(chat, post, None, place)? else {
            return Ok(());
        };
        for (index, reply) in fields::list(post, "replies")?.iter().enumerate() {
            let added = self.add_message(chat, reply, Some(&id), place);
            if let Err(reason) = added {
                let reason = format!("reply {}: {reason}", index + 1);
                self.contents.reject(&self.file, place.clone(), reason);
            }
        }
        Ok(())
    }

    /// Adds a post and returns its id; `None` if it is no message of a user.
    fn add_message(
        &mut self,
        chat: &mut ExportedChat,
        post: &Value,
        reply_to: Option<&str>,
        place: &RecordPlace,
    ) -> Result<Option<String>, String> {
        if let Some(kind) = fields::filled_text(post, "type")?
            && kind.starts_with("system_")
        {
            self.contents.count(kind, 1);
            return Ok(None);
        }
        let sender = fields::required_text(post, "user")?;
        let millis = fields::integer(post, "create_at")?.ok_or("create_at is missing")?;
        let edited_at = fields::integer(post, "edit_at")?.filter(|at| *at > 0);
        let id = self.ids.next(&sender, millis);
        let mut lines = vec![fields::text(post, "message")?.unwrap_or_default()];
        for attachment in fields::list(&post["props"], "attachments").unwrap_or_default() {
            lines.extend(
                ["pretext", "title", "text"]
                    .iter()
                    .filter_map(|field| attachment[*field].as_str().map(str::to_owned)),
            );
        }
        let files = fields::list(post, "attachments")?;
        for file in files {
            let path = fields::required_text(file, "path")?;
            lines.push(format!("[{}]", path.rsplit('/').next().unwrap_or(&path)));
        }
        self.contents
            .count("files (their names are taken)", files.len() as u64);
        lines.retain(|line| !line.trim().is_empty());
        let reactions = fields::list(post, "reactions")?.iter().map(|reaction| {
            let key = fields::required_text(reaction, "emoji_name")?;
            Ok((key, fields::required_text(reaction, "user")?))
        });
        let message = ExportedMessage {
            file: self.file.clone(),
            place: place.clone(),
            id: Some(id.clone()),
            sender,
            sent_at: Timestamp::from_millis(millis),
            text: lines.join("\n"),
            reply_to: reply_to.map(str::to_owned),
            edited_at: edited_at.map(Timestamp::from_millis),
            reactions: reactions.collect::<Result<_, String>>()?,
        };
        self.contents.add_message(chat, message);
        Ok(Some(id))
    }

    fn finish(mut self) -> ExportContents {
        for (name, mut chat) in self.chats {
            if !name.starts_with('/') {
                let channel = name.rsplit('/').next().unwrap_or(&name);
                let title = self
                    .titles
                    .remove(&name)
                    .unwrap_or_else(|| channel.to_owned());
                chat.name.clone_from(&title);
                chat.title = Some(title);
            }
            chat.is_known_by_first_message = true;
            chat.origin.source = "mattermost".into();
            chat.origin.channel = name;
            self.contents.chats.push(chat);
        }
        self.contents
    }
}

/// The team and the name of a channel.
fn channel_name(data: &Value, field: &str) -> Result<String, String> {
    let team = fields::required_text(data, "team")?;
    Ok(format!("{team}/{}", fields::required_text(data, field)?))
}
