//! What verification can find.

/// A deviation of the log from its seals.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealFinding {
    /// A seal is invalid, or does not follow from the previous one.
    #[error("seal {number}: {reason}")]
    BrokenSeal {
        /// The number of the seal.
        number: i64,
        /// What is wrong with the seal.
        reason: String,
    },
    /// A seal is signed with a key that is not trusted. Nothing else is known to be wrong with it.
    #[error("seal {number}: it is signed by {public_key}, which is not a trusted key")]
    UnknownKey {
        /// The number of the seal.
        number: i64,
        /// The key, in hexadecimal.
        public_key: String,
    },
    /// A sealed event is missing.
    #[error("position {position}: the sealed event is missing")]
    MissingEvent {
        /// The position of the event.
        position: i64,
    },
    /// An event is at another position than the one at which it was sealed.
    #[error(
        "position {position}: this event was moved here; it was sealed at position {sealed_at}"
    )]
    MovedEvent {
        /// The position of the event now.
        position: i64,
        /// The position at which it was sealed.
        sealed_at: i64,
    },
    /// The event at a sealed position is not the one that was sealed.
    #[error(
        "position {position}: this event differs from the sealed one: it was changed or inserted"
    )]
    AlteredEvent {
        /// The position of the event.
        position: i64,
    },
    /// The salt of an event is gone, but the event has not been erased.
    #[error(
        "position {position}: the salt is gone as for an erased event, but the content is present or no event \
         erased it"
    )]
    InvalidErasure {
        /// The position of the event.
        position: i64,
    },
}
