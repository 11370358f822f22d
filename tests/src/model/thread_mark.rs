//! What users choose and mark as read in threads.

/// What a user did with one thread.
#[derive(Debug, Clone, Default)]
pub struct ModelThreadMark {
    /// What the user chose last.
    pub choice: Option<ModelThreadChoice>,
    /// The last seq that the user marked as read.
    pub read_seq: i64,
}

/// That a user chose to follow a thread, or not to.
#[derive(Debug, Clone, Copy)]
pub struct ModelThreadChoice {
    /// To follow it.
    pub follow: bool,
    /// The head of the conversation at that time.
    pub head: i64,
    /// The position of the choice in the log.
    pub position: i64,
}
