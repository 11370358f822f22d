//! The tables of docs/benchmarks/search.md.

use std::cmp::Reverse;
use std::time::Duration;

use super::messages::MessageSet;
use super::queries::{QUERY_KINDS, SampleQuery};
use super::tidings_index::TidingsIndex;
use crate::statistics::{millis, quantile};

/// How many of the slowest queries are listed.
const MAX_SLOWEST: usize = 5;

/// How many queries with fewer hits than in Postgres are listed.
const MAX_FEWER: usize = 10;

/// How many kinds of junk are listed.
const MAX_JUNK: usize = 6;

/// One query and its results.
pub struct QueryResult {
    kind: usize,
    text: String,
    conversations: usize,
    /// How long our index took.
    pub tidings_time: Duration,
    /// How long Postgres took.
    pub postgres_time: Duration,
    /// The hits of our index.
    pub tidings_total: usize,
    /// The hits of Postgres.
    pub postgres_total: usize,
    /// Whether our index found the message from which the query was made.
    pub tidings_found_source: bool,
    /// Whether Postgres found it.
    pub postgres_found_source: bool,
}

impl QueryResult {
    /// A query without results yet.
    pub fn new(query: &SampleQuery) -> Self {
        Self {
            kind: query.kind,
            text: query.text.clone(),
            conversations: query.conversations.len(),
            tidings_time: Duration::ZERO,
            postgres_time: Duration::ZERO,
            tidings_total: 0,
            postgres_total: 0,
            tidings_found_source: false,
            postgres_found_source: false,
        }
    }
}

/// Prints the size of the index and how long it took to build.
pub fn print_index(messages: &MessageSet, index: &TidingsIndex) {
    let count = messages.documents.len();
    let seconds = index.build_time.as_secs_f64();
    println!(
        "\n### {count} messages, {} conversations, {:.1} MB of text\n",
        messages.conversations,
        messages.text_bytes as f64 / 1e6
    );
    println!(
        "Indexed in {seconds:.1} s, {:.0} messages per second on one thread; the index has {:.1} MB, \
         {:.2} times the text.\n",
        count as f64 / seconds,
        index.bytes as f64 / 1e6,
        index.bytes as f64 / messages.text_bytes as f64
    );
}

/// Prints times and recall by kind of query, and the remarkable queries.
pub fn print_results(results: &[QueryResult], has_postgres: bool) {
    println!(
        "| kind | queries | p50 | p99 | max | Postgres p50 | p99 | times faster: p50 | p99 | sources found | Postgres | hits | Postgres |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    for (kind, (name, _)) in QUERY_KINDS.iter().enumerate() {
        let of_kind: Vec<&QueryResult> = results
            .iter()
            .filter(|result| result.kind == kind)
            .collect();
        print_row(name, &of_kind);
    }
    print_row("**all**", &results.iter().collect::<Vec<_>>());
    let mut slowest: Vec<&QueryResult> = results.iter().collect();
    slowest.sort_by_key(|result| Reverse(result.tidings_time));
    println!("\nSlowest:");
    for result in slowest.iter().take(MAX_SLOWEST) {
        println!(
            "- `{}` in {} conversations: {} for {} hits (Postgres: {})",
            result.text,
            result.conversations,
            format_ms(result.tidings_time),
            result.tidings_total,
            format_ms(result.postgres_time)
        );
    }
    for result in results.iter().filter(|result| !result.tidings_found_source) {
        println!("- source not found: `{}`", result.text);
    }
    if has_postgres {
        let fewer = results
            .iter()
            .filter(|result| result.tidings_total < result.postgres_total);
        for result in fewer.take(MAX_FEWER) {
            println!(
                "- fewer hits than Postgres: `{}`: {} of {}",
                result.text, result.tidings_total, result.postgres_total
            );
        }
    }
}

/// Prints the times of junk queries, slowest first.
pub fn print_junk(times: &[(String, Duration)]) {
    let mut times: Vec<_> = times.iter().collect();
    times.sort_by_key(|(_, time)| Reverse(*time));
    println!("\nJunk, over all messages:");
    for (junk, time) in times.iter().take(MAX_JUNK) {
        println!("- `{junk}`, repeated: {}", format_ms(*time));
    }
}

/// Prints the time from the acknowledgement of a send to the hit.
pub fn print_latency(rate: f64, mut times: Vec<Duration>) {
    times.sort_unstable();
    println!(
        "At {rate:.0} sends per second, search finds a message {} after its acknowledgement (median); \
         95 of 100 within {}.",
        format_ms(quantile(&times, 0.5)),
        format_ms(quantile(&times, 0.95))
    );
}

fn print_row(name: &str, results: &[&QueryResult]) {
    let times = |time: fn(&QueryResult) -> Duration| {
        let mut times: Vec<Duration> = results.iter().map(|result| time(result)).collect();
        times.sort_unstable();
        [0.5, 0.99, 1.0].map(|share| quantile(&times, share))
    };
    let [p50, p99, max] = times(|result| result.tidings_time);
    let [postgres_p50, postgres_p99, _] = times(|result| result.postgres_time);
    let ratio = |one: Duration, other: Duration| one.as_secs_f64() / other.as_secs_f64();
    let count = |found: fn(&QueryResult) -> bool| {
        let results = results.iter();
        results.filter(|result| found(result)).count()
    };
    let total = |hits: fn(&QueryResult) -> usize| -> usize {
        results.iter().map(|result| hits(result)).sum()
    };
    println!(
        "| {name} | {} | {} | {} | {} | {} | {} | {:.1} | {:.1} | {} | {} | {} | {} |",
        results.len(),
        format_ms(p50),
        format_ms(p99),
        format_ms(max),
        format_ms(postgres_p50),
        format_ms(postgres_p99),
        ratio(postgres_p50, p50),
        ratio(postgres_p99, p99),
        count(|result| result.tidings_found_source),
        count(|result| result.postgres_found_source),
        total(|result| result.tidings_total),
        total(|result| result.postgres_total),
    );
}

fn format_ms(time: Duration) -> String {
    format!("{:.2} ms", millis(time))
}
