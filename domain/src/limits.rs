//! The limits that bound commands. A deployment can override the documented defaults, so the limits
//! are passed in with each command instead of being constants in the rules.

/// The limits that the rules enforce.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The maximum size of a message body as compact JSON, in bytes.
    pub body_bytes: usize,
    /// The maximum number of users that one message may mention.
    pub mentions: usize,
    /// The maximum number of users that one command may name.
    pub users_per_command: usize,
    /// The maximum number of members in one group.
    pub group_members: usize,
    /// The maximum number of distinct reaction keys on one message.
    pub reaction_keys: usize,
    /// How long after sending a message its author may recall it, in milliseconds.
    pub recall_window_ms: i64,
    /// The maximum number of users that one mailbox may block.
    pub blocks: usize,
    /// The maximum number of contacts and requests of one mailbox.
    pub contacts: usize,
    /// The maximum number of invitations of one group that have not ended.
    pub invitations: usize,
    /// The maximum number of devices in one mailbox.
    pub devices: usize,
    /// The maximum number of devices in one mailbox that get pushes.
    pub push_registrations: usize,
    /// The maximum number of pending join requests of one group.
    pub join_requests: usize,
    /// The maximum number of links of one group that can still be used.
    pub links: usize,
    /// The maximum number of silences of one conversation, and of its bans.
    pub sanctions: usize,
    /// The maximum number of threads in one mailbox that its owner has followed, unfollowed or
    /// marked as read.
    pub threads: usize,
    /// The maximum number of scheduled messages in one mailbox that wait or failed.
    pub scheduled: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 64 * 1024,
            mentions: 50,
            users_per_command: 1_000,
            group_members: 100_000,
            reaction_keys: 100,
            recall_window_ms: 24 * 3_600 * 1_000,
            blocks: 10_000,
            contacts: 10_000,
            invitations: 1_000,
            devices: 1_000,
            push_registrations: 50,
            join_requests: 1_000,
            links: 100,
            sanctions: 10_000,
            threads: 100_000,
            scheduled: 1_000,
        }
    }
}
