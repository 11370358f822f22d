//! Known items: what somebody remembers of a message has to find it. Imports chat logs into a running
//! system, picks messages by a seed, takes a rare run of words or characters from each, and searches for
//! that as somebody who sees it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use search::{ParsedQuery, TermSequence, find_highlights};
use serde_json::Value;
use tests::client::Client;
use tests::corpus::{Corpus, CorpusMessage, import_file};
use tests::recall_queries;
use tests::seed::{Rng, seed};
use tests::world::World;

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
    /// Items of each kind and log.
    #[arg(long, default_value_t = 1_000)]
    items: usize,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let seed = seed("known-items");
    for file in &arguments.files {
        check(file, arguments.items, seed).await?;
    }
    Ok(())
}

async fn check(file: &Path, items: usize, seed: u64) -> Result<()> {
    let corpus = Corpus::read(file)?;
    let world = World::start().await;
    println!("{}: {}", file.display(), import_file(&world, file).await);
    let head = tests::log::check_positions(&world.pool).await?;
    world.wait_until_projected(head).await;
    let users = corpus.users();
    let all: Vec<&CorpusMessage> = corpus.conversations.values().flatten().collect();
    let mut asked = 0;
    for (kind, pick) in KINDS {
        let mut rng = Rng::new(seed);
        let mut tally = Tally::default();
        let mut tries = 0;
        while tally.asked < items && tries < items * 50 {
            tries += 1;
            let known = *rng.pick(&all);
            let Some(run) = pick(&known.text, &mut rng) else {
                continue;
            };
            let places = &users[known.sender.as_str()];
            let seen: Vec<&CorpusMessage> = places
                .iter()
                .flat_map(|place| &corpus.conversations[*place])
                .collect();
            let client = world.user(&known.sender);
            tally.take(&client, head, &seen, known, &run).await?;
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

type Pick = fn(&str, &mut Rng) -> Option<String>;

const KINDS: [(&str, Pick); 3] = [
    ("two or three words", words),
    ("two to four characters without spaces", characters),
    ("codes, addresses and file names", code),
];

/// Two or three words as they follow each other.
fn words(text: &str, rng: &mut Rng) -> Option<String> {
    let count = 2 + rng.below(2);
    recall_queries::pick_words(text, count, rng, |c| c.is_alphabetic() && !is_dense(c))
}

/// A run of two to four characters of a script without spaces.
fn characters(text: &str, rng: &mut Rng) -> Option<String> {
    recall_queries::pick_characters(text, rng, is_dense)
}

fn is_dense(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}')
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
    /// Totals that were more or fewer than reading every message finds.
    other_totals: usize,
}

impl Tally {
    /// Asks for a run if it is rare, which is found out by reading every message that the caller sees.
    async fn take(
        &mut self,
        client: &Client,
        head: i64,
        seen: &[&CorpusMessage],
        known: &CorpusMessage,
        run: &str,
    ) -> Result<()> {
        if ParsedQuery::parse(run).is_err() {
            return Ok(());
        }
        let needle = TermSequence::new(run).context("a run says something")?;
        let has = |message: &&&CorpusMessage| !find_highlights(&message.text, [&needle]).is_empty();
        if seen.iter().filter(has).count() > RARE {
            return Ok(());
        }
        self.asked += 1;
        let newest = pages(client, run, "newest", head).await?;
        let Some(at) = newest.iter().position(|hit| is_it(hit, known)) else {
            self.lost.push(format!("{run:?} of {:?}", known.text));
            return Ok(());
        };
        // So it is on the first page if fewer than a page are newer.
        let beside = newest
            .iter()
            .filter(|hit| hit["conversation_id"] == newest[at]["conversation_id"]);
        let seqs: Vec<_> = beside.map(|hit| hit["seq"].as_i64()).collect();
        ensure!(
            seqs.is_sorted_by(|a, b| a > b),
            "{run:?} is not answered newest first: {seqs:?}"
        );
        self.other_totals += usize::from(newest.len() < seen.iter().filter(has).count());
        let best = page(client, run, "relevance", head, TOP, None).await?;
        let hits = best["hits"].as_array().context("no hits")?;
        self.top += usize::from(hits.iter().any(|hit| is_it(hit, known)));
        Ok(())
    }

    fn report(&self, kind: &str) {
        println!(
            "  {kind}: {} of {} found, {} in the top {TOP} by relevance, {} totals too small",
            self.asked - self.lost.len(),
            self.asked,
            self.top,
            self.other_totals
        );
    }
}

fn is_it(hit: &Value, known: &CorpusMessage) -> bool {
    hit["text"] == known.text.as_str()
        && hit["sender"] == known.sender.as_str()
        && hit["sent_at"] == known.sent_at.as_str()
}

/// All hits.
async fn pages(client: &Client, run: &str, sort: &str, head: i64) -> Result<Vec<Value>> {
    let mut hits = Vec::new();
    let mut cursor = None;
    loop {
        let page = page(client, run, sort, head, PAGE, cursor).await?;
        hits.extend(page["hits"].as_array().context("no hits")?.iter().cloned());
        match &page["next"] {
            Value::String(next) => cursor = Some(next.clone()),
            _ => return Ok(hits),
        }
    }
}

async fn page(
    client: &Client,
    run: &str,
    sort: &str,
    head: i64,
    limit: usize,
    cursor: Option<String>,
) -> Result<Value> {
    let q: String = run.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let cursor = cursor.map_or_else(String::new, |cursor| format!("&cursor={cursor}"));
    let path = format!("/v1/search?q={q}&sort={sort}&limit={limit}&min_position={head}{cursor}");
    Ok(client.get_ok(&path).await)
}
