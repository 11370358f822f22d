//! The summary of an import: counts the results of the lines.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::chunks::ImportChunk;
use crate::duplicates::TextDigest;
use crate::import_client::{LineReply, LineStatus};

/// The maximum number of rejected lines that are recorded with a reason; more are only counted.
const MAX_RECORDED_REASONS: usize = 10_000;
/// The maximum number of rejected lines that the text output lists.
const MAX_SHOWN_REASONS: usize = 100;
/// The description of reactions that the system dropped.
const DROPPED_REACTIONS: &str = "reactions beyond the limit of different ones on a message";

/// The results of the lines so far.
#[derive(Debug, Default)]
pub struct ImportSummary {
    imported: u64,
    already_present: u64,
    skipped: u64,
    conversations: HashSet<TextDigest>,
    users: HashSet<TextDigest>,
    rejected: Vec<RejectedLine>,
    member_lines: u64,
    unsupported: BTreeMap<String, u64>,
}

/// A line that was rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RejectedLine {
    /// The line number, counted from 1.
    pub line: u64,
    /// The reason for the rejection.
    pub reason: String,
}

/// The summary in the format of `--json`.
#[derive(Serialize)]
struct ImportReport<'a> {
    messages: u64,
    conversations: usize,
    users: usize,
    skipped: u64,
    already_present: u64,
    rejected: &'a [RejectedLine],
    seconds: f64,
    #[serde(skip_serializing_if = "is_zero")]
    lines_of_members: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    not_taken_over: &'a BTreeMap<String, u64>,
}

impl ImportSummary {
    /// The number of messages that this import added.
    pub fn imported_messages(&self) -> u64 {
        self.imported
    }

    /// Records a rejected line.
    pub fn reject(&mut self, line: u64, reason: String) {
        self.skipped += 1;
        if self.rejected.len() < MAX_RECORDED_REASONS {
            self.rejected.push(RejectedLine { line, reason });
        }
    }

    /// Adds the items that the import does not support, with their counts.
    pub fn add_unsupported(&mut self, unmapped: BTreeMap<String, u64>) {
        for (what, times) in unmapped {
            *self.unsupported.entry(what).or_default() += times;
        }
    }

    /// Records the replies to a chunk.
    pub fn record_replies(&mut self, chunk: &ImportChunk, answers: &[LineReply]) -> Result<()> {
        anyhow::ensure!(
            answers.len() == chunk.lines.len(),
            "expected one reply for each line"
        );
        for (answer, counted) in answers.iter().zip(&chunk.lines) {
            match (answer.status, counted.sender) {
                (LineStatus::Imported, Some(_)) => self.imported += 1,
                (LineStatus::Known, Some(_)) => self.already_present += 1,
                (LineStatus::Imported, None) => self.member_lines += 1,
                (LineStatus::Known, None) => {}
                (LineStatus::Rejected, _) => {
                    let reason = answer
                        .reason
                        .clone()
                        .unwrap_or_else(|| "was rejected".into());
                    self.reject(counted.line, reason);
                    continue;
                }
            }
            if answer.reactions_dropped > 0 {
                *self
                    .unsupported
                    .entry(DROPPED_REACTIONS.into())
                    .or_default() += answer.reactions_dropped;
            }
            self.conversations.insert(counted.conversation);
            self.users.extend(counted.sender);
        }
        Ok(())
    }

    /// Sorts the rejected lines: those rejected locally and those rejected by the system arrive in
    /// different orders.
    pub fn sort_rejected(&mut self) {
        self.rejected.sort_by_key(|rejected| rejected.line);
    }

    /// The summary as one JSON object.
    pub fn to_json(&self, took: Duration) -> serde_json::Result<String> {
        serde_json::to_string(&self.to_report(took))
    }

