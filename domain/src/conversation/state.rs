//! The parts of a conversation's state. They are stored in snapshots; the serialized field names
//! must not change.

use serde::{Deserialize, Serialize};

use super::event::{ConversationKind, HistoryVisibility, Role};
use crate::ids::{Title, UserId};

/// The kind, title and history visibility of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ConversationDetails {
    pub kind: ConversationKind,
    pub title: Option<Title>,
    pub history: HistoryVisibility,
    /// Whether the title was erased and no new one has been set since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub title_erased: bool,
}

/// The current membership of a user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Membership {
    pub role: Role,
    /// The number of this membership period: the conversation's join counter when it began.
    pub stay: i64,
    /// The conversation's head when the user joined. The messages of this period come after it.
    pub joined_seq: i64,
    /// The seq of the member's own newest message of this period, 0 if there is none.
    pub own_seq: i64,
}

/// A past membership period with at least one message. It covers `after_seq < seq <= until_seq`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct MembershipPeriod {
    pub after_seq: i64,
    pub until_seq: i64,
}

/// An invitation that has not ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct InvitationState {
    pub role: Role,
    pub by: UserId,
}

/// Whether a seq lies within one of these periods, which are sorted and do not overlap.
pub(super) fn is_covered(stays: &[MembershipPeriod], seq: i64) -> bool {
    let begun_before = stays.partition_point(|stay| stay.after_seq < seq);
    begun_before > 0 && seq <= stays[begun_before - 1].until_seq
}
