//! The phase of a connection: what it is waiting for.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a connection is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waiting {
    /// The first byte of the first request.
    FirstRequest,
    /// The remaining headers of a request.
    Headers,
    /// The server: the handler is running, or the response is being written.
    Response,
    /// The next request.
    NextRequest,
    /// Nothing: the connection is a WebSocket now, with its own pings.
    Upgraded,
}

/// The current phase with a change counter, so that two visits to the same phase differ. Only one
/// task reads and writes it, so relaxed memory ordering is enough.
#[derive(Default)]
pub(super) struct Phase(AtomicU64);

/// The modulus that separates the phase code from the change counter.
const CODES: u64 = 8;

impl Phase {
    pub(super) fn waiting(&self) -> Waiting {
        match self.stamp() % CODES {
            0 => Waiting::FirstRequest,
            1 => Waiting::Headers,
            2 => Waiting::Response,
            3 => Waiting::NextRequest,
            _ => Waiting::Upgraded,
        }
    }

    /// The version of the phase, which differs from every earlier one once the phase has changed.
    pub(super) fn stamp(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn bytes_read(&self) {
        if matches!(self.waiting(), Waiting::FirstRequest | Waiting::NextRequest) {
            self.set(1);
        }
    }

    pub(super) fn request_read(&self) {
        self.set(2);
    }

    pub(super) fn response_written(&self) {
        if self.waiting() != Waiting::Upgraded {
            self.set(3);
        }
    }

    pub(super) fn upgraded(&self) {
        self.set(4);
    }

    fn set(&self, code: u64) {
        let changes = self.stamp() / CODES + 1;
        self.0.store(changes * CODES + code, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_passes_through_its_phases() {
        let phase = Phase::default();
        assert_eq!(phase.waiting(), Waiting::FirstRequest);
        phase.bytes_read();
        assert_eq!(phase.waiting(), Waiting::Headers);
        let first = phase.stamp();
        phase.bytes_read();
        assert_eq!(
            phase.stamp(),
            first,
            "more headers do not restart the phase"
        );
        phase.request_read();
        phase.bytes_read();
        assert_eq!(phase.waiting(), Waiting::Response);
        phase.response_written();
        assert_eq!(phase.waiting(), Waiting::NextRequest);
        phase.bytes_read();
        assert_ne!(phase.stamp(), first);
        phase.request_read();
        phase.upgraded();
        phase.response_written();
        phase.bytes_read();
        assert_eq!(phase.waiting(), Waiting::Upgraded);
    }
}
