//! The data of the events about invitations. They are stored forever: read [`crate::event`] before
//! you change them.

use serde::{Deserialize, Serialize};

use super::event::Role;
use crate::ids::UserId;

/// The data of `invited`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Invited {
    /// The user who was invited.
    pub user: UserId,
    /// The role that the user gets on joining.
    pub role: Role,
    /// The user who invited them.
    pub by: UserId,
}

/// The data of `invitation_ended`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InvitationEnded {
    /// The user who was invited.
    pub user: UserId,
    /// How it ended.
    pub outcome: InvitationOutcome,
    /// The user who ended it.
    pub by: UserId,
    /// The user who had invited them.
    pub invited_by: UserId,
}

/// How an invitation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationOutcome {
    /// The user is a member.
    Joined,
    /// The user declined.
    Declined,
    /// The owner or an admin withdrew it.
    Withdrawn,
}
