//! Search beside Postgres's own full text: the same messages, tokens, queries and visibility rule, in one
//! run. Prints the tables of BENCHMARKS.md.
//!
//! - `messages`: chat logs, repeated with other words until there are enough.
//! - `queries`: what people ask, made from those messages.
//! - `ours`: the index. `theirs`: `tsvector`, GIN and `ts_rank`.
//! - `live`: from the send to the hit.
//! - `report`: the tables.

mod live;
mod messages;
mod ours;
mod queries;
mod report;
mod theirs;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Parser;
use tests::seed::seed;

use messages::Messages;
use ours::Ours;
use queries::{KINDS, questions};
use report::Row;
use theirs::Theirs;

/// Hits of a page.
pub const TOP: usize = 20;

/// Compares full-text search.
#[derive(Parser)]
struct Arguments {
    /// Chat logs, `.jsonl` or `.jsonl.gz`.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// How many messages, for one table each.
    #[arg(long, value_delimiter = ',', default_value = "10000,100000,1000000")]
    sizes: Vec<usize>,
    /// Questions of each kind.
    #[arg(long, default_value_t = 100)]
    questions: usize,
    /// Measure how long it takes from the send to the hit.
    #[arg(long, default_value_t = true, action = clap::ArgAction::Set)]
    live: bool,
    /// Ask Postgres too.
    #[arg(long, default_value_t = true, action = clap::ArgAction::Set)]
    postgres: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let seed = seed("bench-search");
    let runtime = tokio::runtime::Runtime::new()?;
    if arguments.live {
        let (rate, times) = runtime.block_on(live::measure())?;
        report::live(rate, times);
    }
    for size in &arguments.sizes {
        let messages = Messages::of(&arguments.files, *size, seed)?;
        let ours = Ours::index(&messages)?;
        report::index(&messages, &ours);
        let questions = questions(&messages, arguments.questions, seed);
        ensure!(
            questions.len() >= KINDS.len() * arguments.questions / 2,
            "too few questions"
        );
        let theirs = if arguments.postgres {
            Some(runtime.block_on(Theirs::index(&messages))?)
        } else {
            None
        };
        let mut rows = Vec::new();
        for question in &questions {
            let mut row = Row::of(question);
            ours.ask(question)?;
            (row.ours, row.ours_total) = timed(|| ours.ask(question))?;
            row.ours_known = ours.knows(question)?;
            if let Some(theirs) = &theirs {
                runtime.block_on(theirs.ask(question))?;
                row.theirs = timed(|| runtime.block_on(theirs.ask(question)))?.0;
                (row.theirs_total, row.theirs_known) = runtime.block_on(theirs.knows(question))?;
            }
            rows.push(row);
        }
        report::answers(&rows, theirs.is_some());
        report::junk(&ours.junk()?);
    }
    Ok(())
}

/// What it answers, and how long that took. Everybody is asked twice: the first time warms up.
fn timed<T>(ask: impl FnOnce() -> Result<T>) -> Result<(Duration, T)> {
    let start = Instant::now();
    let answer = ask()?;
    Ok((start.elapsed(), answer))
}
