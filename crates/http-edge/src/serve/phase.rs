//! The phase of a connection: what it is waiting for.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a connection is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConnectionPhase {
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
pub(super) struct PhaseTracker(AtomicU64);

/// The modulus that separates the phase code from the change counter.
const PHASE_CODES: u64 = 8;

impl PhaseTracker {
    pub(super) fn current(&self) -> ConnectionPhase {
        match self.version() % PHASE_CODES {
            0 => ConnectionPhase::FirstRequest,
            1 => ConnectionPhase::Headers,
            2 => ConnectionPhase::Response,
            3 => ConnectionPhase::NextRequest,
            _ => ConnectionPhase::Upgraded,
        }
    }

    /// The version of the phase, which differs from every earlier one once the phase has changed.
    pub(super) fn version(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn on_bytes_read(&self) {
        if matches!(
            self.current(),
            ConnectionPhase::FirstRequest | ConnectionPhase::NextRequest
        ) {
            self.set(1);
        }
    }

    pub(super) fn on_request_read(&self) {
        self.set(2);
    }

    pub(super) fn on_response_written(&self) {
        if self.current() != ConnectionPhase::Upgraded {
            self.set(3);
        }
    }

    pub(super) fn on_upgrade(&self) {
        self.set(4);
    }

    fn set(&self, code: u64) {
        let changes = self.version() / PHASE_CODES + 1;
        self.0
            .store(changes * PHASE_CODES + code, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_passes_through_its_phases() {
        let phase = PhaseTracker::default();
        assert_eq!(phase.current(), ConnectionPhase::FirstRequest);
        phase.on_bytes_read();
        assert_eq!(phase.current(), ConnectionPhase::Headers);
        let first = phase.version();
        phase.on_bytes_read();
        assert_eq!(
            phase.version(),
            first,
            "more headers do not restart the phase"
        );
        phase.on_request_read();
        phase.on_bytes_read();
        assert_eq!(phase.current(), ConnectionPhase::Response);
        phase.on_response_written();
        assert_eq!(phase.current(), ConnectionPhase::NextRequest);
        phase.on_bytes_read();
        assert_ne!(phase.version(), first);
        phase.on_request_read();
        phase.on_upgrade();
        phase.on_response_written();
        phase.on_bytes_read();
        assert_eq!(phase.current(), ConnectionPhase::Upgraded);
    }
}
