//! Which lines of a conversation are new, and what each of them answers.

use std::collections::HashMap;

use domain::conversation::command::{Imported, ReplyTo};
use domain::ids::ConversationId;
use event_log::{Key, Receipt};
use serde::{Deserialize, Serialize};

use super::line::{Line, Taken, Verdict};

/// What a line's receipt keeps.
#[derive(Serialize, Deserialize)]
pub(super) struct TakenIn {
    pub(super) conversation_id: ConversationId,
    /// A line of members has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) seq: Option<i64>,
}

/// What becomes of one line.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    Known(Taken),
    /// It is the nth of the new ones.
    New(usize),
    /// It is the same as the nth of the new ones.
    Again(usize),
}

/// See the module.
pub(super) struct Plan<'a> {
    fates: Vec<Fate>,
    /// The new lines, in order.
    pub(super) new: Vec<&'a Line>,
    replies: Vec<Option<ReplyTo>>,
}

impl<'a> Plan<'a> {
    /// `known` are the receipts of the lines and of what they answer.
    pub(super) fn of(lines: &'a [Line], known: &HashMap<Key, Receipt>) -> Self {
        let mut plan = Self {
            fates: Vec::new(),
            new: Vec::new(),
            replies: Vec::new(),
        };
        let mut places = HashMap::new();
        for line in lines {
            let fate = if let Some(taken) = taken(known, line.key) {
                Fate::Known(taken)
            } else if let Some(place) = places.get(&line.key) {
                Fate::Again(*place)
            } else {
                let place = plan.new.len();
                let reply = line.reply_to.and_then(|key| {
                    let earlier = places.get(&key).map(|place| ReplyTo::Index(*place));
                    earlier.or_else(|| taken(known, key)?.seq.map(ReplyTo::Seq))
                });
                plan.new.push(line);
                plan.replies.push(reply);
                places.insert(line.key, place);
                Fate::New(place)
            };
            plan.fates.push(fate);
        }
        plan
    }

    /// The new lines as the conversation takes them.
    pub(super) fn imported(&self) -> Vec<Imported> {
        let imported = |(line, reply_to): (&&Line, &Option<ReplyTo>)| match line.what.clone() {
            Imported::Message(mut message) => {
                message.reply_to = *reply_to;
                Imported::Message(message)
            }
            joined @ Imported::Joined(_) => joined,
        };
        self.new.iter().zip(&self.replies).map(imported).collect()
    }

    /// The verdict on every line. `taken` says what became of the nth of the new ones.
    pub(super) fn verdicts(&self, taken: impl Fn(usize) -> Verdict) -> Vec<Verdict> {
        let verdict = |fate: &Fate| match fate {
            Fate::Known(taken) => Verdict::Known(*taken),
            Fate::New(place) => taken(*place),
            Fate::Again(place) => match taken(*place) {
                Verdict::Imported(taken) => Verdict::Known(Taken {
                    dropped: 0,
                    ..taken
                }),
                other => other,
            },
        };
        self.fates.iter().map(verdict).collect()
    }
}

/// What the line of this key has become before. What it dropped was told then.
fn taken(known: &HashMap<Key, Receipt>, key: Key) -> Option<Taken> {
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
            .expect("legal")
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
    fn replies_are_found_before_the_line_or_in_the_log() {
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
            Some(ReplyTo::Index(0)),
            Some(ReplyTo::Seq(3)),
            None,
            None,
        ];
        assert_eq!(plan.replies, replies);
    }
}
