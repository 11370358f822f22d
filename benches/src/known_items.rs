//! `make known-items FILES="..."`: checks that search finds messages by fragments of their texts.
//! Imports chat logs into a running system, picks messages by a seed, takes a rare fragment of
//! words or characters from each, and searches for it as a user who can see the message.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use search::{ParsedQuery, TermSequence, find_highlights};
use serde_json::Value;
use tests::client::Client;
use tests::corpus::{Corpus, CorpusMessage, import_file};
use tests::seed::{Rng, seed};
use tests::world::World;

use crate::recall_queries;

/// A fragment is rare if at most so many messages contain it.
const MAX_OCCURRENCES: usize = 10;

/// Hits per page.
const PAGE_SIZE: usize = 20;

/// By relevance, so many percent of the messages must be among so many first hits.
const TOP_HITS: usize = 10;
const MIN_TOP_PERCENT: usize = 95;

/// The options of `benches known-items`.
#[derive(clap::Args)]
pub struct Args {
    /// Chat logs, `.jsonl` or `.jsonl.gz`.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Fragments of each kind and file.
    #[arg(long, default_value_t = 1_000)]
    items: usize,
}

/// Checks every file and prints how many messages were found.
pub async fn run(args: &Args) -> Result<()> {
    let seed = seed("known-items");
    for file in &args.files {
        check_file(file, args.items, seed).await?;
    }
    Ok(())
}

async fn check_file(file: &Path, items: usize, seed: u64) -> Result<()> {
    let corpus = Corpus::read(file)?;
    let world = World::start().await;
    println!("{}: {}", file.display(), import_file(&world, file).await);
    let head = tests::log::check_positions(&world.pool).await?;
    world.wait_until_projected(head).await;
    let users = corpus.users();
    let all: Vec<&CorpusMessage> = corpus.conversations.values().flatten().collect();
    let mut searched = 0;
    for (kind, pick) in FRAGMENT_KINDS {
        let mut rng = Rng::new(seed);
        let mut counts = RecallCounts::default();
        let mut tries = 0;
        while counts.searched < items && tries < items * 50 {
            tries += 1;
            let message = *rng.pick(&all);
            let Some(fragment) = pick(&message.text, &mut rng) else {
                continue;
            };
            let places = &users[message.sender.as_str()];
            let visible: Vec<&CorpusMessage> = places
                .iter()
                .flat_map(|place| &corpus.conversations[*place])
                .collect();
            let client = world.user(&message.sender);
            counts
                .check(&client, head, &visible, message, &fragment)
                .await?;
        }
        counts.print(kind);
        searched += counts.searched;
        ensure!(counts.lost.is_empty(), "not found: {:?}", counts.lost);
        ensure!(
            counts.top * 100 >= counts.searched * MIN_TOP_PERCENT,
            "too few messages in the top {TOP_HITS}"
        );
    }
    ensure!(searched > 0, "the file has no rare fragments");
    Ok(())
}

type FragmentPicker = fn(&str, &mut Rng) -> Option<String>;

const FRAGMENT_KINDS: [(&str, FragmentPicker); 3] = [
    ("two or three words", pick_words),
    ("two to four characters without spaces", pick_characters),
    ("codes, addresses and file names", pick_code),
];

/// Picks two or three consecutive words.
fn pick_words(text: &str, rng: &mut Rng) -> Option<String> {
    let count = 2 + rng.below(2);
    recall_queries::pick_words(text, count, rng, |c| c.is_alphabetic() && !is_dense(c))
}

/// Picks two to four characters of a script without spaces.
fn pick_characters(text: &str, rng: &mut Rng) -> Option<String> {
    recall_queries::pick_characters(text, rng, is_dense)
}

fn is_dense(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}')
}

/// Picks a word with punctuation between letters or digits.
fn pick_code(text: &str, rng: &mut Rng) -> Option<String> {
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
struct RecallCounts {
    searched: usize,
    top: usize,
    lost: Vec<String>,
    /// Searches with fewer hits than a scan of all messages.
    low_totals: usize,
}

impl RecallCounts {
    /// Searches for a fragment if it is rare according to a scan of all messages that the user can
    /// see.
    async fn check(
        &mut self,
        client: &Client,
        head: i64,
        visible: &[&CorpusMessage],
        message: &CorpusMessage,
        fragment: &str,
    ) -> Result<()> {
        if ParsedQuery::parse(fragment).is_err() {
            return Ok(());
        }
        let needle = TermSequence::new(fragment).context("the fragment has no tokens")?;
        let has = |other: &&&CorpusMessage| !find_highlights(&other.text, [&needle]).is_empty();
        if visible.iter().filter(has).count() > MAX_OCCURRENCES {
            return Ok(());
        }
        self.searched += 1;
        let newest = search_all(client, fragment, "newest", head).await?;
        let Some(at) = newest.iter().position(|hit| is_message(hit, message)) else {
            self.lost
                .push(format!("{fragment:?} of {:?}", message.text));
            return Ok(());
        };
        // Checks the order within the conversation of the message.
        let in_conversation = newest
            .iter()
            .filter(|hit| hit["conversation_id"] == newest[at]["conversation_id"]);
        let seqs: Vec<_> = in_conversation.map(|hit| hit["seq"].as_i64()).collect();
        ensure!(
            seqs.is_sorted_by(|a, b| a > b),
            "the hits for {fragment:?} are not newest first: {seqs:?}"
        );
        self.low_totals += usize::from(newest.len() < visible.iter().filter(has).count());
        let best = search_page(client, fragment, "relevance", head, TOP_HITS, None).await?;
        let hits = best["hits"].as_array().context("no hits")?;
        self.top += usize::from(hits.iter().any(|hit| is_message(hit, message)));
        Ok(())
    }

    fn print(&self, kind: &str) {
        println!(
            "  {kind}: {} of {} found, {} in the top {TOP_HITS} by relevance, {} totals too small",
            self.searched - self.lost.len(),
            self.searched,
            self.top,
            self.low_totals
        );
    }
}

fn is_message(hit: &Value, message: &CorpusMessage) -> bool {
    hit["text"] == message.text.as_str()
        && hit["sender"] == message.sender.as_str()
        && hit["sent_at"] == message.sent_at.as_str()
}

/// All hits of a search.
async fn search_all(client: &Client, fragment: &str, sort: &str, head: i64) -> Result<Vec<Value>> {
    let mut hits = Vec::new();
    let mut cursor = None;
    loop {
        let page = search_page(client, fragment, sort, head, PAGE_SIZE, cursor).await?;
        hits.extend(page["hits"].as_array().context("no hits")?.iter().cloned());
        match &page["next"] {
            Value::String(next) => cursor = Some(next.clone()),
            _ => return Ok(hits),
        }
    }
}

fn percent_encode(text: &str) -> String {
    let bytes: Vec<String> = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
    bytes.concat()
}

async fn search_page(
    client: &Client,
    fragment: &str,
    sort: &str,
    head: i64,
    limit: usize,
    cursor: Option<String>,
) -> Result<Value> {
    let q = percent_encode(fragment);
    let cursor = cursor.map_or_else(String::new, |cursor| format!("&cursor={cursor}"));
    let path = format!("/v1/search?q={q}&sort={sort}&limit={limit}&min_position={head}{cursor}");
    Ok(client.get_ok(&path).await)
}
