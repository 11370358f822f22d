//! The salted digest of one event. Its position is not in it: that is said by the digest's place in the
//! seal, so that an event which has been moved is known again.

use domain::envelope::Envelope;
use sha2::{Digest as _, Sha256};

/// Bytes of a salt.
pub const SALT: usize = 16;

/// Bytes of a digest.
pub const DIGEST: usize = 32;

/// SHA-256 of the salt and every field, each text with its length before it.
pub fn digest(salt: &[u8], event: &Envelope) -> [u8; DIGEST] {
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
    hash.finalize().into()
}
