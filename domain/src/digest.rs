//! Fingerprints: the first 128 bits of SHA-256 over length-prefixed parts.

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::Serializer;
use sha2::{Digest, Sha256};

/// Computes the fingerprint of `parts`, in this order. Each part is prefixed with its length, so
/// `["ab", "c"]` and `["a", "bc"]` have different fingerprints.
pub fn fingerprint(parts: &[&[u8]]) -> u128 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let full: [u8; 32] = hash.finalize().into();
    let mut half = [0; 16];
    half.copy_from_slice(&full[..16]);
    u128::from_be_bytes(half)
}

/// Serializes a fingerprint as 32 hexadecimal digits, because many JSON parsers cannot represent a
/// 128-bit number. Together with [`deserialize`] it lets the module be used in `#[serde(with)]`.
pub fn serialize<S: Serializer>(digest: &u128, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{digest:032x}"))
}

/// Deserializes a fingerprint written by [`serialize`].
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
    let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
    u128::from_str_radix(&text, 16).map_err(D::Error::custom)
}
