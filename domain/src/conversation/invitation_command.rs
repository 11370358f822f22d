//! The commands about invitations, and those that invite users who must be asked first.

use std::collections::BTreeSet;

use super::command::{AddMembers, CreateConversation};
use crate::ids::UserId;
use crate::time::Timestamp;

/// A command to a conversation that heeds what users consent to.
#[derive(Debug, Clone)]
pub enum InvitationCommand {
    /// Create the conversation. In a group, users who must be asked first are invited.
    Create(CreateConversation, UsersToAsk),
    /// Add members, or change the role of existing members. Users who must be asked first are
    /// invited.
    AddMembers(AddMembers, UsersToAsk),
    /// Join by an invitation.
    Accept(AcceptInvitation),
    /// Decline an invitation.
    Decline(UserId),
    /// Withdraw an invitation.
    Withdraw(WithdrawInvitation),
}

/// Lookup: those of the users whom a command names who let only their contacts do this, while the
/// caller is none of them.
pub type UsersToAsk = BTreeSet<UserId>;

/// The data of [`InvitationCommand::Accept`].
#[derive(Debug, Clone)]
pub struct AcceptInvitation {
    /// The user who was invited.
    pub user: UserId,
    /// Lookup: whether the user blocks the one who invited them.
    pub blocks_inviter: bool,
    /// The current time.
    pub now: Timestamp,
}

/// The data of [`InvitationCommand::Withdraw`].
#[derive(Debug, Clone)]
pub struct WithdrawInvitation {
    /// The user who was invited.
    pub user: UserId,
    /// The caller.
    pub by: UserId,
}
