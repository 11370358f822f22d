//! `make bench-search`: compares search with the full text search of Postgres, over the same
//! messages, tokens, queries and visibility rule, in one run.
//!
//! - [`messages`]: chat logs, repeated with varied words until there are enough messages.
//! - [`queries`]: queries made from these messages.
//! - [`tidings_index`]: our index. [`postgres_index`]: `tsvector`, GIN and `ts_rank`.
//! - [`latency`]: from the send to the hit. [`report`]: the tables.

mod latency;
mod messages;
mod postgres_index;
mod queries;
mod report;
mod tidings_index;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tests::seed::seed;
use tokio::runtime::Runtime;

use messages::MessageSet;
use postgres_index::PostgresIndex;
use queries::{QUERY_KINDS, SampleQuery, sample_queries};
use report::QueryResult;
use tidings_index::TidingsIndex;

/// The options of `benches search`.
#[derive(clap::Args)]
pub struct Args {
    /// Chat logs, `.jsonl` or `.jsonl.gz`.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Numbers of messages, with one table for each.
    #[arg(long, value_delimiter = ',', default_value = "10000,100000,1000000")]
    sizes: Vec<usize>,
    /// Queries of each kind.
    #[arg(long, default_value_t = 100)]
    questions: usize,
    /// Measure the time from the send to the hit.
    #[arg(long, default_value_t = true, action = clap::ArgAction::Set)]
    live: bool,
    /// Compare with Postgres.
    #[arg(long, default_value_t = true, action = clap::ArgAction::Set)]
    postgres: bool,
}

/// Measures search and prints the tables of docs/benchmarks/search.md.
pub fn run(args: &Args, runtime: &Runtime) -> Result<ExitCode> {
    let seed = seed("bench-search");
    if args.live {
        let (rate, times) = runtime.block_on(latency::measure())?;
        report::print_latency(rate, times);
    }
    for size in &args.sizes {
        let messages = MessageSet::read(&args.files, *size, seed)?;
        let index = TidingsIndex::build(&messages)?;
        report::print_index(&messages, &index);
        let queries = sample_queries(&messages, args.questions, seed);
        ensure!(
            queries.len() >= QUERY_KINDS.len() * args.questions / 2,
            "only {} queries were found",
            queries.len()
        );
        let postgres = args
            .postgres
            .then(|| runtime.block_on(PostgresIndex::build(&messages)))
            .transpose()?;
        let results: Vec<QueryResult> = queries
            .iter()
            .map(|query| measure(query, &index, postgres.as_ref(), runtime))
            .collect::<Result<_>>()?;
        report::print_results(&results, postgres.is_some());
        report::print_junk(&index.measure_junk()?);
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs every search twice and measures the second one.
fn measure(
    query: &SampleQuery,
    index: &TidingsIndex,
    postgres: Option<&PostgresIndex>,
    runtime: &Runtime,
) -> Result<QueryResult> {
    let mut result = QueryResult::new(query);
    index.search(query)?;
    (result.tidings_time, result.tidings_total) = timed(|| index.search(query))?;
    result.tidings_found_source = index.finds_source(query)?;
    if let Some(postgres) = postgres {
        runtime.block_on(postgres.search(query))?;
        (result.postgres_time, _) = timed(|| runtime.block_on(postgres.search(query)))?;
        (result.postgres_total, result.postgres_found_source) =
            runtime.block_on(postgres.count(query))?;
    }
    Ok(result)
}

fn timed<T>(search: impl FnOnce() -> Result<T>) -> Result<(Duration, T)> {
    let start = Instant::now();
    let value = search()?;
    Ok((start.elapsed(), value))
}
