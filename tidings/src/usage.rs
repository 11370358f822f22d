//! A mistake of the person at the terminal, as opposed to something that failed: exit code 2.

/// What was wrong, what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);
