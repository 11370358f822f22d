//! Known items: what somebody remembers of a message has to find it. Picks messages of chat logs by a
//! seed, takes a rare run of words or characters from each, and searches for that. Also says how fast
//! the index is made and asked, and how large it is.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use search::index::{Ask, Checkpoint, Index, Message, Names, Sort, Visible};
use search::{Needle, Query, highlights};
use tests::corpus::Corpus;
use tests::seed::{Rng, seed};

/// A run is rare if no more messages than this have it.
const RARE: usize = 10;

/// Hits of a first page.
const PAGE: usize = 20;

/// Hits among which a known item has to be by relevance, and how often, of 100.
const TOP: usize = 10;
const ENOUGH: usize = 95;

/// Checks that known items are found.
#[derive(Parser)]
struct Arguments {
    /// Chat logs, `.jsonl` or `.jsonl.gz`.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Items of each log.
    #[arg(long, default_value_t = 1_000)]
    items: usize,
}

/// These logs name nobody in queries.
struct Nobody;

impl Names for Nobody {
    fn user(&self, _: &str) -> Option<u64> {
        None
    }

    fn me(&self) -> Option<&str> {
        None
    }

    fn conversation(&self, _: &str) -> Option<u64> {
        None
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let seed = seed("known-items");
    for file in &arguments.files {
        let directory = tests::world::directory().join("index");
        std::fs::create_dir_all(&directory)?;
        check(file, &directory, arguments.items, seed)?;
        std::fs::remove_dir_all(&directory)?;
    }
    Ok(())
}

fn check(file: &Path, directory: &Path, items: usize, seed: u64) -> Result<()> {
    let messages = read(file)?;
    let text: usize = messages.iter().map(|message| message.text.len()).sum();
    let index = Index::open(directory)?;
    let start = Instant::now();
    let mut writer = index.writer()?;
    for message in &messages {
        writer.add(message)?;
    }
    writer.commit(&Checkpoint::default())?;
    let took = start.elapsed();
    drop(writer);
    index.refresh()?;
    let size: u64 = std::fs::read_dir(directory)?
        .flatten()
        .filter_map(|entry| entry.metadata().ok())
        .map(|file| file.len())
        .sum();
    println!(
        "{}: {} messages, {:.0}/s, {:.2} times their text",
        file.display(),
        messages.len(),
        messages.len() as f64 / took.as_secs_f64(),
        size as f64 / text as f64
    );
    let everything = Arc::new(Visible::everything());
    let mut asked = 0;
    for (kind, pick) in KINDS {
        let mut rng = Rng::new(seed);
        let mut tally = Tally::default();
        let mut tries = 0;
        while tally.asked < items && tries < items * 50 {
            tries += 1;
            let message = rng.pick(&messages);
            let Some(run) = pick(&message.text, &mut rng) else {
                continue;
            };
            tally.take(&index, &everything, &messages, message, &run)?;
        }
        tally.report(kind);
        asked += tally.asked;
        ensure!(tally.lost.is_empty(), "not found: {:?}", tally.lost);
        ensure!(
            tally.top * 100 >= tally.asked * ENOUGH,
            "too few in the top {TOP}"
        );
    }
    ensure!(asked > 0, "nothing rare was found in this file");
    Ok(())
}

fn read(file: &Path) -> Result<Vec<Message>> {
    let corpus = Corpus::read(file)?;
    let mut messages = Vec::new();
    let mut users: HashMap<String, u64> = HashMap::new();
    for (conversation, sent) in (1..).zip(corpus.conversations.values()) {
        for (seq, message) in (1..).zip(sent) {
            let next = users.len() as u64 + 1;
            let sender = *users.entry(message.sender.clone()).or_insert(next);
            messages.push(Message {
                position: messages.len() as u64 + 1,
                conversation,
                seq,
                sender,
                sent_at: 0,
                kind: "text".into(),
                mentions: Vec::new(),
                text: message.text.clone(),
            });
        }
    }
    Ok(messages)
}

type Pick = fn(&str, &mut Rng) -> Option<String>;

const KINDS: [(&str, Pick); 3] = [
    ("two or three words", words),
    ("two to four characters without spaces", characters),
    ("codes, addresses and file names", code),
];

/// Two or three words as they follow each other.
fn words(text: &str, rng: &mut Rng) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let count = 2 + rng.below(2);
    let from = rng.below(words.len().checked_sub(count)? + 1);
    let run = &words[from..from + count];
    let is_plain = |word: &&str| word.chars().all(|c| c.is_alphabetic() && !is_dense(c));
    run.iter().all(is_plain).then(|| run.join(" "))
}

