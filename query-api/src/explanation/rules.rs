//! Names the rule that decides, and what each rule says. Pure.

use domain::conversation::event::RETENTION_USER;
use domain::envelope::Envelope;
use serde::Deserialize;

use super::facts::VisibilityFacts;
use super::visibility_explanation::{
    ContentChange, VisibilityCheck, VisibilityExplanation, VisibilityQuestion, VisibilityReason,
};

/// Builds the explanation. `events` are those of the message in the log: its send, then its edits,
/// recalls and erasures.
pub(super) fn explain(
    question: &VisibilityQuestion,
    facts: VisibilityFacts,
    events: &[Envelope],
) -> VisibilityExplanation {
    let sent = events
        .iter()
        .find(|event| event.event_type == "message_sent");
    let changes: Vec<ContentChange> = events
        .iter()
        .filter(|event| event.event_type != "message_sent")
        .map(to_change)
        .collect();
    let reasoning = Reasoning {
        question,
        facts: &facts,
        sent_position: sent.map(|event| event.position),
        changes: &changes,
    };
    let checks = reasoning.checks();
    let why = reasoning.reason();
    let summary = summarize(why, &checks);
    VisibilityExplanation {
        user: question.user.as_str().to_owned(),
        conversation_id: question.conversation.as_str().to_owned(),
        seq: question.seq,
        position: facts.read_position,
        visible: facts.is_visible,
        has_content: facts.is_visible && facts.has_body,
        why,
        summary,
        checks,
        message_position: facts.message_position,
        stays: facts.stays,
        changes,
    }
}

fn to_change(event: &Envelope) -> ContentChange {
    #[derive(Deserialize)]
    struct Author {
        by: Option<String>,
    }
    let author: Option<Author> = serde_json::from_str(event.data.get()).ok();
    ContentChange {
        position: event.position,
        at: event.time,
        event_type: event.event_type.clone(),
        by: author.and_then(|author| author.by),
    }
}

/// The sentence of the rule that decides.
fn summarize(why: VisibilityReason, checks: &[VisibilityCheck]) -> String {
    use VisibilityReason as Why;
    let rule = match why {
        Why::NoConversation => "conversation",
        Why::NoMessage | Why::NotYet | Why::Parked => "message",
        Why::NeverMember | Why::Left => "membership",
        Why::BeforeJoin | Why::Member | Why::Stay => "history",
        Why::Cleared => "clear",
        Why::Recalled | Why::Erased | Why::Expired => "content",
    };
    let deciding = checks.iter().find(|check| check.rule == rule);
    deciding.map_or_else(String::new, |check| check.detail.clone())
}

/// What the rules are applied to.
struct Reasoning<'a> {
    question: &'a VisibilityQuestion,
    facts: &'a VisibilityFacts,
    /// The position of the message in the log, whether or not the read model has it.
    sent_position: Option<i64>,
    changes: &'a [ContentChange],
}

