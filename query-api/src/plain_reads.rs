//! Plain cases of the queries that clients make most often. Each has a small statement of its own:
//! Postgres spends most of the time of a large statement on setting up parts that a plain case does
//! not need.
//!
//! The small statement decides itself, in its own snapshot, whether the case is plain. If not, the
//! statement for all cases answers. Both give the same answers, so nothing depends on which one it
//! was; the metric says how often it was which.

use metrics::counter;

/// Counts an answer to a query: by the statement for plain cases, or else by that for all.
pub fn count_answer(query: &'static str, is_plain: bool) {
    let answer = if is_plain { "plain" } else { "general" };
    counter!("tidings_plain_reads_total", "query" => query, "answer" => answer).increment(1);
}
