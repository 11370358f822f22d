//! The lists of an export: its users and conversations, and which workspace it is.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use serde_json::Value;

use super::files::read_list;
use super::text::SlackNames;
use crate::fields;
use crate::record::{ImportRecord, RecordPlace};

/// The lists of conversations, with what their conversations are.
const CONVERSATION_FILES: [(&str, SlackChannelKind); 4] = [
    ("channels.json", SlackChannelKind::Channel),
    ("groups.json", SlackChannelKind::Channel),
    ("mpims.json", SlackChannelKind::GroupMessage),
    ("dms.json", SlackChannelKind::Direct),
];

/// What a conversation is in Slack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SlackChannelKind {
    /// A channel, public or private.
    Channel,
    /// Direct messages between several users.
    GroupMessage,
    /// Direct messages between two users, or notes to oneself.
    Direct,
}

/// A conversation in one of the lists.
pub(super) struct SlackChannel {
    pub(super) kind: SlackChannelKind,
    pub(super) id: String,
    pub(super) name: Option<String>,
    /// The id of the creator.
    pub(super) creator: Option<String>,
    /// When it was created, in seconds.
    created: Option<String>,
    /// The ids of the current members; `None` if the list does not say.
    pub(super) members: Option<Vec<String>>,
}

/// The lists of an export.
#[derive(Default)]
pub(super) struct SlackWorkspace {
    /// What identifies the workspace.
    pub(super) source: String,
    /// Whether the workspace is known by its id, and not only by its first user.
    pub(super) has_id: bool,
    pub(super) names: SlackNames,
    /// The users that bots write as, by the ids of the bots.
    pub(super) bots: HashMap<String, String>,
    pub(super) channels: Vec<SlackChannel>,
    /// The items that cannot be read.
    pub(super) unreadable: Vec<ImportRecord>,
}

/// Whether a directory has a list of conversations.
pub(super) fn has_lists(directory: &Path) -> bool {
    let mut files = CONVERSATION_FILES.iter();
    files.any(|(file, _)| directory.join(file).is_file())
}

impl SlackWorkspace {
    /// Reads the lists of an export.
    pub(super) fn open(directory: &Path) -> Result<Self> {
        let mut workspace = Self::default();
        let users = workspace.read_items(directory, "users.json", |user| {
            let id = fields::required_id(user, "id")?;
            let name = fields::filled_text(user, "name")?;
            Ok((id, name, user.clone()))
        })?;
        workspace.add_users(&users);
        for (file, kind) in CONVERSATION_FILES {
            let listed = workspace.read_items(directory, file, |item| parse_channel(item, kind))?;
            workspace.channels.extend(listed);
        }
        let named = workspace.channels.iter().filter_map(|channel| {
            let name = channel.name.clone()?;
            Some((channel.id.clone(), name))
        });
        workspace.names.channels = named.collect();
        Ok(workspace)
    }

    /// Reads a list. Items that cannot be read are recorded.
    fn read_items<T>(
        &mut self,
        directory: &Path,
        file: &str,
        parse: impl Fn(&Value) -> Result<T, String>,
    ) -> Result<Vec<T>> {
        let name: Arc<str> = file.into();
        let list = match read_list(&directory.join(file))? {
            Ok(list) => list,
            Err(reason) => {
                let record = ImportRecord::unreadable(&name, RecordPlace::File, reason);
                self.unreadable.push(record);
                return Ok(Vec::new());
            }
        };
        let mut items = Vec::new();
        for (index, item) in list.iter().enumerate() {
            match fields::check_object(item).and_then(|()| parse(item)) {
                Ok(item) => items.push(item),
                Err(reason) => {
                    let place = RecordPlace::Part(format!("item {}", index + 1));
                    self.unreadable
                        .push(ImportRecord::unreadable(&name, place, reason));
                }
            }
        }
        Ok(items)
    }

    fn add_users(&mut self, users: &[(String, Option<String>, Value)]) {
        let mut counts: HashMap<&str, u32> = HashMap::new();
        for name in users.iter().filter_map(|(_, name, _)| name.as_deref()) {
            *counts.entry(name).or_default() += 1;
        }
        let mut teams: BTreeMap<&str, u64> = BTreeMap::new();
        for (id, name, user) in users {
            // A name that two users have had identifies neither of them.
            let own = name.as_deref().filter(|name| counts.get(name) == Some(&1));
            let name = own.unwrap_or(id);
            self.names.users.insert(id.clone(), name.to_owned());
            if let Some(bot) = user["profile"]["bot_id"].as_str() {
                self.bots.insert(bot.to_owned(), id.clone());
            }
            if let Some(team) = user["team_id"].as_str().filter(|team| !team.is_empty()) {
                *teams.entry(team).or_default() += 1;
            }
        }
        // Users of shared channels belong to other workspaces; most belong to this one.
        let most = teams
            .iter()
            .max_by_key(|(team, count)| (**count, std::cmp::Reverse(**team)));
        self.has_id = most.is_some();
        self.source = match (most, users.first()) {
            (Some((team, _)), _) => format!("slack:{team}"),
            (None, Some((id, name, _))) => {
                format!("slack:?:{id}:{}", name.as_deref().unwrap_or_default())
            }
            (None, None) => "slack:?".to_owned(),
        };
    }

    /// What identifies a conversation of the workspace. Its name may change. Without the id of the
    /// workspace, its id alone is not enough, and `first_message` is part of it.
    pub(super) fn identify(&self, channel: &SlackChannel, first_message: &str) -> String {
        if self.has_id {
            return channel.id.clone();
        }
        let created = channel.created.as_deref().unwrap_or_default();
        let creator = channel.creator.as_deref().unwrap_or_default();
        format!("{}:{created}:{creator}:{first_message}", channel.id)
    }
}

fn parse_channel(item: &Value, kind: SlackChannelKind) -> Result<SlackChannel, String> {
    let has_members = !item["members"].is_null();
    Ok(SlackChannel {
        kind,
        id: fields::required_id(item, "id")?,
        name: fields::filled_text(item, "name")?,
        creator: fields::filled_text(item, "creator")?,
        created: fields::id(item, "created")?,
        members: has_members
            .then(|| fields::texts(item, "members"))
            .transpose()?,
    })
}
