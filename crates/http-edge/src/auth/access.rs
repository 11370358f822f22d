//! What is decided about users after their tokens were issued: a token may be revoked, and a user
//! deactivated or banned.

use tokio::sync::watch;

use super::caller::Caller;
use crate::problem::Problem;

/// Decides whether the caller of a valid token may call.
pub trait AccessCheck: Send + Sync {
    /// Refuses a caller whose token is revoked, or who may not call at all.
    fn check(&self, caller: &Caller) -> Result<(), Problem>;

    /// A channel that yields whenever an answer of [`AccessCheck::check`] may have changed.
    fn subscribe(&self) -> watch::Receiver<u64>;
}

/// Every valid token is accepted.
pub(super) struct UncheckedAccess(pub(super) watch::Sender<u64>);

impl AccessCheck for UncheckedAccess {
    fn check(&self, _: &Caller) -> Result<(), Problem> {
        Ok(())
    }

    fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}
