//! Determines which lines of a conversation are new, and the outcome of each line.

use std::collections::HashMap;

use domain::conversation::command::{ImportItem, ReplyTarget};
use domain::ids::ConversationId;
use event_log::{Receipt, ReceiptKey};
use serde::{Deserialize, Serialize};

use super::line::ParsedImportLine;
use super::outcome::{ImportedLine, LineOutcome};

/// The response stored in the receipt of a line, and in that of the import that made a
/// conversation.
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
    /// New, and its sender cannot use its file, for this reason.
    Refused(String),
}

/// A message to which a new line refers.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ReplySource {
    /// The new line with this index.
    New(usize),
    /// A line that an earlier request imported.
    Known(ImportedLine),
}

/// The plan for importing the lines of one conversation.
pub(super) struct LinePlan<'a> {
    states: Vec<LineState>,
    /// The new lines, in order.
    pub(super) new_lines: Vec<&'a ParsedImportLine>,
    replies: Vec<LineReferences>,
}

/// The messages that a new line refers to.
struct LineReferences {
    reply_to: Option<ReplySource>,
    thread: Option<ReplySource>,
}

impl<'a> LinePlan<'a> {
    /// Plans the import of these lines. `known` contains the receipts of the lines and of the
    /// messages they reply to.
    pub(super) fn new(lines: &'a [ParsedImportLine], known: &HashMap<ReceiptKey, Receipt>) -> Self {
        let mut plan = Self {
            states: Vec::new(),
            new_lines: Vec::new(),
            replies: Vec::new(),
        };
        let earlier = EarlierImport::new(lines, known);
        let mut indices = HashMap::new();
        for line in lines {
            let taken = find_imported(known, line.key).or_else(|| earlier.find(line));
            let state = if let Some(taken) = taken {
                LineState::Known(taken)
            } else if let Some(index) = indices.get(&line.key) {
                LineState::Duplicate(*index)
            } else if let Some(reason) = &line.file_refusal {
                LineState::Refused(reason.clone())
            } else {
                let index = plan.new_lines.len();
                let find = |key| {
                    let new = indices.get(&key).map(|index| ReplySource::New(*index));
                    new.or_else(|| find_imported(known, key).map(ReplySource::Known))
                };
                plan.replies.push(LineReferences {
                    reply_to: line.reply_to.and_then(find),
                    thread: line.thread.and_then(find),
                });
                plan.new_lines.push(line);
                indices.insert(line.key, index);
                LineState::New(index)
            };
            plan.states.push(state);
        }
        plan
    }

    /// The new lines as input for the import into `target`. A reply to a message of another
    /// conversation is dropped.
    pub(super) fn to_imported(&self, target: &ConversationId) -> Vec<ImportItem> {
        let resolve = |reply: &ReplySource| match reply {
            ReplySource::New(index) => Some(ReplyTarget::Index(*index)),
            ReplySource::Known(taken) if taken.conversation == *target => {
                taken.seq.map(ReplyTarget::Seq)
            }
            ReplySource::Known(_) => None,
        };
        let lines = self.new_lines.iter().zip(&self.replies);
        lines
            .map(|(line, reply)| match line.payload.clone() {
                ImportItem::Message(mut message) => {
                    message.reply_to = reply.reply_to.as_ref().and_then(resolve);
                    message.thread = reply.thread.as_ref().and_then(resolve);
                    ImportItem::Message(message)
                }
                joined @ ImportItem::Members { .. } => joined,
            })
            .collect()
    }

    /// The outcome of every line. `outcome_of_new` returns the outcome of the nth new line.
    pub(super) fn outcomes(
        &self,
        outcome_of_new: impl Fn(usize) -> LineOutcome,
    ) -> Vec<LineOutcome> {
        let outcome = |state: &LineState| match state {
            LineState::Known(taken) => LineOutcome::Known(taken.clone()),
            LineState::New(index) => outcome_of_new(*index),
            LineState::Refused(reason) => LineOutcome::Rejected(reason.clone()),
            LineState::Duplicate(index) => match outcome_of_new(*index) {
                LineOutcome::Imported(taken) => LineOutcome::Known(ImportedLine {
                    dropped_reactions: 0,
                    is_reply_dropped: false,
                    ..taken
                }),
                other => other,
            },
        };
        self.states.iter().map(outcome).collect()
    }
}

/// What an earlier release imported. It derived ids from names alone, so a key that is there may
/// belong to another export. Only a message with the same key and the same content proves that
/// these lines were imported; then the key is enough for the others, because what a release takes
/// from a message may differ.
struct EarlierImport<'a> {
    known: &'a HashMap<ReceiptKey, Receipt>,
    is_proven: bool,
}

