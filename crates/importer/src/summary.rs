//! The summary of an import: counts the results of the lines.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::chunks::{ImportChunk, WantedConversation};
use crate::duplicates::TextDigest;
use crate::import_client::{LineReply, LineStatus};
use crate::input::ImportInput;
use crate::rejected::RejectedRecord;

/// What the ids of direct conversations start with.
const DIRECT_ID_PREFIX: &str = "d_";
/// The maximum number of rejected records that are recorded with a reason; more are only counted.
const MAX_RECORDED_REASONS: usize = 10_000;
/// The maximum number of rejected records, and of other ids, that the text output lists.
const MAX_SHOWN: usize = 100;
/// The maximum number of conversations with another id that are recorded.
const MAX_RECORDED_IDS: usize = 10_000;
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
    rejected: Vec<RejectedRecord>,
    other_ids: BTreeMap<String, BTreeSet<String>>,
    member_lines: u64,
    unsupported: BTreeMap<String, u64>,
    notes: Vec<String>,
}

/// The summary in the format of `--json`.
#[derive(Serialize)]
struct ImportReport<'a> {
    messages: u64,
    conversations: usize,
    users: usize,
    skipped: u64,
    already_present: u64,
    rejected: &'a [RejectedRecord],
    seconds: f64,
    #[serde(skip_serializing_if = "is_zero")]
    lines_of_members: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    not_taken_over: &'a BTreeMap<String, u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    other_ids: &'a BTreeMap<String, BTreeSet<String>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'a [String],
}

impl ImportSummary {
    /// The number of messages that this import added.
    pub fn imported_messages(&self) -> u64 {
        self.imported
    }

    /// The number of records that could not be imported.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Records a rejected record.
    pub fn reject(&mut self, rejected: RejectedRecord) {
        self.skipped += 1;
        if self.rejected.len() < MAX_RECORDED_REASONS {
            self.rejected.push(rejected);
        }
    }

    /// Adds what the input knows of itself: the items that the import does not support, with their
    /// counts, and remarks about the input as a whole.
    pub fn add_input(&mut self, input: &ImportInput) {
        for (what, times) in input.unsupported() {
            *self.unsupported.entry(what).or_default() += times;
        }
        self.notes.extend(input.notes());
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
                    let reason = answer.reason.as_deref().unwrap_or("was rejected");
                    let (file, place) = (&counted.file, &counted.place);
                    let rejected =
                        RejectedRecord::new(counted.line, file, place, reason.to_owned());
                    self.reject(rejected);
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
            self.record_id(&counted.wanted, answer.conversation_id.as_deref());
        }
        Ok(())
    }

    /// Records the id of a conversation that did not get the id that it should have.
    fn record_id(&mut self, wanted: &WantedConversation, id: Option<&str>) {
        let Some(id) = id else { return };
        let is_wanted = match &wanted.id {
            Some(wanted) => wanted == id,
            None => id.starts_with(DIRECT_ID_PREFIX),
        };
        if !is_wanted && self.other_ids.len() < MAX_RECORDED_IDS {
            let ids = self.other_ids.entry(wanted.name.clone()).or_default();
            ids.insert(id.to_owned());
        }
    }

    /// Sorts the rejected records: those rejected locally and those rejected by the system arrive
    /// in different orders.
    pub fn sort_rejected(&mut self) {
        self.rejected.sort_by_key(|rejected| rejected.number);
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
            other_ids: &self.other_ids,
            notes: &self.notes,
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
        for note in &self.notes {
            let _ = writeln!(text, "note: {note}");
        }
        for (what, times) in &self.unsupported {
            let _ = writeln!(text, "not imported: {times} {what}");
        }
        for (name, ids) in self.other_ids.iter().take(MAX_SHOWN) {
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let _ = writeln!(text, "{name:?} has another id: {}", ids.join(", "));
        }
        for rejected in self.rejected.iter().take(MAX_SHOWN) {
            let RejectedRecord {
                file,
                place,
                reason,
                ..
            } = rejected;
            let _ = writeln!(text, "{file}, {place}: {reason}");
        }
        if self.skipped > MAX_SHOWN as u64 {
            let _ = writeln!(
                text,
                "... and {} more; --json lists up to {MAX_RECORDED_REASONS}",
                self.skipped - MAX_SHOWN as u64
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
    use crate::record::RecordPlace;

    fn rejected(number: u64, place: &RecordPlace, reason: &str) -> RejectedRecord {
        RejectedRecord::new(number, &"chat.jsonl".into(), place, reason.into())
    }

    fn line_reply(line: u64, status: LineStatus) -> LineReply {
        LineReply {
            line,
            status,
            conversation_id: Some("c_a".into()),
            reason: Some("because".into()),
            reactions_dropped: 0,
        }
    }

    fn example() -> ImportSummary {
        let mut tally = ImportSummary::default();
        let counted = |line, conversation: &str, sender: Option<&str>| PendingLine {
            line,
            file: "chat.jsonl".into(),
            place: RecordPlace::Line(line),
            wanted: WantedConversation {
                name: conversation.into(),
                id: Some("c_a".into()).filter(|_| conversation == "a"),
            },
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
        tally.reject(rejected(
            3,
            &RecordPlace::Part("message 1".into()),
            "is not UTF-8",
        ));
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
        tally.unsupported.insert("files".to_owned(), 1);
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
                "rejected": [
                    {"file": "chat.jsonl", "place": "message 1", "reason": "is not UTF-8"},
                    {"file": "chat.jsonl", "line": 4, "place": "line 4", "reason": "because"},
                ],
            })
        );
    }

    #[test]
    fn text_output_is_bounded() {
        let mut tally = ImportSummary::default();
        (0..MAX_RECORDED_REASONS as u64 + 5)
            .for_each(|line| tally.reject(rejected(line, &RecordPlace::Line(line), "empty")));
        let text = tally.to_text(Duration::ZERO);
        assert_eq!(text.lines().count(), 1 + MAX_SHOWN + 1);
        assert!(
            text.contains(&format!(
                "and {} more",
                MAX_RECORDED_REASONS + 5 - MAX_SHOWN
            )),
            "{text}"
        );
        assert_eq!(tally.rejected.len(), MAX_RECORDED_REASONS);
    }

    #[test]
    fn conversations_with_another_id_are_listed() {
        let mut tally = ImportSummary::default();
        let wanted = |id: Option<&str>| WantedConversation {
            name: "general".into(),
            id: id.map(str::to_owned),
        };
        tally.record_id(&wanted(Some("general")), Some("general"));
        tally.record_id(&wanted(None), Some("d_1"));
        assert!(tally.other_ids.is_empty());
        tally.record_id(&wanted(Some("general")), Some("c_1"));
        tally.record_id(&wanted(None), Some("c_2"));
        let text = tally.to_text(Duration::ZERO);
        assert!(
            text.contains("\"general\" has another id: c_1, c_2"),
            "{text}"
        );
    }
}
