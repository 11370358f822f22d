//! Revisions: how new the state in a slot is, compared with what is queued and what is durable.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

/// The revision of the state in a slot. Reloading a slot creates a new revision.
#[derive(Debug)]
pub(crate) struct Revision {
    /// The id of the stream in the log, 0 while the stream does not exist.
    stream_id: AtomicI64,
    /// The newest sequence, durable or still queued.
    sequence: AtomicI64,
    /// The sequence at which the state was loaded.
    loaded_sequence: AtomicI64,
    /// The newest durable sequence.
    durable_sequence: AtomicI64,
    /// The position of the last event of another process that has been applied.
    external_position: AtomicI64,
    /// The state differs from the log and must be reloaded.
    invalid: AtomicBool,
}

impl Revision {
    /// The revision of a state that is about to be loaded.
    pub(crate) fn unknown() -> Arc<Self> {
        Arc::new(Self {
            stream_id: AtomicI64::new(0),
            sequence: AtomicI64::new(0),
            loaded_sequence: AtomicI64::new(0),
            durable_sequence: AtomicI64::new(0),
            external_position: AtomicI64::new(0),
            invalid: AtomicBool::new(false),
        })
    }

    /// Records the stream and the sequence at which the state was loaded.
    pub(crate) fn set_loaded(&self, stream: i64, sequence: i64) {
        self.set_stream_id(stream);
        self.sequence.store(sequence, Ordering::Release);
        self.loaded_sequence.store(sequence, Ordering::Release);
        self.set_durable_sequence(sequence);
    }

    /// Whether an append after this sequence is the first one on the loaded state.
    pub(super) fn is_first_since_load(&self, sequence: i64) -> bool {
        self.loaded_sequence.load(Ordering::Acquire) == sequence
    }

    pub(crate) fn stream_id(&self) -> i64 {
        self.stream_id.load(Ordering::Acquire)
    }

    pub(crate) fn set_stream_id(&self, stream: i64) {
        self.stream_id.store(stream, Ordering::Release);
    }

    pub(crate) fn sequence(&self) -> i64 {
        self.sequence.load(Ordering::Acquire)
    }

    /// Counts events that have been queued on top of the state.
    pub(super) fn advance_queued(&self, events: i64) {
        self.sequence.fetch_add(events, Ordering::AcqRel);
    }

    pub(crate) fn durable_sequence(&self) -> i64 {
        self.durable_sequence.load(Ordering::Acquire)
    }

    pub(crate) fn set_durable_sequence(&self, sequence: i64) {
        self.durable_sequence.store(sequence, Ordering::Release);
    }

    pub(crate) fn is_invalid(&self) -> bool {
        self.invalid.load(Ordering::Acquire)
    }

    pub(crate) fn invalidate(&self) {
        self.invalid.store(true, Ordering::Release);
    }

    /// Records that the events of another process have been applied, up to this sequence and
    /// position.
    pub(crate) fn advance_external(&self, sequence: i64, position: i64) {
        self.sequence.store(sequence, Ordering::Release);
        self.durable_sequence.store(sequence, Ordering::Release);
        self.external_position.store(position, Ordering::Release);
    }

    /// Whether a decision made when the known head was `known` is still valid.
    pub(crate) fn unchanged_since(&self, known: i64) -> bool {
        !self.is_invalid() && self.external_position.load(Ordering::Acquire) <= known
    }
}
