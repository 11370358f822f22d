//! The policy of a conversation: what its owner and admins have set for everybody. The field names
//! are part of events, snapshots and the API.

use serde::{Deserialize, Serialize};

use crate::custom_fields::CustomFields;
use crate::ids::{InvalidIdError, Topic};
use crate::texts::Avatar;

/// Who can send messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostPolicy {
    /// Every member.
    #[default]
    Members,
    /// Only the owner and admins: the conversation is a channel.
    Admins,
}

/// How users join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinPolicy {
    /// The owner and admins add them.
    #[default]
    Added,
    /// They ask, and the owner or an admin admits them.
    Asked,
    /// Anyone who has the id joins.
    Open,
}

/// How many seconds a member waits between two messages: 0 to 3,600.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct SlowMode(u16);

impl SlowMode {
    /// The longest wait, in seconds.
    pub const MAX_SECONDS: u16 = 3_600;

    /// The wait in seconds, 0 without slow mode.
    pub fn seconds(self) -> u16 {
        self.0
    }

    /// The wait in milliseconds.
    pub fn millis(self) -> i64 {
        i64::from(self.0) * 1_000
    }
}

impl TryFrom<i64> for SlowMode {
    type Error = InvalidIdError;

    fn try_from(seconds: i64) -> Result<Self, InvalidIdError> {
        match u16::try_from(seconds) {
            Ok(seconds) if seconds <= Self::MAX_SECONDS => Ok(Self(seconds)),
            _ => Err(InvalidIdError("Expected 0 to 3600 seconds.")),
        }
    }
}

impl From<SlowMode> for i64 {
    fn from(slow_mode: SlowMode) -> Self {
        slow_mode.0.into()
    }
}

/// After how many days messages are erased: 1 to 3,650.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct RetentionDays(u16);

impl RetentionDays {
    /// The age in milliseconds.
    pub fn millis(self) -> i64 {
        i64::from(self.0) * 24 * 3_600 * 1_000
    }
}

impl TryFrom<i64> for RetentionDays {
    type Error = InvalidIdError;

    fn try_from(days: i64) -> Result<Self, InvalidIdError> {
        match u16::try_from(days) {
            Ok(days) if (1..=3_650).contains(&days) => Ok(Self(days)),
            _ => Err(InvalidIdError("Expected 1 to 3650 days, or null.")),
        }
    }
}

impl From<RetentionDays> for i64 {
    fn from(days: RetentionDays) -> Self {
        days.0.into()
    }
}

/// The policy of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ConversationPolicy {
    /// Who can send messages.
    pub post: PostPolicy,
    /// How users join.
    pub join: JoinPolicy,
    /// How long a member waits between two messages.
    pub slow_mode: SlowMode,
    /// After how many days messages are erased; never, if `None`.
    pub retention_days: Option<RetentionDays>,
    /// Whether only the owner and admins can write, edit, react and recall.
    pub frozen: bool,
    /// What the conversation is about.
    pub topic: Option<Topic>,
    /// The avatar of the conversation.
    pub avatar: Option<Avatar>,
    /// What the app keeps with it.
    pub custom: Option<CustomFields>,
}

impl ConversationPolicy {
    /// Whether it has anything that users wrote.
    pub fn has_text(&self) -> bool {
        self.topic.is_some() || self.avatar.is_some() || self.custom.is_some()
    }

    /// The policy without anything that users wrote.
    #[must_use]
    pub fn without_text(self) -> Self {
        Self {
            topic: None,
            avatar: None,
            custom: None,
            ..self
        }
    }
}

/// What to change in a policy. `None` keeps a value; for the optional ones, `Some(None)` removes
/// it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PolicyChange {
    /// Who can send messages.
    pub post: Option<PostPolicy>,
    /// How users join.
    pub join: Option<JoinPolicy>,
    /// How long a member waits between two messages.
    pub slow_mode: Option<SlowMode>,
    /// After how many days messages are erased.
    pub retention_days: Option<Option<RetentionDays>>,
    /// Whether only the owner and admins can write, edit, react and recall.
    pub frozen: Option<bool>,
    /// What the conversation is about.
    pub topic: Option<Option<Topic>>,
    /// The avatar of the conversation.
    pub avatar: Option<Option<Avatar>>,
    /// What the app keeps with it.
    pub custom: Option<Option<CustomFields>>,
}

impl PolicyChange {
    /// The first field that it names, if it names any.
    pub fn first_field(&self) -> Option<&'static str> {
        let named = [
            ("post", self.post.is_some()),
            ("join", self.join.is_some()),
            ("slow_mode", self.slow_mode.is_some()),
            ("retention_days", self.retention_days.is_some()),
            ("frozen", self.frozen.is_some()),
            ("topic", self.topic.is_some()),
            ("avatar", self.avatar.is_some()),
            ("custom", self.custom.is_some()),
        ];
        let first = named.into_iter().find(|(_, is_named)| *is_named);
        first.map(|(field, _)| field)
    }

    /// The policy after this change.
    pub fn apply_to(self, policy: &ConversationPolicy) -> ConversationPolicy {
        ConversationPolicy {
            post: self.post.unwrap_or(policy.post),
            join: self.join.unwrap_or(policy.join),
            slow_mode: self.slow_mode.unwrap_or(policy.slow_mode),
            retention_days: self.retention_days.unwrap_or(policy.retention_days),
            frozen: self.frozen.unwrap_or(policy.frozen),
            topic: self.topic.unwrap_or_else(|| policy.topic.clone()),
            avatar: self.avatar.unwrap_or_else(|| policy.avatar.clone()),
            custom: self.custom.unwrap_or_else(|| policy.custom.clone()),
        }
    }
}
