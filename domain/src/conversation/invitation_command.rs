//! The data of the commands about invitations.

use std::collections::BTreeSet;

use crate::ids::UserId;
use crate::time::Timestamp;

/// Lookup: those of the users whom a command names who let only their contacts do this, while the
/// caller is none of them.
pub type UsersToAsk = BTreeSet<UserId>;

/// The data of [`InvitationCommand::Accept`](super::command::InvitationCommand::Accept).
#[derive(Debug, Clone)]
pub struct AcceptInvitation {
    /// The user who was invited.
    pub user: UserId,
    /// Lookup: whether the user blocks the user who invited them.
    pub blocks_inviter: bool,
    /// The current time.
    pub now: Timestamp,
}

/// The data of [`InvitationCommand::Withdraw`](super::command::InvitationCommand::Withdraw).
#[derive(Debug, Clone)]
pub struct WithdrawInvitation {
    /// The user who was invited.
    pub user: UserId,
    /// The caller.
    pub by: UserId,
}
