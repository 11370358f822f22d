//! Determines which lines of a conversation are new, and the outcome of each line.

use std::collections::HashMap;

use domain::conversation::command::{ImportItem, ReplyTarget};
use domain::ids::ConversationId;
use event_log::{Receipt, ReceiptKey};
use serde::{Deserialize, Serialize};

use super::line::ParsedImportLine;
use super::outcome::{ImportedLine, LineOutcome};

/// The response stored in the receipt of a line.
#[derive(Serialize, Deserialize)]
pub(super) struct ImportReceipt {
    pub(super) conversation_id: ConversationId,
    /// The seq of the message; `None` for a line of members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) seq: Option<i64>,
}

/// How a line relates to the log and to the other lines.
#[derive(Debug, PartialEq, Eq)]
enum LineState {
    /// Imported by an earlier request.
    Known(ImportedLine),
    /// New: the index among the new lines.
    New(usize),
    /// Has the same key as the new line with this index.
    Duplicate(usize),
}

/// The plan for importing the lines of one conversation.
pub(super) struct LinePlan<'a> {
    states: Vec<LineState>,
    /// The new lines, in order.
    pub(super) new_lines: Vec<&'a ParsedImportLine>,
    reply_targets: Vec<Option<ReplyTarget>>,
}

impl<'a> LinePlan<'a> {
    /// Plans the import of these lines. `known` contains the receipts of the lines and of the
    /// messages they reply to.
    pub(super) fn new(lines: &'a [ParsedImportLine], known: &HashMap<ReceiptKey, Receipt>) -> Self {
        let mut plan = Self {
            states: Vec::new(),
            new_lines: Vec::new(),
            reply_targets: Vec::new(),
        };
        let mut indices = HashMap::new();
        for line in lines {
            let state = if let Some(taken) = find_imported(known, line.key) {
                LineState::Known(taken)
            } else if let Some(index) = indices.get(&line.key) {
                LineState::Duplicate(*index)
            } else {
                let index = plan.new_lines.len();
                let reply = line.reply_to.and_then(|key| {
                    let earlier = indices.get(&key).map(|index| ReplyTarget::Index(*index));
                    earlier.or_else(|| find_imported(known, key)?.seq.map(ReplyTarget::Seq))
                });
                plan.new_lines.push(line);
                plan.reply_targets.push(reply);
                indices.insert(line.key, index);
                LineState::New(index)
            };
            plan.states.push(state);
        }
        plan
    }

    /// The new lines as input for the import command.
    pub(super) fn to_imported(&self) -> Vec<ImportItem> {
        let imported = |(line, reply_to): (&&ParsedImportLine, &Option<ReplyTarget>)| match line
            .payload
            .clone()
        {
            ImportItem::Message(mut message) => {
                message.reply_to = *reply_to;
                ImportItem::Message(message)
            }
            joined @ ImportItem::Members(_) => joined,
        };
        self.new_lines
            .iter()
            .zip(&self.reply_targets)
            .map(imported)
            .collect()
    }

    /// The outcome of every line. `outcome_of_new` returns the outcome of the nth new line.
    pub(super) fn outcomes(
        &self,
        outcome_of_new: impl Fn(usize) -> LineOutcome,
    ) -> Vec<LineOutcome> {
        let outcome = |state: &LineState| match state {
            LineState::Known(taken) => LineOutcome::Known(*taken),
            LineState::New(index) => outcome_of_new(*index),
            LineState::Duplicate(index) => match outcome_of_new(*index) {
                LineOutcome::Imported(taken) => LineOutcome::Known(ImportedLine {
                    dropped_reactions: 0,
                    ..taken
                }),
                other => other,
            },
        };
        self.states.iter().map(outcome).collect()
    }
}

/// What an earlier request imported under this key. Dropped reactions are reported only by the
/// request that imported the line, so they are 0 here.
fn find_imported(known: &HashMap<ReceiptKey, Receipt>, key: ReceiptKey) -> Option<ImportedLine> {
    let taken_in: ImportReceipt = serde_json::from_slice(&known.get(&key)?.answer).ok()?;
    Some(ImportedLine {
        seq: taken_in.seq,
        dropped_reactions: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::import::line::parse;
    use domain::limits::Limits;

    fn line(id: &str, reply_to: Option<&str>) -> ParsedImportLine {
        let json = serde_json::json!({"line": 1, "conversation": "c", "id": id, "sender": "ann",
            "sent_at": "2020-01-01T00:00:00Z", "text": "hello", "reply_to": reply_to});
        parse(0, json.to_string().as_bytes(), &Limits::default())
            .1
            .expect("a valid line")
    }

    fn receipt(seq: i64) -> Receipt {
        let answer = serde_json::json!({"conversation_id": "c", "seq": seq}).to_string();
        Receipt {
            fingerprint: 0,
            position: 0,
            answer: answer.into_bytes(),
        }
    }

    #[test]
    fn lines_are_new_known_or_repeated() {
        let lines = [line("a", None), line("b", None), line("b", None)];
        let known = HashMap::from([(lines[0].key, receipt(7))]);
        let plan = LinePlan::new(&lines, &known);
        let at = |seq, dropped| ImportedLine {
            seq: Some(seq),
            dropped_reactions: dropped,
        };
        assert_eq!(
            plan.states,
            [
                LineState::Known(at(7, 0)),
                LineState::New(0),
                LineState::Duplicate(0)
            ]
        );
        let verdicts = plan.outcomes(|_| LineOutcome::Imported(at(8, 2)));
        assert_eq!(
            verdicts,
            [
                LineOutcome::Known(at(7, 0)),
                LineOutcome::Imported(at(8, 2)),
                LineOutcome::Known(at(8, 0))
            ]
        );
    }

    #[test]
    fn replies_refer_to_earlier_lines_or_to_the_log() {
        let lines = [
            line("a", Some("later")),
            line("b", Some("a")),
            line("c", Some("old")),
            line("d", Some("d")),
            line("later", Some("nowhere")),
        ];
        let known = HashMap::from([(line("old", None).key, receipt(3))]);
        let plan = LinePlan::new(&lines, &known);
        let replies = [
            None,
            Some(ReplyTarget::Index(0)),
            Some(ReplyTarget::Seq(3)),
            None,
            None,
        ];
        assert_eq!(plan.reply_targets, replies);
    }
}
