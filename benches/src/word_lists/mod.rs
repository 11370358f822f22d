//! `make bench-word-lists`: what 100,000 listed words cost a send, how soon such a list counts in
//! every process, and how many messages of chat logs a list masks although they do not contain a
//! word of it.

mod effect;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use domain::deployment::content::{ContentAction, TextPlace, WordMatching};
use domain::ids::{RuleName, UserId};
use domain::time::Timestamp;
use moderation::{DeploymentRules, Rulebook, WordList};
use tests::corpus::Corpus;

use crate::targets::{Target, TargetTable, exit_code};

/// The most that 100,000 words may cost a send, in microseconds.
const MAX_COST_MICROS: f64 = 20.0;

/// The most messages that may be masked without a listed word, of 10,000.
const MAX_FALSE_POSITIVES: f64 = 1.0;

/// The longest time until a list counts in every process, in seconds.
const MAX_DELAY_SECONDS: f64 = 1.0;

/// How many words the list has.
const WORDS: usize = 100_000;

/// How often each message is screened to measure the cost.
const ROUNDS: u32 = 20;

/// The options of `benches word-lists`.
#[derive(clap::Args)]
pub struct Args {
    /// A list of words to count false positives with, one on each line.
    #[arg(long)]
    words: PathBuf,
    /// Chat logs as JSON Lines, plain or .gz.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// Measures all of it.
pub async fn run(args: &Args) -> Result<ExitCode> {
    let words = std::fs::read_to_string(&args.words)?;
    let words: Vec<String> = words.lines().map(str::to_owned).collect();
    let mut texts = Vec::new();
    for file in &args.files {
        texts.extend(read_texts(file)?);
    }
    ensure!(!texts.is_empty(), "the files have no messages");
    let numbered = number_words(&texts);
    let (compiled, cost) = measure_cost(&texts, numbered.clone())?;
    println!(
        "compiled 100,000 words in {} ms; {} messages of {} characters on average",
        compiled.as_millis(),
        texts.len(),
        texts.iter().map(|text| text.chars().count()).sum::<usize>() / texts.len()
    );
    let (masked, false_positives) = count_false_positives(words, &texts)?;
    println!("{masked} messages are masked, {false_positives} of them without a listed word");
    let delay = effect::measure_effect(&numbered).await?;
    let targets = [
        Target::at_most("cost of 100,000 words", cost, MAX_COST_MICROS, "µs"),
        Target::at_most(
            "100,000 words count in two processes after",
            delay,
            MAX_DELAY_SECONDS,
            " s",
        ),
        Target::at_most(
            "masked without a word, of 10,000",
            false_positives as f64 * 10_000.0 / texts.len() as f64,
            MAX_FALSE_POSITIVES,
            "",
        ),
    ];
    println!("{}", TargetTable(&targets));
    Ok(exit_code(&targets))
}

fn read_texts(file: &Path) -> Result<Vec<String>> {
    let corpus = Corpus::read(file).with_context(|| file.display().to_string())?;
    let conversations = corpus.conversations.into_values();
    Ok(conversations
        .flatten()
        .map(|message| message.text)
        .collect())
}

/// Compiles a list.
fn compile(words: Vec<String>) -> Result<Rulebook> {
    let list = WordList {
        action: ContentAction::Mask,
        matching: WordMatching::Word,
        places: TextPlace::ALL.to_vec(),
        words,
        by: UserId::parse("root")?,
        at: Timestamp::from_millis(0),
    };
    let rules = DeploymentRules {
        word_lists: BTreeMap::from([(RuleName::parse("list")?, Arc::new(list))]),
        ..DeploymentRules::default()
    };
    Ok(Rulebook::compile(rules, &Rulebook::default())?)
}

/// 100,000 words: those of the messages, with a number, so that the automaton has to look at each
/// text.
fn number_words(texts: &[String]) -> Vec<String> {
    let from_texts = texts.iter().flat_map(|text| text.split_whitespace());
    let words: Vec<&str> = from_texts
        .filter(|word| word.chars().count() <= 20)
        .collect();
    let numbered = |number: usize| format!("{}{number}", words[number % words.len()]);
    (0..WORDS).map(numbered).collect()
}

/// How long it takes to compile the words, and to screen a message with them, in microseconds.
fn measure_cost(texts: &[String], words: Vec<String>) -> Result<(Duration, f64)> {
    let began = Instant::now();
    let rules = compile(words)?;
    let compiled = began.elapsed();
    let began = Instant::now();
    let mut found = 0;
    for _ in 0..ROUNDS {
        for text in texts {
            found += rules.screen(TextPlace::Text, text).masked.len();
        }
    }
    let screened = f64::from(ROUNDS) * texts.len() as f64;
    let cost = began.elapsed().as_secs_f64() * 1e6 / screened;
    println!("{} matches", found / ROUNDS as usize);
    Ok((compiled, cost))
}

/// How many messages are masked, and how many of these do not contain a listed word even if case,
/// accents and the difference of traditional and simplified characters do not matter.
fn count_false_positives(words: Vec<String>, texts: &[String]) -> Result<(usize, usize)> {
    let plain: Vec<String> = words.iter().map(|word| to_plain(word)).collect();
    let rules = compile(words)?;
    let masked = |text: &&String| !rules.screen(TextPlace::Text, text).masked.is_empty();
    let masked: Vec<&String> = texts.iter().filter(masked).collect();
    let false_positives = masked
        .iter()
        .filter(|text| {
            let text = to_plain(text);
            !plain.iter().any(|word| text.contains(word.as_str()))
        })
        .inspect(|text| println!("  masked: {text:.120}"))
        .count();
    Ok((masked.len(), false_positives))
}

/// A text as search compares it, with everything that separates its letters.
fn to_plain(text: &str) -> String {
    search::normalize(text)
        .iter()
        .map(|unit| unit.char)
        .collect()
}
