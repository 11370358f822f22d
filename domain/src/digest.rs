//! Fingerprints: 128 bits of SHA-256 over parts whose borders are part of the input.

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::Serializer;
use sha2::{Digest, Sha256};

/// The fingerprint of these parts, in this order. `["ab", "c"]` and `["a", "bc"]` differ.
pub fn of(parts: &[&[u8]]) -> u128 {
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

/// Writes a fingerprint as 32 hexadecimal digits: JSON numbers are not that wide everywhere.
/// With [`deserialize`] this makes the module a `#[serde(with)]`.
pub fn serialize<S: Serializer>(digest: &u128, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{digest:032x}"))
}

/// Reads what [`serialize`] wrote.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
    let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
    u128::from_str_radix(&text, 16).map_err(D::Error::custom)
}