impl<'a> EarlierImport<'a> {
    fn new(lines: &[ParsedImportLine], known: &'a HashMap<ReceiptKey, Receipt>) -> Self {
        let proves = |line: &ParsedImportLine| {
            let earlier = line.earlier.and_then(|key| known.get(&key));
            matches!(line.payload, ImportItem::Message(_))
                && earlier.is_some_and(|receipt| receipt.fingerprint == line.fingerprint)
        };
        Self {
            known,
            is_proven: lines.iter().any(proves),
        }
    }

    fn find(&self, line: &ParsedImportLine) -> Option<ImportedLine> {
        let key = line.earlier.filter(|_| self.is_proven)?;
        find_imported(self.known, key)
    }
}

/// What an earlier request imported under this key. What was dropped is reported only by the
/// request that imported the line, so it is nothing here.
fn find_imported(known: &HashMap<ReceiptKey, Receipt>, key: ReceiptKey) -> Option<ImportedLine> {
    let taken_in: ImportReceipt = serde_json::from_slice(&known.get(&key)?.answer).ok()?;
    Some(ImportedLine {
        conversation: taken_in.conversation_id,
        seq: taken_in.seq,
        dropped_reactions: 0,
        is_reply_dropped: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::import::line::parse;
    use domain::limits::Limits;

    fn parse_line(json: &serde_json::Value) -> ParsedImportLine {
        parse(0, json.to_string().as_bytes(), &Limits::default())
            .parsed
            .expect("a valid line")
    }

    fn line(id: &str, reply_to: Option<&str>) -> ParsedImportLine {
        parse_line(
            &serde_json::json!({"line": 1, "conversation": "c", "id": id, "sender": "ann",
            "sent_at": "2020-01-01T00:00:00Z", "text": "hello", "reply_to": reply_to}),
        )
    }

    fn receipt(conversation: &str, seq: i64, fingerprint: u128) -> Receipt {
        let answer = serde_json::json!({"conversation_id": conversation, "seq": seq}).to_string();
        Receipt {
            fingerprint,
            position: 0,
            answer: answer.into_bytes(),
        }
    }

    fn id(text: &str) -> ConversationId {
        ConversationId::parse(text).expect("an id")
    }

    fn at(conversation: &str, seq: i64, dropped: usize) -> ImportedLine {
        ImportedLine {
            conversation: id(conversation),
            seq: Some(seq),
            dropped_reactions: dropped,
            is_reply_dropped: false,
        }
    }

    #[test]
    fn lines_are_new_known_or_repeated() {
        let lines = [line("a", None), line("b", None), line("b", None)];
        let known = HashMap::from([(lines[0].key, receipt("c", 7, 0))]);
        let plan = LinePlan::new(&lines, &known);
        assert_eq!(
            plan.states,
            [
                LineState::Known(at("c", 7, 0)),
                LineState::New(0),
                LineState::Duplicate(0)
            ]
        );
        let verdicts = plan.outcomes(|_| LineOutcome::Imported(at("c", 8, 2)));
        assert_eq!(
            verdicts,
            [
                LineOutcome::Known(at("c", 7, 0)),
                LineOutcome::Imported(at("c", 8, 2)),
                LineOutcome::Known(at("c", 8, 0))
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
            line("e", Some("elsewhere")),
            line("later", Some("nowhere")),
        ];
        let known = HashMap::from([
            (line("old", None).key, receipt("c", 3, 0)),
            (line("elsewhere", None).key, receipt("other", 4, 0)),
        ]);
        let plan = LinePlan::new(&lines, &known);
        let replies = plan
            .to_imported(&id("c"))
            .into_iter()
            .map(|item| match item {
                ImportItem::Message(message) => message.reply_to,
                ImportItem::Members { .. } => None,
            });
        assert_eq!(
            replies.collect::<Vec<_>>(),
            [
                None,
                Some(ReplyTarget::Index(0)),
                Some(ReplyTarget::Seq(3)),
                None,
                None,
                None,
            ]
        );
    }

    #[test]
    fn only_equal_content_proves_an_earlier_import() {
        let earlier = |n: u32, text: &str| {
            parse_line(
                &serde_json::json!({"line": n, "conversation": "c_1", "id": format!("{n}"),
                "sender": "ann", "sent_at": "2020-01-01T00:00:00Z", "text": text,
                "earlier": {"conversation": "general", "key": format!("id:slack:general:{n}")}}),
            )
        };
        let lines = [earlier(1, "one"), earlier(2, "two"), earlier(3, "three")];
        let receipts = |first: u128| {
            HashMap::from([
                (
                    lines[0].earlier.expect("a key"),
                    receipt("general", 1, first),
                ),
                (lines[1].earlier.expect("a key"), receipt("general", 2, 0)),
            ])
        };
        let states = |known| LinePlan::new(&lines, &known).states;
        let known = |seq| LineState::Known(at("general", seq, 0));
        assert_eq!(
            states(receipts(lines[0].fingerprint)),
            [known(1), known(2), LineState::New(0)]
        );
        assert_eq!(
            states(receipts(1)),
            [LineState::New(0), LineState::New(1), LineState::New(2)]
        );
    }
}
