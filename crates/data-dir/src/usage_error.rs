//! Mistakes in the invocation (exit code 2), as opposed to failures (exit code 1).

/// An invalid invocation. The message says what was wrong and what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);