fn is_dense(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}')
}

/// A run of two to four characters of a script without spaces, from anywhere in a longer one.
fn characters(text: &str, rng: &mut Rng) -> Option<String> {
    let runs: Vec<&str> = text
        .split(|c| !is_dense(c))
        .filter(|run| run.chars().nth(1).is_some())
        .collect();
    if runs.is_empty() {
        return None;
    }
    let chars: Vec<char> = rng.pick(&runs).chars().collect();
    let count = (2 + rng.below(3)).min(chars.len());
    let from = rng.below(chars.len() - count + 1);
    Some(chars[from..from + count].iter().collect())
}

/// Something with letters or digits around a sign.
fn code(text: &str, rng: &mut Rng) -> Option<String> {
    let is_code = |word: &&str| {
        let inner = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        word.is_ascii()
            && inner.len() >= 4
            && inner.contains(['.', '/', '_', '+', '#', ':'])
            && inner.bytes().any(|byte| byte.is_ascii_alphabetic())
            && !word.contains(['"', '*'])
            && !word.starts_with('-')
    };
    let codes: Vec<&str> = text.split_whitespace().filter(is_code).collect();
    (!codes.is_empty()).then(|| (*rng.pick(&codes)).to_owned())
}

#[derive(Default)]
struct Tally {
    asked: usize,
    top: usize,
    lost: Vec<String>,
    times: Vec<Duration>,
}

impl Tally {
    /// Asks for a run if it is rare, which is found out by reading every message.
    fn take(
        &mut self,
        index: &Index,
        visible: &Arc<Visible>,
        messages: &[Message],
        known: &Message,
        run: &str,
    ) -> Result<()> {
        let Ok(query) = Query::parse(run) else {
            return Ok(());
        };
        let ask = |sort, limit| Ask {
            query: &query,
            names: &Nobody,
            visible: Arc::clone(visible),
            sort,
            up_to: u64::MAX,
            now: 0,
            statistics: None,
            after: None,
            limit,
        };
        let all = index.find(&ask(Sort::Newest, messages.len()))?;
        let needle = Needle::new(run).context("a run says something")?;
        let have: Vec<u64> = all
            .hits
            .iter()
            .filter(|hit| {
                !highlights(&messages[hit.position as usize - 1].text, [&needle]).is_empty()
            })
            .map(|hit| hit.position)
            .collect();
        if have.len() > RARE {
            return Ok(());
        }
        self.asked += 1;
        if !have.contains(&known.position) {
            self.lost.push(format!("{run:?} of {:?}", known.text));
            return Ok(());
        }
        let newest = index.find(&ask(Sort::Newest, PAGE))?;
        let newer = all
            .hits
            .iter()
            .take_while(|hit| hit.position > known.position)
            .count();
        let is_there = newest.hits.iter().any(|hit| hit.position == known.position);
        ensure!(
            is_there == (newer < PAGE),
            "{run:?}: {newer} newer hits, on the first page: {is_there}"
        );
        let start = Instant::now();
        let best = index.find(&ask(Sort::Relevance, TOP))?;
        self.times.push(start.elapsed());
        self.top += usize::from(best.hits.iter().any(|hit| hit.position == known.position));
        Ok(())
    }

    fn report(&mut self, kind: &str) {
        self.times.sort_unstable();
        let time = |of_100: usize| {
            self.times
                .get(self.times.len() * of_100 / 100)
                .copied()
                .unwrap_or_default()
        };
        println!(
            "  {kind}: {} of {} found, {} in the top {TOP} by relevance; p50 {:?}, p99 {:?}",
            self.asked - self.lost.len(),
            self.asked,
            self.top,
            time(50),
            time(99)
        );
    }
}
