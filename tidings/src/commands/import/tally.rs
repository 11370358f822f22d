//! The summary of an import: counts the results of the lines and prints them.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use super::chunks::Chunk;
use super::post::{Answer, Status};
use super::repeats::Digest;

/// The maximum number of rejected lines that are recorded with a reason; more are only counted.
const KEPT_REASONS: usize = 10_000;
/// The maximum number of rejected lines that the text output lists.
const SHOWN_REASONS: usize = 100;
/// The description of reactions that the system dropped.
const TOO_MANY_KEYS: &str = "reactions beyond the limit of different ones on a message";

/// The results of the lines so far.
#[derive(Debug, Default)]
pub struct Tally {
    imported: u64,
    known: u64,
    skipped: u64,
    conversations: HashSet<Digest>,
    users: HashSet<Digest>,
    rejected: Vec<Rejected>,
    joins: u64,
    unmapped: BTreeMap<String, u64>,
}

/// A line that was rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// The line number, counted from 1.
    pub line: u64,
    /// The reason for the rejection.
    pub reason: String,
}

/// The summary in the format of `--json`.
#[derive(Serialize)]
struct Report<'a> {
    messages: u64,
    conversations: usize,
    users: usize,
    skipped: u64,
    already_present: u64,
    rejected: &'a [Rejected],
    seconds: f64,
    #[serde(skip_serializing_if = "is_zero")]
    lines_of_members: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    not_taken_over: &'a BTreeMap<String, u64>,
}

impl Tally {
    /// The number of messages that this import added.
    pub fn messages(&self) -> u64 {
        self.imported
    }

    /// Records a rejected line.
    pub fn reject(&mut self, line: u64, reason: String) {
        self.skipped += 1;
        if self.rejected.len() < KEPT_REASONS {
            self.rejected.push(Rejected { line, reason });
        }
    }

    /// Adds the items that the import does not support, with their counts.
    pub fn not_taken_over(&mut self, unmapped: BTreeMap<String, u64>) {
        for (what, times) in unmapped {
            *self.unmapped.entry(what).or_default() += times;
        }
    }

    /// Records the replies to a chunk.
    pub fn count(&mut self, chunk: &Chunk, answers: &[Answer]) -> Result<()> {
        anyhow::ensure!(
            answers.len() == chunk.lines.len(),
            "expected one reply for each line"
        );
        for (answer, counted) in answers.iter().zip(&chunk.lines) {
            match (answer.status, counted.sender) {
                (Status::Imported, Some(_)) => self.imported += 1,
                (Status::Known, Some(_)) => self.known += 1,
                (Status::Imported, None) => self.joins += 1,
                (Status::Known, None) => {}
                (Status::Rejected, _) => {
                    let reason = answer
                        .reason
                        .clone()
                        .unwrap_or_else(|| "was rejected".into());
                    self.reject(counted.line, reason);
                    continue;
                }
            }
            if answer.reactions_dropped > 0 {
                *self.unmapped.entry(TOO_MANY_KEYS.into()).or_default() += answer.reactions_dropped;
            }
            self.conversations.insert(counted.conversation);
            self.users.extend(counted.sender);
        }
        Ok(())
    }

    /// Prints the summary on standard output.
    pub fn print(&mut self, json: bool, took: Duration) -> Result<()> {
        // Lines rejected locally and lines rejected by the system arrive in different orders.
        self.rejected.sort_by_key(|rejected| rejected.line);
        if json {
            println!("{}", serde_json::to_string(&self.report(took))?);
        } else {
            print!("{}", self.text(took));
        }
        Ok(())
    }

    fn report(&self, took: Duration) -> Report<'_> {
        Report {
            messages: self.imported,
            conversations: self.conversations.len(),
            users: self.users.len(),
            skipped: self.skipped,
            already_present: self.known,
            rejected: &self.rejected,
            seconds: (took.as_secs_f64() * 1000.0).round() / 1000.0,
            lines_of_members: self.joins,
            not_taken_over: &self.unmapped,
        }
    }

    fn text(&self, took: Duration) -> String {
        use std::fmt::Write as _;
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{} messages in {} conversations by {} users in {:.1} seconds; {} already present, {} skipped",
            self.imported,
            self.conversations.len(),
            self.users.len(),
            took.as_secs_f64(),
            self.known,
            self.skipped,
        );
        if self.joins > 0 {
            let _ = writeln!(text, "{} lines of members", self.joins);
        }
        for (what, times) in &self.unmapped {
            let _ = writeln!(text, "not imported: {times} {what}");
        }
        for rejected in self.rejected.iter().take(SHOWN_REASONS) {
            let _ = writeln!(text, "line {}: {}", rejected.line, rejected.reason);
        }
        if self.skipped > SHOWN_REASONS as u64 {
            let _ = writeln!(
                text,
                "... and {} more; --json lists up to {KEPT_REASONS}",
                self.skipped - SHOWN_REASONS as u64
            );
        }
        text
    }
}

// serde requires a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::import::chunks::Counted;

    fn answer(line: u64, status: Status) -> Answer {
        Answer {
            line,
            status,
            reason: Some("because".into()),
            reactions_dropped: 0,
        }
    }

    fn example() -> Tally {
        let mut tally = Tally::default();
        let counted = |line, conversation: &str, sender: Option<&str>| Counted {
            line,
            conversation: Digest::of(&[conversation]),
            sender: sender.map(|sender| Digest::of(&[sender])),
        };
        let lines = vec![
            counted(1, "a", Some("ann")),
            counted(2, "a", Some("bob")),
            counted(4, "b", Some("eve")),
            counted(5, "a", None),
            counted(6, "a", None),
        ];
        let chunk = Chunk {
            lines,
            ..Chunk::default()
        };
        tally.reject(3, "is not UTF-8".into());
        let answers = [
            Answer {
                reactions_dropped: 2,
                ..answer(1, Status::Imported)
            },
            answer(2, Status::Known),
            answer(4, Status::Rejected),
            answer(5, Status::Imported),
            answer(6, Status::Known),
        ];
        tally
            .count(&chunk, &answers)
            .expect("replies match the chunk");
        tally.not_taken_over(BTreeMap::from([("files".to_owned(), 1)]));
        tally
    }

    #[test]
    fn json_output_is_one_object() {
        let tally = example();
        let json =
            serde_json::to_value(tally.report(Duration::from_millis(1500))).expect("serialises");
        assert_eq!(
            json,
            serde_json::json!({
                "messages": 1, "conversations": 1, "users": 2, "skipped": 2, "already_present": 1, "seconds": 1.5,
                "lines_of_members": 1, "not_taken_over": {"files": 1, TOO_MANY_KEYS: 2},
                "rejected": [{"line": 3, "reason": "is not UTF-8"}, {"line": 4, "reason": "because"}],
            })
        );
    }

    #[test]
    fn text_output_is_bounded() {
        let mut tally = Tally::default();
        (0..KEPT_REASONS as u64 + 5).for_each(|line| tally.reject(line, "empty".into()));
        let text = tally.text(Duration::ZERO);
        assert_eq!(text.lines().count(), 1 + SHOWN_REASONS + 1);
        assert!(
            text.contains(&format!("and {} more", KEPT_REASONS + 5 - SHOWN_REASONS)),
            "{text}"
        );
        assert_eq!(tally.rejected.len(), KEPT_REASONS);
    }
}