    fn to_report(&self, took: Duration) -> ImportReport<'_> {
        ImportReport {
            messages: self.imported,
            conversations: self.conversations.len(),
            users: self.users.len(),
            skipped: self.skipped,
            already_present: self.already_present,
            rejected: &self.rejected,
            seconds: (took.as_secs_f64() * 1000.0).round() / 1000.0,
            lines_of_members: self.member_lines,
            not_taken_over: &self.unsupported,
        }
    }

    /// The summary as text, with line endings.
    pub fn to_text(&self, took: Duration) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{} messages in {} conversations by {} users in {:.1} seconds; {} already present, {} skipped",
            self.imported,
            self.conversations.len(),
            self.users.len(),
            took.as_secs_f64(),
            self.already_present,
            self.skipped,
        );
        if self.member_lines > 0 {
            let _ = writeln!(text, "{} lines of members", self.member_lines);
        }
        for (what, times) in &self.unsupported {
            let _ = writeln!(text, "not imported: {times} {what}");
        }
        for rejected in self.rejected.iter().take(MAX_SHOWN_REASONS) {
            let _ = writeln!(text, "line {}: {}", rejected.line, rejected.reason);
        }
        if self.skipped > MAX_SHOWN_REASONS as u64 {
            let _ = writeln!(
                text,
                "... and {} more; --json lists up to {MAX_RECORDED_REASONS}",
                self.skipped - MAX_SHOWN_REASONS as u64
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
    use crate::chunks::PendingLine;

    fn line_reply(line: u64, status: LineStatus) -> LineReply {
        LineReply {
            line,
            status,
            reason: Some("because".into()),
            reactions_dropped: 0,
        }
    }

    fn example() -> ImportSummary {
        let mut tally = ImportSummary::default();
        let counted = |line, conversation: &str, sender: Option<&str>| PendingLine {
            line,
            conversation: TextDigest::from_parts(&[conversation]),
            sender: sender.map(|sender| TextDigest::from_parts(&[sender])),
        };
        let lines = vec![
            counted(1, "a", Some("ann")),
            counted(2, "a", Some("bob")),
            counted(4, "b", Some("eve")),
            counted(5, "a", None),
            counted(6, "a", None),
        ];
        let chunk = ImportChunk {
            lines,
            ..ImportChunk::default()
        };
        tally.reject(3, "is not UTF-8".into());
        let answers = [
            LineReply {
                reactions_dropped: 2,
                ..line_reply(1, LineStatus::Imported)
            },
            line_reply(2, LineStatus::Known),
            line_reply(4, LineStatus::Rejected),
            line_reply(5, LineStatus::Imported),
            line_reply(6, LineStatus::Known),
        ];
        tally
            .record_replies(&chunk, &answers)
            .expect("replies match the chunk");
        tally.add_unsupported(BTreeMap::from([("files".to_owned(), 1)]));
        tally
    }

    #[test]
    fn json_output_is_one_object() {
        let tally = example();
        let json =
            serde_json::to_value(tally.to_report(Duration::from_millis(1500))).expect("serialises");
        assert_eq!(
            json,
            serde_json::json!({
                "messages": 1, "conversations": 1, "users": 2, "skipped": 2, "already_present": 1, "seconds": 1.5,
                "lines_of_members": 1, "not_taken_over": {"files": 1, DROPPED_REACTIONS: 2},
                "rejected": [{"line": 3, "reason": "is not UTF-8"}, {"line": 4, "reason": "because"}],
            })
        );
    }

    #[test]
    fn text_output_is_bounded() {
        let mut tally = ImportSummary::default();
        (0..MAX_RECORDED_REASONS as u64 + 5).for_each(|line| tally.reject(line, "empty".into()));
        let text = tally.to_text(Duration::ZERO);
        assert_eq!(text.lines().count(), 1 + MAX_SHOWN_REASONS + 1);
        assert!(
            text.contains(&format!(
                "and {} more",
                MAX_RECORDED_REASONS + 5 - MAX_SHOWN_REASONS
            )),
            "{text}"
        );
        assert_eq!(tally.rejected.len(), MAX_RECORDED_REASONS);
    }
}
