//! The tables, ready for BENCHMARKS.md.

use std::time::Duration;

use crate::messages::Messages;
use crate::ours::Ours;
use crate::queries::{KINDS, Question};

/// One question and its answers.
pub struct Row {
    kind: usize,
    text: String,
    member_of: usize,
    /// How long the index took.
    pub ours: Duration,
    /// How long Postgres took.
    pub theirs: Duration,
    /// How many the index found.
    pub ours_total: usize,
    /// How many Postgres found.
    pub theirs_total: usize,
    /// Whether the index found the known message.
    pub ours_known: bool,
    /// Whether Postgres did.
    pub theirs_known: bool,
}

impl Row {
    /// Without answers yet.
    pub fn of(question: &Question) -> Self {
        Self {
            kind: question.kind,
            text: question.text.clone(),
            member_of: question.member_of.len(),
            ours: Duration::ZERO,
            theirs: Duration::ZERO,
            ours_total: 0,
            theirs_total: 0,
            ours_known: false,
            theirs_known: false,
        }
    }
}

/// How the index was made.
pub fn index(messages: &Messages, ours: &Ours) {
    let count = messages.all.len();
    println!(
        "\n### {count} messages, {} conversations, {:.1} MB of text\n",
        messages.conversations,
        messages.bytes as f64 / 1e6
    );
    println!(
        "Indexed in {:.1} s, {:.0} messages a second on one thread; the index is {:.1} MB, {:.2} times the text.\n",
        ours.took.as_secs_f64(),
        count as f64 / ours.took.as_secs_f64(),
        ours.size as f64 / 1e6,
        ours.size as f64 / messages.bytes as f64
    );
}

/// Times and recall of every kind, and of all.
pub fn answers(rows: &[Row], has_theirs: bool) {
    println!(
        "| kind | questions | p50 | p99 | most | Postgres p50 | p99 | times faster: p50 | p99 | found of known | Postgres | hits | Postgres |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    for (kind, (name, _)) in KINDS.iter().enumerate() {
        let of_kind: Vec<&Row> = rows.iter().filter(|row| row.kind == kind).collect();
        line(name, &of_kind);
    }
    line("**all**", &rows.iter().collect::<Vec<_>>());
    let mut slowest: Vec<&Row> = rows.iter().collect();
    slowest.sort_by_key(|row| std::cmp::Reverse(row.ours));
    println!("\nSlowest:");
    for row in slowest.iter().take(5) {
        println!(
            "- `{}` in {} conversations: {} of {} hits (Postgres: {})",
            row.text,
            row.member_of,
            ms(row.ours),
            row.ours_total,
            ms(row.theirs)
        );
    }
    for row in rows.iter().filter(|row| !row.ours_known) {
        println!("- not found: `{}`", row.text);
    }
    if has_theirs {
        let fewer = rows.iter().filter(|row| row.ours_total < row.theirs_total);
        for row in fewer.take(10) {
            println!(
                "- fewer: `{}`: {} of {}",
                row.text, row.ours_total, row.theirs_total
            );
        }
    }
}

/// Junk, the slowest first.
pub fn junk(times: &[(String, Duration)]) {
    let mut times: Vec<_> = times.iter().collect();
    times.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
    println!("\nJunk, over everything there is:");
    for (kind, time) in times.iter().take(6) {
        println!("- `{kind}`, again and again: {}", ms(*time));
    }
}

/// From the send to the hit.
pub fn live(rate: f64, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |of_100: usize| {
        times
            .get(times.len() * of_100 / 100)
            .copied()
            .unwrap_or_default()
    };
    println!(
        "At {rate:.0} sends a second a message is found {} after its acknowledgement (median), 95 of 100 within {}.",
        ms(at(50)),
        ms(at(95))
    );
}

fn line(name: &str, rows: &[&Row]) {
    let times = |of: fn(&Row) -> Duration| {
        let mut times: Vec<Duration> = rows.iter().map(|row| of(row)).collect();
        times.sort_unstable();
        let at = |of_100: usize| {
            let at = (times.len() * of_100 / 100).min(times.len().saturating_sub(1));
            times.get(at).copied().unwrap_or_default()
        };
        [at(50), at(99), at(100)]
    };
    let ([p50, p99, most], [their_p50, their_p99, _]) =
        (times(|it| it.ours), times(|it| it.theirs));
    let ratio = |theirs: Duration, ours: Duration| theirs.as_secs_f64() / ours.as_secs_f64();
    let known = |of: fn(&Row) -> bool| rows.iter().filter(|row| of(row)).count();
    let total = |of: fn(&Row) -> usize| rows.iter().map(|row| of(row)).sum::<usize>();
    println!(
        "| {name} | {} | {} | {} | {} | {} | {} | {:.1} | {:.1} | {} | {} | {} | {} |",
        rows.len(),
        ms(p50),
        ms(p99),
        ms(most),
        ms(their_p50),
        ms(their_p99),
        ratio(their_p50, p50),
        ratio(their_p99, p99),
        known(|row| row.ours_known),
        known(|row| row.theirs_known),
        total(|row| row.ours_total),
        total(|row| row.theirs_total),
    );
}

fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}
