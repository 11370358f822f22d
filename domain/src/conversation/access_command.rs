//! The commands about who can join a conversation, and who can take part in it.

use crate::ids::{JoinNote, SanctionReason, UserId};
use crate::link_code::LinkId;
use crate::time::Timestamp;

/// A command about access to a conversation.
#[derive(Debug, Clone)]
pub enum AccessCommand {
    /// Join, or ask to join.
    Join(JoinConversation),
    /// Admit a user who has asked to join.
    Admit(JoinDecision),
    /// Decline a join request. The users who asked withdraw their own.
    Decline(JoinDecision),
    /// Create a link by which users can join.
    CreateLink(CreateLink),
    /// End a link.
    EndLink(EndLink),
    /// Join by a link.
    JoinByLink(JoinByLink),
    /// Silence or ban a user.
    Sanction(SanctionUser),
    /// Lift a silence or a ban.
    Lift(LiftSanction),
}

/// The data of [`AccessCommand::Join`].
#[derive(Debug, Clone)]
pub struct JoinConversation {
    /// The caller.
    pub user: UserId,
    /// What the caller writes with a request.
    pub note: Option<JoinNote>,
    /// The current time.
    pub now: Timestamp,
}

/// The data of [`AccessCommand::Admit`] and [`AccessCommand::Decline`].
#[derive(Debug, Clone)]
pub struct JoinDecision {
    /// The user who has asked to join.
    pub user: UserId,
    /// The caller.
    pub by: UserId,
    /// The current time.
    pub now: Timestamp,
}

/// The data of [`AccessCommand::CreateLink`].
#[derive(Debug, Clone)]
pub struct CreateLink {
    /// The id, which no other link has.
    pub link: LinkId,
    /// How many users can join by it.
    pub max_uses: Option<u32>,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
    /// The caller.
    pub by: UserId,
    /// The current time.
    pub now: Timestamp,
}

/// The data of [`AccessCommand::EndLink`].
#[derive(Debug, Clone)]
pub struct EndLink {
    /// The link.
    pub link: LinkId,
    /// The caller.
    pub by: UserId,
}

/// The data of [`AccessCommand::JoinByLink`].
#[derive(Debug, Clone)]
pub struct JoinByLink {
    /// The link.
    pub link: LinkId,
    /// The caller.
    pub user: UserId,
    /// The current time.
    pub now: Timestamp,
}

/// What is done about a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SanctionKind {
    /// The user can read, but not write.
    Silence,
    /// The user is removed, and cannot come back.
    Ban,
}

/// The data of [`AccessCommand::Sanction`].
#[derive(Debug, Clone)]
pub struct SanctionUser {
    /// Silence or ban.
    pub kind: SanctionKind,
    /// The user.
    pub user: UserId,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    /// The reason that the caller gives.
    pub reason: Option<SanctionReason>,
    /// The caller.
    pub by: UserId,
    /// Whether the caller's token is that of a moderator, who need not be a member.
    pub by_moderator: bool,
    /// The current time.
    pub now: Timestamp,
}

/// The data of [`AccessCommand::Lift`].
#[derive(Debug, Clone)]
pub struct LiftSanction {
    /// Silence or ban.
    pub kind: SanctionKind,
    /// The user.
    pub user: UserId,
    /// The caller.
    pub by: UserId,
    /// Whether the caller's token is that of a moderator, who need not be a member.
    pub by_moderator: bool,
    /// The current time.
    pub now: Timestamp,
}
