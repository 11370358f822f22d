//! What became of the lines, and saying so.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use super::chunks::Chunk;
use super::post::{Answer, Status};
use super::repeats::Digest;

/// Reasons that are kept; lines beyond are only counted.
const KEPT_REASONS: usize = 10_000;
/// Reasons that a person is shown.
const SHOWN_REASONS: usize = 100;

/// What became of the lines so far.
#[derive(Debug, Default)]
pub struct Tally {
    imported: u64,
    known: u64,
    skipped: u64,
    conversations: HashSet<Digest>,
    users: HashSet<Digest>,
    rejected: Vec<Rejected>,
    unmapped: BTreeMap<String, u64>,
}

/// A line that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// Its number, counted from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
}

/// The whole, as `--json` prints it.
#[derive(Serialize)]
struct Report<'a> {
    messages: u64,
    conversations: usize,
    users: usize,
    skipped: u64,
    already_present: u64,
    rejected: &'a [Rejected],
    seconds: f64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    not_taken_over: &'a BTreeMap<String, u64>,
}

impl Tally {
    /// Messages that are in the system because of this import.
    pub fn messages(&self) -> u64 {
        self.imported
    }

    /// A line that could not be taken.
    pub fn reject(&mut self, line: u64, reason: String) {
        self.skipped += 1;
        if self.rejected.len() < KEPT_REASONS {
            self.rejected.push(Rejected { line, reason });
        }
    }

    /// What the export has and a message here has not, and how often.
    pub fn not_taken_over(&mut self, unmapped: BTreeMap<String, u64>) {
        self.unmapped = unmapped;
    }

    /// The answers to a chunk.
    pub fn count(&mut self, chunk: &Chunk, answers: &[Answer]) -> Result<()> {
        anyhow::ensure!(
            answers.len() == chunk.members.len(),
            "an answer for each line was expected"
        );
        for (answer, (line, conversation, sender)) in answers.iter().zip(&chunk.members) {
            match answer.status {
                Status::Imported => self.imported += 1,
                Status::Known => self.known += 1,
                Status::Rejected => {
                    let reason = answer
                        .reason
                        .clone()
                        .unwrap_or_else(|| "was rejected".into());
                    self.reject(*line, reason);
                    continue;
                }
            }
            self.conversations.insert(*conversation);
            self.users.insert(*sender);
        }
        Ok(())
    }

    /// Prints the whole on standard output.
    pub fn print(&mut self, json: bool, took: Duration) -> Result<()> {
        // A line that was refused here may stand in front of one that the system refused.
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
            not_taken_over: &self.unmapped,
        }
    }

    fn text(&self, took: Duration) -> String {
        use std::fmt::Write as _;
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{} messages in {} conversations by {} users in {:.1} seconds; {} were there already, {} skipped",
            self.imported,
            self.conversations.len(),
            self.users.len(),
            took.as_secs_f64(),
            self.known,
            self.skipped,
        );
        for (what, times) in &self.unmapped {
            let _ = writeln!(text, "not taken over: {times} {what}");
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

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(line: u64, status: Status) -> Answer {
        Answer {
            line,
            status,
            reason: Some("because".into()),
        }
    }

    fn example() -> Tally {
        let mut tally = Tally::default();
        let digest = |text: &str| Digest::of(&[text]);
        let members = vec![
            (1, digest("a"), digest("ann")),
            (2, digest("a"), digest("bob")),
            (4, digest("b"), digest("eve")),
        ];
        let chunk = Chunk {
            members,
            ..Chunk::default()
        };
        tally.reject(3, "is not UTF-8".into());
        let answers = [
            answer(1, Status::Imported),
            answer(2, Status::Known),
            answer(4, Status::Rejected),
        ];
        tally.count(&chunk, &answers).expect("fits");
        tally
    }

    #[test]
    fn json_is_one_object() {
        let tally = example();
        let json =
            serde_json::to_value(tally.report(Duration::from_millis(1500))).expect("serialises");
        assert_eq!(
            json,
            serde_json::json!({
                "messages": 1, "conversations": 1, "users": 2, "skipped": 2, "already_present": 1, "seconds": 1.5,
                "rejected": [{"line": 3, "reason": "is not UTF-8"}, {"line": 4, "reason": "because"}],
            })
        );
    }

    #[test]
    fn people_see_a_bounded_list() {
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
