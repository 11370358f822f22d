//! The salted digest of one event. It does not include the position, which follows from the place
//! of the digest in the seal; so an event that has been moved can be recognised.

use domain::envelope::Envelope;
use sha2::{Digest as _, Sha256};

/// The length of a salt, in bytes.
pub const SALT_BYTES: usize = 16;

/// The length of a digest, in bytes.
pub const DIGEST_BYTES: usize = 32;

/// The SHA-256 hash of the salt and every field, with texts prefixed by their length.
pub fn digest(salt: &[u8], event: &Envelope) -> [u8; DIGEST_BYTES] {
    let mut hash = Sha256::new();
    hash.update(salt);
    for text in [
        event.aggregate.as_str(),
        &event.aggregate_id,
        &event.event_type,
        event.data.get(),
    ] {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    for number in [event.sequence, event.version.into(), event.time.millis()] {
        hash.update(number.to_be_bytes());
    }
    // Only if there is one: the digests of events without an actor stay what they have always been.
    if let Some(actor) = &event.actor {
        hash.update(actor.as_bytes());
    }
    hash.finalize().into()
}
