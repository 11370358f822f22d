//! Determines which lines of a conversation are new, and the outcome of each line.

use std::collections::HashMap;

use domain::conversation::command::{ImportItem, ReplyTarget};
use domain::ids::ConversationId;
use event_log::{ReceiptKey, Receipt};
use serde::{Deserialize, Serialize};

use super::line::{Line, Taken, Verdict};

/// The response stored in the receipt of a line.
#[derive(Serialize, Deserialize)]
pub(super) struct TakenIn {
    pub(super) conversation_id: ConversationId,
    /// The seq of the message; `None` for a line of members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) seq: Option<i64>,
}

/// How a line relates to the log and to the other lines.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// Imported by an earlier request.
    Known(Taken),
    /// New: the index among the new lines.
    New(usize),
    /// Has the same key as the new line with this index.
    Again(usize),
}

/// The plan for importing the lines of one conversation.
pub(super) struct Plan<'a> {
    fates: Vec<Fate>,
    /// The new lines, in order.
    pub(super) new: Vec<&'a Line>,
    replies: Vec<Option<ReplyTarget>>,
}

impl<'a> Plan<'a> {
    /// Plans the import of these lines. `known` contains the receipts of the lines and of the
    /// messages they reply to.
    pub(super) fn of(lines: &'a [Line], known: &HashMap<ReceiptKey, Receipt>) -> Self {
        let mut plan = Self {
            fates: Vec::new(),
            new: Vec::new(),
            replies: Vec::new(),
        };
        let mut indices = HashMap::new();
        for line in lines {
            let state = if let Some(taken) = taken(known, line.key) {
                Fate::Known(taken)
            } else if let Some(index) = indices.get(&line.key) {
                Fate::Again(*index)
            } else {
                let index = plan.new.len();
                let reply = line.reply_to.and_then(|key| {
                    let earlier = indices.get(&key).map(|index| ReplyTarget::Index(*index));
                    earlier.or_else(|| taken(known, key)?.seq.map(ReplyTarget::Seq))
                });
                plan.new.push(line);
                plan.replies.push(reply);
                indices.insert(line.key, index);
                Fate::New(index)
            };
            plan.fates.push(state);
        }
        plan
    }

    /// The new lines as input for the import command.
    pub(super) fn imported(&self) -> Vec<ImportItem> {
        let imported = |(line, reply_to): (&&Line, &Option<ReplyTarget>)| match line.what.clone() {
            ImportItem::Message(mut message) => {
                message.reply_to = *reply_to;
                ImportItem::Message(message)
            }
            joined @ ImportItem::Members(_) => joined,
        };
        self.new.iter().zip(&self.replies).map(imported).collect()
    }

    /// The outcome of every line. `outcome_of_new` returns the outcome of the nth new line.
    pub(super) fn verdicts(&self, outcome_of_new: impl Fn(usize) -> Verdict) -> Vec<Verdict> {
        let outcome = |state: &Fate| match state {
            Fate::Known(taken) => Verdict::Known(*taken),
            Fate::New(index) => outcome_of_new(*index),
            Fate::Again(index) => match outcome_of_new(*index) {
                Verdict::Imported(taken) => Verdict::Known(Taken {
                    dropped: 0,
                    ..taken
                }),
                other => other,
            },
        };
        self.fates.iter().map(outcome).collect()
    }
}

/// What an earlier request imported under this key. Dropped reactions are reported only by the
/// request that imported the line, so they are 0 here.
fn taken(known: &HashMap<ReceiptKey, Receipt>, key: ReceiptKey) -> Option<Taken> {
    let taken_in: TakenIn = serde_json::from_slice(&known.get(&key)?.answer).ok()?;
    Some(Taken {
        seq: taken_in.seq,
        dropped: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::import::line::parse;
    use domain::limits::Limits;

    fn line(id: &str, reply_to: Option<&str>) -> Line {
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
        let plan = Plan::of(&lines, &known);
        let at = |seq, dropped| Taken {
            seq: Some(seq),
            dropped,
        };
        assert_eq!(
            plan.fates,
            [Fate::Known(at(7, 0)), Fate::New(0), Fate::Again(0)]
        );
        let verdicts = plan.verdicts(|_| Verdict::Imported(at(8, 2)));
        assert_eq!(
            verdicts,
            [
                Verdict::Known(at(7, 0)),
                Verdict::Imported(at(8, 2)),
                Verdict::Known(at(8, 0))
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
        let plan = Plan::of(&lines, &known);
        let replies = [
            None,
            Some(ReplyTarget::Index(0)),
            Some(ReplyTarget::Seq(3)),
            None,
            None,
        ];
        assert_eq!(plan.replies, replies);
    }
}
