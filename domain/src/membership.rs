//! What the mailbox rules need to know about a membership. A conversation supplies it, and the
//! commands to a mailbox carry it as a lookup.

/// The state of a membership that the mailbox rules need; see `Conversation::membership_snapshot`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MembershipSnapshot {
    /// The newest seq of the conversation, 0 if there are no messages.
    pub head_seq: i64,
    /// The number of the membership period. Rejoining starts another period.
    pub stay: i64,
    /// The read mark that the conversation itself implies: the head at joining, or the member's
    /// own newest message of this period, whichever is later.
    pub read_floor: i64,
}
