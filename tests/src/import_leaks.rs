//! Random pairs of a live system and an export that share names, ids and users, and who sees which
//! message.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::seed::Rng;

/// The users of the live system and of each export.
pub const USERS: [&str; 6] = ["ann", "bob", "cid", "dan", "eve", "zoe"];

/// The ids of groups of the live system, and the names of conversations of each export.
pub const NAMES: [&str; 5] = ["general", "random", "C1", "team", "lunch"];

/// Who sees which text, computed from the log: members see everything in their conversations.
#[derive(Default)]
pub struct SeenTexts {
    position: i64,
    members: BTreeMap<String, BTreeSet<String>>,
    texts: BTreeMap<String, BTreeSet<String>>,
}

impl SeenTexts {
    /// Reads the events that are new in the log.
    pub async fn read_new(&mut self, pool: &PgPool) -> Result<()> {
        let events: Vec<(i64, String, String, Value)> = sqlx::query_as(
            "SELECT position, aggregate_id::text, event_type::text, payload::jsonb FROM events
             WHERE aggregate_type = 'conversation' AND position > $1 ORDER BY position",
        )
        .bind(self.position)
        .fetch_all(pool)
        .await?;
        for (position, id, kind, data) in events {
            self.apply(&id, &kind, &data)
                .with_context(|| format!("{kind} at {position}: {data}"))?;
            self.position = position;
        }
        Ok(())
    }

    fn apply(&mut self, id: &str, kind: &str, data: &Value) -> Result<()> {
        let text = |value: &Value| value.as_str().map(str::to_owned).context("no text");
        let members = self.members.entry(id.to_owned()).or_default();
        match kind {
            "conversation_created" => {
                for member in data["members"].as_array().context("no members")? {
                    members.insert(text(&member["user"])?);
                }
            }
            "member_added" => {
                members.insert(text(&data["user"])?);
            }
            "member_removed" => {
                members.remove(&text(&data["user"])?);
            }
            "message_sent" => {
                let texts = self.texts.entry(id.to_owned()).or_default();
                texts.insert(text(&data["body"]["text"])?);
            }
            _ => {}
        }
        Ok(())
    }

    /// Every text, with those who see it.
    pub fn viewers(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut viewers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (id, texts) in &self.texts {
            for text in texts {
                let members = self.members.get(id).into_iter().flatten().cloned();
                viewers.entry(text.clone()).or_default().extend(members);
            }
        }
        viewers
    }
}

/// An export of another system.
pub struct RandomExport {
    /// The file or directory.
    pub path: PathBuf,
    /// Every text in it, with those who may see it.
    pub viewers: BTreeMap<String, BTreeSet<String>>,
}

