//! A request to restart a server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Asks the supervisor to restart an embedded server that runs but does not work any more. Cheap to
/// clone.
#[derive(Debug, Clone, Default)]
pub struct ServerRestart(Arc<AtomicBool>);

impl ServerRestart {
    /// Asks for a restart. The supervisor refuses while the disk of the server is full, and soon
    /// after the last restart; so ask again as long as the server does not work.
    pub fn request(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Takes the request, if there is one.
    pub(crate) fn take_request(&self) -> bool {
        self.0.swap(false, Ordering::AcqRel)
    }
}
