//! The commands of the profile aggregate.

use super::event::{RestrictionKind, UserKind};
use super::settings::{Consent, QuietHours};
use crate::custom_fields::CustomFields;
use crate::ids::UserId;
use crate::texts::{About, Avatar, DisplayName, Locale};
use crate::time::Timestamp;

/// A command to a profile.
#[derive(Debug, Clone)]
pub enum ProfileCommand {
    /// Change what others see of the user, and what an administrator decides about them.
    Change(ChangeProfile),
    /// Change the user's settings.
    ChangeSettings(ChangeSettings),
    /// Make all tokens of the user invalid that were issued up to a time.
    RevokeTokens(RevokeTokens),
    /// Restrict the user everywhere.
    Restrict(RestrictUser),
    /// Lift the restriction.
    LiftRestriction(LiftRestriction),
    /// Erase what the profile says. Names the administrator.
    Erase(UserId),
}

/// The data of [`ProfileCommand::Change`]. `None` keeps the current value; `Some(None)` removes it.
#[derive(Debug, Clone)]
pub struct ChangeProfile {
    /// The name that others see.
    pub display_name: Option<Option<DisplayName>>,
    /// The avatar.
    pub avatar: Option<Option<Avatar>>,
    /// What the user says about themselves.
    pub about: Option<Option<About>>,
    /// The user's language.
    pub locale: Option<Option<Locale>>,
    /// The app's own fields.
    pub custom: Option<Option<CustomFields>>,
    /// What kind of user it is. Only administrators set it.
    pub kind: Option<UserKind>,
    /// Whether the user is deactivated. Only administrators set it.
    pub deactivated: Option<bool>,
    /// Who changes it.
    pub by: UserId,
}

/// The data of [`ProfileCommand::ChangeSettings`]. `None` keeps the current value.
#[derive(Debug, Clone, Default)]
pub struct ChangeSettings {
    /// Who may begin a direct conversation.
    pub direct_from: Option<Consent>,
    /// Who may add the user to a group without an invitation.
    pub groups_from: Option<Consent>,
    /// Whether to send and see read receipts.
    pub read_receipts: Option<bool>,
    /// Whether to show and see when users were online last.
    pub last_seen: Option<bool>,
    /// The quiet hours; `Some(None)` removes them.
    pub quiet_hours: Option<Option<QuietHours>>,
}

/// The data of [`ProfileCommand::RevokeTokens`].
#[derive(Debug, Clone)]
pub struct RevokeTokens {
    /// Tokens that were issued at or before this time become invalid.
    pub before: Timestamp,
    /// Who revokes them.
    pub by: UserId,
}

/// The data of [`ProfileCommand::Restrict`].
#[derive(Debug, Clone)]
pub struct RestrictUser {
    /// What the user may not do.
    pub kind: RestrictionKind,
    /// When the restriction ends by itself.
    pub until: Option<Timestamp>,
    /// The reason that the moderator gives.
    pub reason: Option<String>,
    /// The moderator.
    pub by: UserId,
    /// The current time.
    pub now: Timestamp,
}

/// The data of [`ProfileCommand::LiftRestriction`].
#[derive(Debug, Clone)]
pub struct LiftRestriction {
    /// The moderator.
    pub by: UserId,
    /// The current time.
    pub now: Timestamp,
}
