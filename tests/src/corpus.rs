//! Reads chat logs and compares them with what the services return after an import.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use eventually::eventually;
use flate2::read::GzDecoder;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::Client;
use crate::feed;
use crate::seed::Rng;
use crate::world::World;

/// The importer shortens longer titles.
const MAX_TITLE_CHARS: usize = 200;

/// The importer shortens longer user ids.
const MAX_USER_CHARS: usize = 128;

#[derive(Deserialize)]
struct CorpusLine {
    conversation: String,
    sender: String,
    sent_at: String,
    text: String,
}

/// A message as it must be after the import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorpusMessage {
    /// The user id of the sender.
    pub sender: String,
    /// As in the file.
    pub sent_at: String,
    /// As in the file.
    pub text: String,
}

/// The messages of a file, by conversation.
#[derive(Debug, Default)]
pub struct Corpus {
    /// The messages of each conversation, in the order of the file.
    pub conversations: BTreeMap<String, Vec<CorpusMessage>>,
    /// How many lines cannot be imported.
    pub skipped: usize,
}

impl Corpus {
    /// Reads a file, plain or compressed as `.gz`.
    pub fn read(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| path.display().to_string())?;
        let gzip = path.extension().is_some_and(|extension| extension == "gz");
        let text: Box<dyn Read> = if gzip {
            Box::new(GzDecoder::new(file))
        } else {
            Box::new(file)
        };
        let mut corpus = Self::default();
        for line in BufReader::new(text).split(b'\n') {
            let line = line?;
            if line.trim_ascii().is_empty() {
                continue;
            }
            match serde_json::from_slice::<CorpusLine>(&line) {
                Ok(line) if line.text.chars().any(is_visible) => corpus.add(line),
                _ => corpus.skipped += 1,
            }
        }
        Ok(corpus)
    }

    fn add(&mut self, line: CorpusLine) {
        let sender = line
            .sender
            .chars()
            .filter(|c| !c.is_control())
            .take(MAX_USER_CHARS)
            .collect();
        let message = CorpusMessage {
            sender,
            sent_at: line.sent_at,
            text: line.text,
        };
        self.conversations
            .entry(line.conversation)
            .or_default()
            .push(message);
    }

    /// The number of messages.
    pub fn messages(&self) -> usize {
        self.conversations.values().map(Vec::len).sum()
    }

    /// All senders, with the conversations in which each of them has sent a message.
    pub fn users(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut users: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, messages) in &self.conversations {
            for message in messages {
                let places = users.entry(&message.sender).or_default();
                if places.last() != Some(&name.as_str()) {
                    places.push(name);
                }
            }
        }
        users
    }

    /// The unread count of a user who has read up to `mark`: the later messages of others.
    fn count_unread(&self, name: &str, user: &str, mark: usize) -> usize {
        self.conversations[name]
            .iter()
            .skip(mark)
            .filter(|message| message.sender != user)
            .count()
    }

    /// Compares every conversation with what the query API returns: count, order, senders, times
    /// and texts.
    pub async fn check_messages(&self, user: impl Fn(&str) -> Client, head: i64) -> Result<()> {
        for (name, messages) in &self.conversations {
            let reader = user(&messages[0].sender);
            let id = find_conversation_id(&reader, name).await?;
            let shown = reader
                .get_ok(&format!("/v1/conversations/{id}?min_position={head}"))
                .await;
            ensure!(
                shown["head_seq"] == messages.len() as i64,
                "{name}: {shown}, but {} messages in the file",
                messages.len()
            );
            let served = feed::read_history(&reader, &id, head).await;
            ensure!(
                served.len() == messages.len(),
                "{name}: the query API returned {} messages",
                served.len()
            );
            for (index, (served, message)) in served.iter().zip(messages).enumerate() {
                let equal = served["seq"] == index + 1
                    && served["sender"] == message.sender.as_str()
                    && served["sent_at"] == message.sent_at.as_str()
                    && served["body"]["text"] == message.text.as_str();
                ensure!(equal, "{name}: got {served}, expected {message:?}");
            }
        }
        Ok(())
    }

    /// Lets every user read up to a random message of each of their conversations, then compares
    /// unread counts and totals. Returns how many counts were compared.
    pub async fn check_unread(&self, user: impl Fn(&str) -> Client, seed: u64) -> Result<usize> {
        let mut rng = Rng::new(seed);
        let mut compared = 0;
        for (name, places) in self.users() {
            let client = user(name);
            let ids = conversation_ids(&client).await?;
            let mut position = 0;
            let mut expected = serde_json::Map::new();
            let mut total = 0;
            for place in places {
                let id = ids
                    .get(&truncate_title(place))
                    .with_context(|| format!("{name} is not a member of {place}"))?;
                let head = self.conversations[place].len();
                let mark = rng.between(1, head as i64);
                let path = format!("/v1/conversations/{id}/read");
                client
                    .post(&path, json!({ "unread_from": 1 }))
                    .await
                    .expect(200);
                let answer = client.post(&path, json!({ "up_to": mark })).await;
                answer.expect(200);
                position = answer.position();
                let unread = self.count_unread(place, name, mark as usize);
                total += unread;
                if unread > 0 {
                    expected.insert(id.clone(), unread.into());
                }
                compared += 1;
            }
            let path = format!("/v1/inbox/unread?min_position={position}");
            let shown = eventually("the reads are projected", async || {
                let answer = client.get(&path).await;
                (answer.status == 200).then(|| answer.json())
            })
            .await;
            ensure!(
                shown == json!({ "total": total, "conversations": expected }),
                "{name}: got {shown}, expected {expected:?}"
            );
        }
        Ok(compared)
    }
}

/// Imports a file into a world with `tidings import` and returns the JSON it printed.
pub async fn import_file(world: &World, file: &Path) -> Value {
    let data = world.dir.join("data");
    let paths = [file, &data].map(|path| path.to_string_lossy().into_owned());
    let output = world
        .run(&["import", &paths[0], "--data", &paths[1], "--json"])
        .await;
    let error = String::from_utf8_lossy(&output.stderr);
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{error}: {:?}", output.stdout));
    let expected = if report["skipped"] == 0 { 0 } else { 3 };
    assert_eq!(output.status.code(), Some(expected), "{error}");
    report
}

/// The title of the imported conversation.
fn truncate_title(name: &str) -> String {
    name.chars().take(MAX_TITLE_CHARS).collect()
}

async fn find_conversation_id(client: &Client, name: &str) -> Result<String> {
    let ids = conversation_ids(client).await?;
    ids.get(&truncate_title(name))
        .cloned()
        .with_context(|| format!("{} does not see {name:?}", client.user()))
}

/// The ids of a user's conversations, by title.
async fn conversation_ids(client: &Client) -> Result<BTreeMap<String, String>> {
    let mut ids = BTreeMap::new();
    let mut path = "/v1/inbox?limit=200".to_owned();
    loop {
        let page = client.get_ok(&path).await;
        let rows = page["conversations"]
            .as_array()
            .context("no conversations")?;
        for row in rows {
            let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
            if ids.insert(text("title"), text("id")).is_some() {
                bail!("two conversations have the title {}", row["title"]);
            }
        }
        match &page["next"] {
            Value::String(next) => path = format!("/v1/inbox?limit=200&after={next}"),
            _ => return Ok(ids),
        }
    }
}

/// Whether a character is visible. Covers the characters that occur in chat logs.
fn is_visible(c: char) -> bool {
    let hidden = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{3164}');
    !c.is_whitespace() && !c.is_control() && !hidden
}
