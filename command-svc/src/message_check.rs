//! The check of a message by an outside service before it is sent: the question and the answer. The
//! composition root supplies what carries them. `pending_check` asks.

use domain::body::{MessageBody, MessageType};
use domain::deployment::MessageHook;
use domain::deployment::content::HookFailureAction;
use domain::ids::{ConversationId, UserId};
use domain::refusal::Refusal;
use event_log::LogError;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::metrics::CheckOutcome;

/// The type of a question, which is part of the API.
const QUESTION_TYPE: &str = "tidings.moderation_check.v1";

/// The code of the refusal of a command that is to be checked.
const CHECK_DUE: &str = "check_due";

/// The maximum length of a reason, in code points. A longer one is cut.
const MAX_REASON_CHARS: usize = 500;

/// Carries questions to the service.
pub trait MessageCheck: Send + Sync {
    /// Posts a question, as JSON, and returns the answer. Fails if there is none in the time that
    /// the hook allows.
    fn ask<'a>(
        &'a self,
        hook: &'a MessageHook,
        question: Vec<u8>,
    ) -> BoxFuture<'a, Result<Vec<u8>, MessageCheckError>>;
}

/// Why a service did not answer; for operators.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MessageCheckError(pub String);

/// A message, as the service gets it.
#[derive(Debug, Serialize)]
pub(crate) struct CheckedMessage<'a> {
    pub(crate) conversation_id: &'a ConversationId,
    pub(crate) sender: &'a UserId,
    #[serde(rename = "type")]
    pub(crate) kind: MessageType,
    pub(crate) body: &'a MessageBody,
    pub(crate) mentions: &'a [UserId],
    pub(crate) reply_to: Option<i64>,
    pub(crate) thread: Option<i64>,
    /// The message that is edited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seq: Option<i64>,
}

#[derive(Serialize)]
struct Question<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    data: &'a CheckedMessage<'a>,
}

/// What follows for a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Allow,
    Refuse(Option<String>),
    Hold(Option<String>),
}

/// The answer of the service.
#[derive(Deserialize)]
struct Answer {
    verdict: AnsweredVerdict,
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum AnsweredVerdict {
    Allow,
    Refuse,
    Hold,
}

impl Verdict {
    pub(crate) fn parse(answer: &[u8]) -> Result<Self, MessageCheckError> {
        let answer: Answer = serde_json::from_slice(answer)
            .map_err(|error| MessageCheckError(format!("the answer is no verdict: {error}")))?;
        let reason = answer.reason.as_deref().and_then(clean_reason);
        Ok(match answer.verdict {
            AnsweredVerdict::Allow => Self::Allow,
            AnsweredVerdict::Refuse => Self::Refuse(reason),
            AnsweredVerdict::Hold => Self::Hold(reason),
        })
    }

    pub(crate) fn outcome(&self) -> CheckOutcome {
        match self {
            Self::Allow => CheckOutcome::Allow,
            Self::Refuse(_) => CheckOutcome::Refuse,
            Self::Hold(_) => CheckOutcome::Hold,
        }
    }

    pub(crate) fn without_answer(action: HookFailureAction) -> Self {
        match action {
            HookFailureAction::Allow => Self::Allow,
            HookFailureAction::Refuse => Self::Refuse(None),
            HookFailureAction::Hold => Self::Hold(None),
        }
    }
}

/// A reason without control characters, which Postgres or a terminal might not take. `None` if
/// nothing is left to read.
fn clean_reason(reason: &str) -> Option<String> {
    let visible = reason.chars().filter(|c| !c.is_control());
    let cut: String = visible.take(MAX_REASON_CHARS).collect();
    (!cut.trim().is_empty()).then_some(cut)
}

/// The refusal of a command that the rules accept, and that is to be checked before it is executed.
/// No client gets it.
pub(crate) fn check_due() -> Refusal {
    Refusal::rule_violation(CHECK_DUE, "The message has not been checked yet.")
}

/// Whether this is [`check_due`].
pub(crate) fn is_check_due(refusal: &Refusal) -> bool {
    refusal.code == CHECK_DUE
}

/// The question about a message.
pub(crate) fn question_about(message: &CheckedMessage<'_>) -> Result<Vec<u8>, LogError> {
    let question = Question {
        kind: QUESTION_TYPE,
        data: message,
    };
    serde_json::to_vec(&question)
        .map_err(|error| LogError::Corrupt(format!("a question cannot be serialised: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(answer: &str) -> Result<Verdict, MessageCheckError> {
        Verdict::parse(answer.as_bytes())
    }

    #[test]
    fn a_question_has_the_message() {
        let (conversation, sender) = (
            ConversationId::parse("lunch").expect("an id"),
            UserId::parse("ann").expect("an id"),
        );
        let message = CheckedMessage {
            conversation_id: &conversation,
            sender: &sender,
            kind: MessageType::Text,
            body: &MessageBody::from_text("hi"),
            mentions: &[UserId::parse("bob").expect("an id")],
            reply_to: None,
            thread: None,
            seq: None,
        };
        let question = question_about(&message).expect("JSON");
        assert_eq!(
            String::from_utf8(question).expect("text"),
            r#"{"type":"tidings.moderation_check.v1","data":{"conversation_id":"lunch","sender":"ann","type":"text","body":{"text":"hi"},"mentions":["bob"],"reply_to":null,"thread":null}}"#
        );
    }

    #[test]
    fn a_verdict_may_have_a_reason_and_fields_of_its_own() {
        assert_eq!(verdict(r#"{"verdict":"allow"}"#), Ok(Verdict::Allow));
        assert_eq!(
            verdict(r#"{"verdict":"refuse","reason":"spam","score":0.97}"#),
            Ok(Verdict::Refuse(Some("spam".to_owned())))
        );
        assert_eq!(
            verdict(r#"{"verdict":"hold","reason":null}"#),
            Ok(Verdict::Hold(None))
        );
    }

    #[test]
    fn what_is_no_verdict_is_a_failure() {
        for answer in [
            "",
            "ok",
            "[]",
            "{}",
            r#"{"verdict":"maybe"}"#,
            r#"{"verdict":"ALLOW"}"#,
            r#"{"verdict":"refuse","reason":7}"#,
            r#"{"verdict":"allow"} {"verdict":"allow"}"#,
        ] {
            assert!(verdict(answer).is_err(), "{answer}");
        }
        assert!(Verdict::parse(b"{\"verdict\":\"allow\xff\"}").is_err());
    }

    #[test]
    fn a_reason_is_cut_and_has_no_control_characters() {
        let answer = serde_json::json!({
            "verdict": "hold", "reason": format!("a\u{0}b\n{}", "界".repeat(600)),
        });
        let Ok(Verdict::Hold(Some(reason))) = verdict(&answer.to_string()) else {
            panic!("expected a reason");
        };
        assert_eq!(reason.chars().count(), MAX_REASON_CHARS);
        assert!(reason.starts_with("ab界"));
        let blank = r#"{"verdict":"refuse","reason":" \n "}"#;
        assert_eq!(verdict(blank), Ok(Verdict::Refuse(None)));
    }

    #[test]
    fn on_failure_says_what_follows_without_an_answer() {
        use HookFailureAction as Action;
        for (action, expected) in [
            (Action::Allow, Verdict::Allow),
            (Action::Refuse, Verdict::Refuse(None)),
            (Action::Hold, Verdict::Hold(None)),
        ] {
            assert_eq!(Verdict::without_answer(action), expected);
        }
    }
}
