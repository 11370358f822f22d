//! The caller of a connection that outlives its request.

use std::sync::Arc;

use tokio::sync::watch;

use super::access::AccessCheck;
use super::caller::Caller;
use super::verifier::Auth;
use crate::problem::Problem;

/// Watches whether the caller of a long connection may continue.
pub struct CallerWatch {
    access: Arc<dyn AccessCheck>,
    caller: Caller,
    changes: watch::Receiver<u64>,
    /// Whether the caller was checked since the last change.
    is_checked: bool,
}

impl CallerWatch {
    /// Watches this caller.
    pub fn new(auth: &Auth, caller: Caller) -> Self {
        let access = auth.access();
        Self {
            changes: access.subscribe(),
            access,
            caller,
            is_checked: false,
        }
    }

    /// The caller.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Continues with a newer token of the same user.
    pub fn renew(&mut self, caller: Caller) {
        self.caller = caller;
        self.is_checked = false;
    }

    /// Refuses a caller who may no longer call.
    pub fn check(&mut self) -> Result<(), Problem> {
        if self.changes.has_changed().unwrap_or_default() {
            self.changes.mark_unchanged();
            self.is_checked = false;
        }
        if !self.is_checked {
            self.access.check(&self.caller)?;
            self.is_checked = true;
        }
        Ok(())
    }

    /// Waits until the caller is refused. Cancel-safe.
    pub async fn refused(&mut self) -> Problem {
        loop {
            if let Err(problem) = self.check() {
                return problem;
            }
            if self.changes.changed().await.is_err() {
                // The process is stopping; nothing changes anymore.
                std::future::pending::<()>().await;
            }
            self.is_checked = false;
        }
    }
}
