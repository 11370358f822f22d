//! The question, and the answer in the form in which clients get it.

use domain::ids::{ConversationId, UserId};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which message is explained for which user.
#[derive(Debug, Clone)]
pub struct VisibilityQuestion {
    /// The user.
    pub user: UserId,
    /// The conversation.
    pub conversation: ConversationId,
    /// The seq of the message.
    pub seq: i64,
    /// Explain as of this position, which the read model must have reached.
    pub as_of: Option<i64>,
}

/// Why a user sees a message or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct VisibilityExplanation {
    /// The user.
    #[schema(example = "bob")]
    pub user: String,
    /// The conversation.
    #[schema(example = "team")]
    pub conversation_id: String,
    /// The seq of the message.
    #[schema(example = 17)]
    pub seq: i64,
    /// The position of the read model for which this holds.
    #[schema(example = 412)]
    pub position: i64,
    /// Whether the queries serve the message to the user.
    pub visible: bool,
    /// Whether they serve it with its body.
    pub has_content: bool,
    /// The rule that decides.
    pub why: VisibilityReason,
    /// The same as a sentence.
    #[schema(
        example = "bob joined at position 40, after the message was sent, and members see \
                        only what was sent during their stays."
    )]
    pub summary: String,
    /// What each rule says, in the order in which they apply.
    pub checks: Vec<VisibilityCheck>,
    /// The periods in which the user was a member, oldest first.
    pub stays: Vec<ExplainedPeriod>,
    /// The position of the message; null if the read model does not have it.
    #[schema(required = true, example = 37)]
    pub message_position: Option<i64>,
    /// The edits, recalls, restores and erasures of the message that the log has, oldest first.
    pub changes: Vec<ContentChange>,
}

/// The rule that decides whether a user sees a message. `member`: members see everything; `stay`:
/// it was sent during a membership period of the user. Without its body: `recalled`, `erased`, or
/// `expired` (erased by retention). Not at all: `no_conversation`, `no_message`, `not_yet` (the
/// read model was not that far), `parked` (the projector could not fold the conversation),
/// `never_member`, `left`, `before_join` (sent outside of the user's membership periods), or
/// `cleared` (the user has removed it from their own view).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the comment of the type explains the variants")]
pub enum VisibilityReason {
    Member,
    Stay,
    Recalled,
    Erased,
    Expired,
    NoConversation,
    NoMessage,
    NotYet,
    Parked,
    NeverMember,
    Left,
    BeforeJoin,
    Cleared,
}

/// What one rule says about a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct VisibilityCheck {
    /// `conversation`, `message`, `membership`, `history`, `clear`, `content` or `block`.
    #[schema(example = "membership")]
    pub rule: &'static str,
    /// `passes`, `hides` (the message), `withholds` (its body), or `no_effect`.
    #[schema(example = "passes")]
    pub outcome: &'static str,
    /// The facts behind it, as a sentence.
    #[schema(example = "bob is a member since position 40.")]
    pub detail: String,
}

/// A membership period of the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExplainedPeriod {
    /// The position of the join.
    pub from_position: i64,
    /// The position of the leave; null for the current period.
    #[schema(required = true)]
    pub to_position: Option<i64>,
    /// The messages of the period come after this seq.
    pub after_seq: i64,
    /// The last message of the period; null for the current one.
    #[schema(required = true)]
    pub until_seq: Option<i64>,
}

impl ExplainedPeriod {
    /// Whether a message was sent in this period.
    pub(super) fn covers(&self, seq: i64) -> bool {
        self.after_seq < seq && self.until_seq.is_none_or(|until| seq <= until)
    }
}

/// An edit, recall, restore or erasure of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ContentChange {
    /// The position of the event.
    pub position: i64,
    /// When it was appended.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// `message_edited`, `message_recalled`, `message_restored` or `message_erased`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The user who did it; null if the event cannot be read.
    #[schema(required = true)]
    pub by: Option<String>,
}
