//! The outcome of a step.

/// The outcome of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexingOutcome {
    /// The index is now complete up to this position.
    Advanced {
        /// The position.
        position: u64,
        /// More changes are pending: call the next step without waiting.
        has_more: bool,
    },
    /// There was nothing to do.
    UpToDate,
    /// An index is being built. The old one, if there is one, is served.
    Building,
    /// Another process is the writer.
    Standby,
}
