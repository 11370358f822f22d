//! What became of an attempt to push.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};

/// What became of an attempt to push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushOutcome {
    /// The provider accepted the push.
    Accepted,
    /// The provider says that the token is gone.
    Gone,
    /// The push was not accepted.
    Failed {
        /// Why, without the token.
        reason: String,
        /// Whose fault it is.
        kind: FailureKind,
        /// The wait that the provider requests.
        retry_after: Option<Duration>,
    },
}

/// Whose fault it is that a push was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The provider was not reached, or failed itself.
    Unavailable,
    /// There were too many pushes.
    Throttled,
    /// The keys or settings of this server are wrong, or lack.
    Misconfigured,
    /// The provider does not accept this push.
    Rejected,
}

impl PushOutcome {
    /// The name in metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Gone => "gone",
            Self::Failed { kind, .. } => match kind {
                FailureKind::Unavailable => "unavailable",
                FailureKind::Throttled => "throttled",
                FailureKind::Misconfigured => "misconfigured",
                FailureKind::Rejected => "rejected",
            },
        }
    }

    pub(crate) fn failed(kind: FailureKind, reason: impl Into<String>) -> Self {
        Self::Failed {
            reason: reason.into(),
            kind,
            retry_after: None,
        }
    }

    pub(crate) fn with_retry_after(mut self, headers: &HeaderMap) -> Self {
        if let Self::Failed { retry_after, .. } = &mut self {
            let value = headers.get(RETRY_AFTER);
            let seconds = value.and_then(|value| value.to_str().ok()?.trim().parse().ok());
            *retry_after = seconds.map(Duration::from_secs);
        }
        self
    }
}
