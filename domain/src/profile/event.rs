//! The events of the profile aggregate. They are stored forever: read [`crate::event`] before you
//! change them.

use serde::{Deserialize, Serialize};

use super::settings::UserSettings;
use crate::custom_fields::CustomFields;
use crate::ids::{RuleName, UserId};
use crate::texts::{About, Avatar, DisplayName, Locale};
use crate::time::Timestamp;

/// An event of a profile. The user is the aggregate id in the envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileEvent {
    /// What others see of the user changed. The event contains all values.
    ProfileChanged(ProfileChanged),
    /// The settings of the user changed. The event contains all values.
    SettingsChanged(UserSettings),
    /// An administrator changed what kind of user it is.
    UserKindChanged(UserKindChanged),
    /// An administrator deactivated the user.
    UserDeactivated(UserActivation),
    /// An administrator activated the user again.
    UserReactivated(UserActivation),
    /// All tokens of the user that were issued before a time became invalid.
    TokensRevoked(TokensRevoked),
    /// A moderator restricted the user everywhere.
    UserRestricted(UserRestricted),
    /// A moderator lifted the restriction.
    RestrictionLifted(RestrictionLifted),
    /// An administrator erased what the profile said.
    ProfileErased(ProfileErased),
}

/// What a user shows of themselves. A field that is not set is absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PublicProfile {
    /// The name that others see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<DisplayName>,
    /// The avatar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<Avatar>,
    /// What the user says about themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<About>,
    /// The user's language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<Locale>,
    /// The app's own fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<CustomFields>,
}

/// The data of [`ProfileEvent::ProfileChanged`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProfileChanged {
    /// The new values.
    #[serde(flatten)]
    pub profile: PublicProfile,
    /// The user who changed it: its owner or an administrator.
    pub by: UserId,
    /// The rules that flagged the display name: names of word lists, or `links`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<RuleName>,
}

/// What kind of user it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserKind {
    /// A person.
    #[default]
    User,
    /// A program that takes part in conversations.
    Bot,
    /// The deployment itself, for announcements.
    System,
}

/// The data of [`ProfileEvent::UserKindChanged`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserKindChanged {
    /// The new kind.
    pub kind: UserKind,
    /// The administrator.
    pub by: UserId,
}

/// The data of [`ProfileEvent::UserDeactivated`] and [`ProfileEvent::UserReactivated`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserActivation {
    /// The administrator.
    pub by: UserId,
}

/// The data of [`ProfileEvent::TokensRevoked`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokensRevoked {
    /// Tokens that were issued at or before this time are invalid.
    pub before: Timestamp,
    /// Who revoked them: an administrator, or the user.
    pub by: UserId,
}

/// What a restricted user may not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestrictionKind {
    /// Write: the user can only read.
    Silenced,
    /// Anything.
    Banned,
}

/// The data of [`ProfileEvent::UserRestricted`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserRestricted {
    /// What the user may not do.
    pub kind: RestrictionKind,
    /// When the restriction ends by itself; absent if it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The reason that the moderator gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The moderator.
    pub by: UserId,
}

impl UserRestricted {
    /// Whether the restriction has not ended by itself.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// The data of [`ProfileEvent::RestrictionLifted`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RestrictionLifted {
    /// The moderator.
    pub by: UserId,
}

/// The data of [`ProfileEvent::ProfileErased`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProfileErased {
    /// The administrator.
    pub by: UserId,
}

impl UserKind {
    /// The name used in the API and in the tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Bot => "bot",
            Self::System => "system",
        }
    }

    /// Parses the name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::User, Self::Bot, Self::System]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

impl RestrictionKind {
    /// The name used in the API and in the tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Silenced => "silenced",
            Self::Banned => "banned",
        }
    }
}

impl ProfileEvent {
    /// The same event, which records that these rules flagged its text. An event that stores no
    /// text stays as it is.
    #[must_use]
    pub fn flagged(mut self, flags: &[RuleName]) -> Self {
        if let Self::ProfileChanged(changed) = &mut self {
            flags.clone_into(&mut changed.flags);
        }
        self
    }

    /// The same event without what it says of the user; `None` if it says nothing.
    pub fn without_content(self) -> Option<Self> {
        match self {
            Self::ProfileChanged(changed) => Some(Self::ProfileChanged(ProfileChanged {
                profile: PublicProfile::default(),
                ..changed
            })),
            _ => None,
        }
    }
}