impl Reasoning<'_> {
    /// The rule that decides: the first one that hides the message or its body, or else the one
    /// that shows it.
    fn reason(&self) -> VisibilityReason {
        let facts = self.facts;
        if facts.is_visible {
            return match self.erasure_or_recall() {
                Some(reason) => reason,
                None if facts.history.as_deref() == Some("all") => VisibilityReason::Member,
                None => VisibilityReason::Stay,
            };
        }
        if facts.message_position.is_none() {
            return self.absence();
        }
        match facts.is_member {
            None => VisibilityReason::NeverMember,
            Some(false) => VisibilityReason::Left,
            Some(true) if self.is_cleared() && self.is_covered() => VisibilityReason::Cleared,
            Some(true) => VisibilityReason::BeforeJoin,
        }
    }

    /// Why the read model does not have the message.
    fn absence(&self) -> VisibilityReason {
        let Some(sent) = self.sent_position else {
            return if self.facts.kind.is_none() {
                VisibilityReason::NoConversation
            } else {
                VisibilityReason::NoMessage
            };
        };
        let is_parked = self.facts.parked_from.is_some_and(|first| first <= sent);
        if is_parked && sent <= self.facts.read_position {
            VisibilityReason::Parked
        } else {
            VisibilityReason::NotYet
        }
    }

    /// Why the body is gone, if it is.
    fn erasure_or_recall(&self) -> Option<VisibilityReason> {
        if self.facts.has_body {
            return None;
        }
        match self.newest("message_erased") {
            Some(erased) if erased.by.as_deref() == Some(RETENTION_USER) => {
                Some(VisibilityReason::Expired)
            }
            Some(_) => Some(VisibilityReason::Erased),
            None => Some(VisibilityReason::Recalled),
        }
    }

    fn newest(&self, event_type: &str) -> Option<&ContentChange> {
        let mut of_type = self.changes.iter().rev();
        of_type.find(|change| change.event_type == event_type)
    }

    fn checks(&self) -> Vec<VisibilityCheck> {
        let mut checks = vec![self.check_conversation()];
        if self.facts.kind.is_some() || self.sent_position.is_some() {
            checks.push(self.check_message());
        }
        if self.facts.kind.is_some() {
            checks.push(self.check_membership());
            checks.push(self.check_history());
            checks.extend(self.check_clear());
        }
        if self.facts.message_position.is_some() {
            checks.push(self.check_content());
            checks.push(self.check_block());
        }
        checks
    }

    fn check_conversation(&self) -> VisibilityCheck {
        let VisibilityQuestion { conversation, .. } = self.question;
        match (&self.facts.kind, self.facts.head_seq) {
            (Some(kind), Some(head)) => passes(
                "conversation",
                format!("{conversation} is a {kind} conversation with {head} messages."),
            ),
            _ => hides(
                "conversation",
                format!(
                    "The read model has no conversation {conversation} at position {}.",
                    self.facts.read_position
                ),
            ),
        }
    }

    fn check_message(&self) -> VisibilityCheck {
        let (seq, read) = (self.question.seq, self.facts.read_position);
        if let (Some(position), Some(sender)) = (self.facts.message_position, &self.facts.sender) {
            return passes(
                "message",
                format!("{sender} sent it at position {position}."),
            );
        }
        let detail = match (self.absence(), self.sent_position) {
            (VisibilityReason::Parked, Some(sent)) => format!(
                "The log has it at position {sent}, but the projector parked the events of this \
                 conversation from position {} on.",
                self.facts.parked_from.unwrap_or(sent)
            ),
            (_, Some(sent)) if self.question.as_of.is_some() => {
                format!("It was sent at position {sent}, after position {read}, for which you ask.")
            }
            (_, Some(sent)) => {
                format!("The log has it at position {sent}; the read model has reached {read}.")
            }
            (_, None) => format!("The conversation has no message {seq}."),
        };
        hides("message", detail)
    }

    fn check_membership(&self) -> VisibilityCheck {
        let (user, stays) = (&self.question.user, &self.facts.stays);
        let last = stays.last();
        let ban = if self.facts.is_banned {
            format!(" {user} is banned now.")
        } else {
            String::new()
        };
        match (self.facts.is_member, last) {
            (Some(true), Some(stay)) => passes(
                "membership",
                format!("{user} is a member since position {}.", stay.from_position),
            ),
            (Some(true), None) => passes("membership", format!("{user} is a member.")),
            (Some(false), Some(stay)) => hides(
                "membership",
                format!(
                    "{user} is no longer a member since position {}; a former member sees nothing.{ban}",
                    stay.to_position.unwrap_or(self.facts.read_position)
                ),
            ),
            _ => hides("membership", format!("{user} was never a member.{ban}")),
        }
    }

    fn check_history(&self) -> VisibilityCheck {
        let (user, seq) = (&self.question.user, self.question.seq);
        let sees_all = self.facts.history.as_deref() == Some("all");
        if sees_all {
            let detail = "Members see the whole history of this conversation.".to_owned();
            return passes("history", detail);
        }
        let covering = self.facts.stays.iter().find(|stay| stay.covers(seq));
        let detail = match covering {
            Some(stay) => format!(
                "Members see only what was sent during their stays, and message {seq} was sent \
                 during the stay of {user} that began at position {}.",
                stay.from_position
            ),
            None => format!(
                "Members see only what was sent during their stays, and message {seq} was sent \
                 during none of the {} of {user}.",
                self.facts.stays.len()
            ),
        };
        match covering {
            Some(_)
                if self.facts.is_in_window
                    || self.is_cleared()
                    || self.facts.is_member != Some(true) =>
            {
                passes("history", detail)
            }
            _ => hides("history", detail),
        }
    }

    /// Whether the history of the conversation shows the message to the user, clears apart.
    fn is_covered(&self) -> bool {
        self.facts.history.as_deref() == Some("all")
            || (self.facts.stays.iter()).any(|stay| stay.covers(self.question.seq))
    }

    fn is_cleared(&self) -> bool {
        self.question.seq <= self.facts.cleared_seq
    }

    /// What the user has cleared, if anything.
    fn check_clear(&self) -> Option<VisibilityCheck> {
        let (user, cleared) = (&self.question.user, self.facts.cleared_seq);
        if cleared == 0 {
            return None;
        }
        let detail =
            format!("{user} has cleared the messages up to {cleared} from their own view.");
        Some(if self.is_cleared() {
            hides("clear", detail)
        } else {
            passes("clear", detail)
        })
    }

    fn check_content(&self) -> VisibilityCheck {
        let Some(reason) = self.erasure_or_recall() else {
            return passes("content", self.describe_content());
        };
        let (event_type, what) = match reason {
            VisibilityReason::Recalled => ("message_recalled", "recalled"),
            VisibilityReason::Expired => ("message_erased", "erased because of its age"),
            _ => ("message_erased", "erased"),
        };
        let detail = match self.newest(event_type) {
            Some(change) => format!(
                "It was {what} by {} at position {} ({}): it keeps its seq, without a body.",
                change.by.as_deref().unwrap_or("an unknown user"),
                change.position,
                change.at
            ),
            None => format!("It was {what}: it keeps its seq, without a body."),
        };
        VisibilityCheck {
            rule: "content",
            outcome: "withholds",
            detail,
        }
    }

    fn describe_content(&self) -> String {
        let edits = self.changes.iter();
        let edits = edits.filter(|change| {
            change.event_type == "message_edited" && change.position <= self.facts.read_position
        });
        match edits.count() {
            0 => "It is as it was sent.".to_owned(),
            1 => "It was edited once; the newest body is served.".to_owned(),
            count => format!("It was edited {count} times; the newest body is served."),
        }
    }

    fn check_block(&self) -> VisibilityCheck {
        let user = &self.question.user;
        let sender = self.facts.sender.as_deref().unwrap_or("the sender");
        let detail = match (self.facts.blocks_sender, self.facts.is_blocked_by_sender) {
            (false, false) => format!("Neither {user} nor {sender} blocks the other."),
            (true, _) => format!(
                "{user} blocks {sender} now. That refuses new direct messages and notifications; \
                 what was sent stays visible."
            ),
            (false, true) => format!("{sender} blocks {user} now, which hides nothing."),
        };
        VisibilityCheck {
            rule: "block",
            outcome: "no_effect",
            detail,
        }
    }
}

fn passes(rule: &'static str, detail: String) -> VisibilityCheck {
    VisibilityCheck {
        rule,
        outcome: "passes",
        detail,
    }
}

fn hides(rule: &'static str, detail: String) -> VisibilityCheck {
    VisibilityCheck {
        rule,
        outcome: "hides",
        detail,
    }
}
