//! Chat logs, and the small model of what their import should give.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use flate2::read::GzDecoder;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::Client;
use crate::eventually::eventually;
use crate::feed;
use crate::seed::Rng;
use crate::world::World;

/// Characters of a title.
const TITLE: usize = 200;

/// Characters of a user id.
const USER: usize = 128;

#[derive(Deserialize)]
struct Line {
    conversation: String,
    sender: String,
    sent_at: String,
    text: String,
}

/// A message as it should be after the import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The user id.
    pub sender: String,
    /// As the file has it.
    pub sent_at: String,
    /// As the file has it.
    pub text: String,
}

/// A file, by the names of its conversations.
#[derive(Debug, Default)]
pub struct Corpus {
    /// In the order of the file.
    pub conversations: BTreeMap<String, Vec<Message>>,
    /// Lines that cannot be taken.
    pub skipped: usize,
}

impl Corpus {
    /// Reads a file, `.gz` or plain.
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
            match serde_json::from_slice::<Line>(&line) {
                Ok(line) if line.text.chars().any(shows) => corpus.add(line),
                _ => corpus.skipped += 1,
            }
        }
        Ok(corpus)
    }

    fn add(&mut self, line: Line) {
        let sender = line
            .sender
            .chars()
            .filter(|c| !c.is_control())
            .take(USER)
            .collect();
        let message = Message {
            sender,
            sent_at: line.sent_at,
            text: line.text,
        };
        self.conversations
            .entry(line.conversation)
            .or_default()
            .push(message);
    }

    /// How many messages there are.
    pub fn messages(&self) -> usize {
        self.conversations.values().map(Vec::len).sum()
    }

    /// Everybody, with the conversations in which they ever wrote.
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

    /// Unread of a user who has read up to a seq: what others sent after it.
    fn unread(&self, name: &str, user: &str, mark: usize) -> usize {
        self.conversations[name]
            .iter()
            .skip(mark)
            .filter(|message| message.sender != user)
            .count()
    }

    /// Compares every conversation with what is served: count, order, senders, times and texts.
    pub async fn check_messages(&self, user: impl Fn(&str) -> Client, head: i64) -> Result<()> {
        for (name, messages) in &self.conversations {
            let reader = user(&messages[0].sender);
            let id = id_of(&reader, name).await?;
            let shown = reader
                .look(&format!("/v1/conversations/{id}?min_position={head}"))
                .await;
            ensure!(
                shown["head_seq"] == messages.len() as i64,
                "{name}: {shown}, {} in the file",
                messages.len()
            );
            let served = feed::history(&reader, &id, head).await;
            ensure!(
                served.len() == messages.len(),
                "{name}: {} messages are served",
                served.len()
            );
            for (index, (served, message)) in served.iter().zip(messages).enumerate() {
                let equal = served["seq"] == index + 1
                    && served["sender"] == message.sender.as_str()
                    && served["sent_at"] == message.sent_at.as_str()
                    && served["body"]["text"] == message.text.as_str();
                ensure!(equal, "{name}: {served} is served for {message:?}");
            }
        }
        Ok(())
    }

    /// Lets every user read to a random point of each of their conversations, and compares unread
    /// counts and totals. Gives how many counts were compared.
    pub async fn check_unread(&self, user: impl Fn(&str) -> Client, seed: u64) -> Result<usize> {
        let mut rng = Rng::new(seed);
        let mut compared = 0;
        for (name, places) in self.users() {
            let client = user(name);
            let ids = ids_of(&client).await?;
            let mut position = 0;
            let mut expected = serde_json::Map::new();
            let mut total = 0;
            for place in places {
                let id = ids
                    .get(&title(place))
                    .with_context(|| format!("{name} is not in {place}"))?;
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
                let unread = self.unread(place, name, mark as usize);
                total += unread;
                if unread > 0 {
                    expected.insert(id.clone(), unread.into());
                }
                compared += 1;
            }
            let path = format!("/v1/inbox/unread?min_position={position}");
            let shown = eventually("reads are projected", async || {
                let answer = client.get(&path).await;
                (answer.status == 200).then(|| answer.json())
            })
            .await;
            ensure!(
                shown == json!({ "total": total, "conversations": expected }),
                "{name}: {shown}, not {expected:?}"
            );
        }
        Ok(compared)
    }
}

/// Imports a file into a world with `tidings import`; gives what it printed.
pub async fn import(world: &World, file: &Path) -> Value {
    let data = world.dir.join("data");
    let paths = [file, &data].map(|path| path.to_string_lossy().into_owned());
    let output = world
        .tidings(&["import", &paths[0], "--data", &paths[1], "--json"])
        .await;
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {:?}", output.stdout))
}

/// The title that a conversation's name becomes.
fn title(name: &str) -> String {
    name.chars().take(TITLE).collect()
}

async fn id_of(client: &Client, name: &str) -> Result<String> {
    let ids = ids_of(client).await?;
    ids.get(&title(name))
        .cloned()
        .with_context(|| format!("{} does not see {name:?}", client.user()))
}

/// The ids of a user's conversations by title.
async fn ids_of(client: &Client) -> Result<BTreeMap<String, String>> {
    let mut ids = BTreeMap::new();
    let mut path = "/v1/inbox?limit=200".to_owned();
    loop {
        let page = client.look(&path).await;
        let rows = page["conversations"]
            .as_array()
            .context("no conversations")?;
        for row in rows {
            let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
            if ids.insert(text("title"), text("id")).is_some() {
                bail!("two conversations are called {}", row["title"]);
            }
        }
        match &page["next"] {
            Value::String(next) => path = format!("/v1/inbox?limit=200&after={next}"),
            _ => return Ok(ids),
        }
    }
}

/// Whether a character shows anything, as far as chat logs need to know.
fn shows(c: char) -> bool {
    let hidden = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{3164}');
    !c.is_whitespace() && !c.is_control() && !hidden
}
