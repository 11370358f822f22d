//! The result of folding an event.

/// Why an event cannot be folded.
#[derive(Debug)]
pub(crate) enum FoldError {
    /// The event contradicts earlier events, so it is parked.
    Poison(String),
    /// According to the tables the event was folded before: they do not match the checkpoint.
    Corruption(String),
}

impl From<&str> for FoldError {
    fn from(reason: &str) -> Self {
        Self::Poison(reason.to_owned())
    }
}

impl From<String> for FoldError {
    fn from(reason: String) -> Self {
        Self::Poison(reason)
    }
}

impl From<serde_json::Error> for FoldError {
    fn from(error: serde_json::Error) -> Self {
        Self::Poison(format!("its entry cannot be written: {error}"))
    }
}

/// The result of folding an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FoldOutcome {
    Folded,
    /// Parked because it refers to this source, which has a parked event.
    Blocked(String),
}
