//! The interface to the events of one aggregate.

use cqrs_es::DomainEvent;
use serde_json::value::RawValue;

/// Why an event cannot be decoded: unknown type, unknown version, or data that does not match the
/// schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot decode event {event_type} version {version}: {reason}")]
pub struct EventDecodeError {
    /// The stored event type.
    pub event_type: String,
    /// The stored version.
    pub version: i16,
    /// What is wrong with the event.
    pub reason: String,
}

impl EventDecodeError {
    pub(super) fn new(event_type: &str, version: i16, reason: &str) -> Self {
        Self {
            event_type: event_type.to_owned(),
            version,
            reason: reason.to_owned(),
        }
    }
}

/// An event type and the version in which it is currently written. All versions from 1 up can be
/// decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventType {
    /// The name in the log.
    pub name: &'static str,
    /// The current version.
    pub version: i16,
}

/// The events of one aggregate: their names, versions, encoding and decoding.
pub trait EventFamily: DomainEvent + Sized {
    /// Every event type of the family.
    const TYPES: &'static [EventType];

    /// The name in the log: past tense, snake_case.
    fn name(&self) -> &'static str;

    /// The version in which this event is currently written.
    fn version(&self) -> i16;

    /// Encodes the data as JSON, as the log stores it and the stream carries it.
    fn encode(&self) -> Result<Box<RawValue>, serde_json::Error>;

    /// Decodes an event of any version ever written.
    fn decode(event_type: &str, version: i16, data: &[u8]) -> Result<Self, EventDecodeError>;
}
