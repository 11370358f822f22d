//! The data of the events about the policy of a conversation, silences and bans, join requests and
//! links. They are stored forever: read [`crate::event`] before you change them.

use serde::{Deserialize, Serialize};

use super::settings::ConversationPolicy;
use crate::ids::{JoinNote, RuleName, SanctionReason, UserId};
use crate::link_code::LinkId;
use crate::time::Timestamp;

/// The data of `conversation_policy_changed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConversationPolicyChanged {
    /// The whole policy after the change.
    pub policy: ConversationPolicy,
    /// The user who changed it.
    pub by: UserId,
    /// The rules that flagged the topic: names of word lists, or `links`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<RuleName>,
}

/// The data of `member_silenced` and `member_banned`. A later one replaces an earlier one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberSanction {
    /// The user, not necessarily a member.
    pub user: UserId,
    /// When it ends by itself; never, if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The reason that the user gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<SanctionReason>,
    /// The user who did it, not necessarily a member.
    pub by: UserId,
}

/// The data of `member_unsilenced` and `member_unbanned`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SanctionLifted {
    /// The user.
    pub user: UserId,
    /// The user who lifted it, not necessarily a member.
    pub by: UserId,
}

/// The data of `join_requested`. A later one replaces an earlier one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JoinRequested {
    /// The user who asks to join.
    pub user: UserId,
    /// What the user wrote with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<JoinNote>,
    /// The owner and admins at that time, who learn of it: at most
    /// `MAX_NOTIFIED_ADMINS` of the rules. Events that are older than
    /// this field have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub admins: Vec<UserId>,
}

/// The data of `join_request_declined`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JoinRequestDeclined {
    /// The user who had asked to join.
    pub user: UserId,
    /// The user who declined it, or the same user if they withdrew it.
    pub by: UserId,
    /// As in [`JoinRequested`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub admins: Vec<UserId>,
}

/// The data of `link_created`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinkCreated {
    /// The id of the link. It lets nobody join.
    pub link: LinkId,
    /// How many users can join by it; any number, if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_uses: Option<u32>,
    /// When it expires; never, if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The user who created it.
    pub by: UserId,
}

/// The data of `link_ended`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinkEnded {
    /// The id of the link. It lets nobody join.
    pub link: LinkId,
    /// The user who ended it.
    pub by: UserId,
}