/// A conversation of an export.
struct RandomChat {
    name: String,
    members: Vec<&'static str>,
    /// Senders and texts.
    messages: Vec<(&'static str, String)>,
}

impl RandomExport {
    /// Writes the export number `number` into `dir`.
    pub fn write(rng: &mut Rng, dir: &Path, number: usize) -> Result<Self> {
        let mut chats: Vec<RandomChat> = Vec::new();
        for name in NAMES {
            if rng.chance(60) {
                chats.push(random_chat(rng, name, number));
            }
        }
        let mut viewers = BTreeMap::new();
        for chat in &chats {
            for (_, text) in &chat.messages {
                let members = chat.members.iter().map(|user| (*user).to_owned());
                viewers.insert(text.clone(), members.collect());
            }
        }
        let directory = dir.join(format!("export{number}"));
        std::fs::create_dir_all(&directory)?;
        let path = match rng.below(3) {
            0 => write_slack(rng, &directory, &chats, number)?,
            1 => write_mattermost(&directory, &chats, number)?,
            _ => write_lines(rng, &directory, &chats, number)?,
        };
        Ok(Self { path, viewers })
    }
}

fn random_chat(rng: &mut Rng, name: &str, number: usize) -> RandomChat {
    let mut members: Vec<&str> = USERS.into_iter().filter(|_| rng.chance(40)).collect();
    if members.is_empty() {
        members.push(*rng.pick(&USERS));
    }
    let count = 1 + rng.below(4);
    let messages = (0..count).map(|n| {
        let text = format!("export {number} {name} {n}");
        (*rng.pick(&members), text)
    });
    RandomChat {
        name: name.to_owned(),
        messages: messages.collect(),
        members: members.clone(),
    }
}

/// The second at which a message of an export was sent.
fn second(number: usize, n: usize) -> usize {
    1_600_000_000 + number * 1_000 + n
}

fn write_slack(
    rng: &mut Rng,
    directory: &Path,
    chats: &[RandomChat],
    number: usize,
) -> Result<PathBuf> {
    let id = |user: &str| {
        format!(
            "U{}",
            USERS.iter().position(|other| *other == user).unwrap_or(0)
        )
    };
    let has_team = rng.chance(50);
    let users = USERS.map(|user| {
        let team = has_team.then(|| format!("T{number}"));
        json!({ "id": id(user), "name": user, "team_id": team })
    });
    let mut lists: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for (index, chat) in chats.iter().enumerate() {
        let members: Vec<String> = chat.members.iter().map(|user| id(user)).collect();
        let is_direct = members.len() == 2 && rng.chance(50);
        let file = if is_direct {
            "dms.json"
        } else {
            "channels.json"
        };
        let kind = if is_direct { "D" } else { "C" };
        let channel = format!("{kind}{index}");
        let name = if is_direct {
            channel.as_str()
        } else {
            &chat.name
        };
        lists.entry(file).or_default().push(json!({
            "id": channel, "name": (!is_direct).then_some(name), "members": members,
            "created": second(number, 0), "creator": members[0],
        }));
        let day: Vec<Value> = chat
            .messages
            .iter()
            .enumerate()
            .map(|(n, (sender, text))| {
                json!({ "type": "message", "user": id(sender), "text": text, "ts": format!("{}.0", second(number, n)) })
            })
            .collect();
        let place = directory.join(name);
        std::fs::create_dir_all(&place)?;
        std::fs::write(place.join("2020-09-13.json"), json!(day).to_string())?;
    }
    std::fs::write(directory.join("users.json"), json!(users).to_string())?;
    lists.entry("channels.json").or_default();
    for (file, list) in lists {
        std::fs::write(directory.join(file), json!(list).to_string())?;
    }
    Ok(directory.to_owned())
}

fn write_mattermost(directory: &Path, chats: &[RandomChat], number: usize) -> Result<PathBuf> {
    let mut lines = vec![json!({ "type": "version", "version": 1 })];
    for user in USERS {
        let joined = chats.iter().filter(|chat| chat.members.contains(&user));
        let channels: Vec<Value> = joined.map(|chat| json!({ "name": chat.name })).collect();
        let teams = json!([{ "name": "main", "channels": channels }]);
        lines.push(json!({ "type": "user", "user": { "username": user, "teams": teams } }));
    }
    for chat in chats {
        for (n, (sender, text)) in chat.messages.iter().enumerate() {
            let post = json!({ "team": "main", "channel": chat.name, "user": sender, "message": text,
                "create_at": second(number, n) * 1_000 });
            lines.push(json!({ "type": "post", "post": post }));
        }
    }
    let path = directory.join("import.jsonl");
    std::fs::write(&path, join_lines(&lines))?;
    Ok(path)
}

fn write_lines(
    rng: &mut Rng,
    directory: &Path,
    chats: &[RandomChat],
    number: usize,
) -> Result<PathBuf> {
    let has_ids = rng.chance(50);
    let mut lines = Vec::new();
    for chat in chats {
        for (n, (sender, text)) in chat.messages.iter().enumerate() {
            let minute = number % 60;
            lines.push(
                json!({ "conversation": chat.name, "sender": sender, "text": text,
                "sent_at": format!("2020-09-13T{:02}:{minute:02}:{n:02}Z", number / 60),
                "id": has_ids.then_some(n) }),
            );
        }
        lines.push(json!({ "conversation": chat.name, "members": chat.members }));
    }
    let path = directory.join("chat.jsonl");
    std::fs::write(&path, join_lines(&lines))?;
    Ok(path)
}

fn join_lines(lines: &[Value]) -> String {
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    lines.join("\n")
}
