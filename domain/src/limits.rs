//! Every number that bounds a command. The defaults are the documented ones; a deployment may
//! change them, so they travel with the command instead of being constants in the rules.

/// The bounds that the rules check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// A message's body as compact JSON, in bytes.
    pub body_bytes: usize,
    /// Users mentioned by one message.
    pub mentions: usize,
    /// Users named by one command.
    pub users_per_command: usize,
    /// Members of one group.
    pub group_members: usize,
    /// Different reaction keys on one message.
    pub reaction_keys: usize,
    /// How long an author may recall, in milliseconds after the send.
    pub recall_window_ms: i64,
    /// Users that one mailbox may block.
    pub blocks: usize,
    /// Devices that one mailbox remembers.
    pub devices: usize,
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
            devices: 1_000,
        }
    }
}
