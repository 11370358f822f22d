//! Tamper evidence: the log is sealed after a number of events or a time interval.
//!
//! - [`leaf`]: the salted digest of one event.
//! - [`Seal`]: the signed commitment to the events of a range and to the previous seal; [`key`]:
//!   the key that signs it.
//! - [`sealer`]: creates seals, independently of appends. [`store`]: reads and writes them.
//! - `erasable_content`: the rules for events whose salt has been erased.
//! - [`verify`]: checks events, from the database or an export, against the seals; `finding`: what
//!   it reports.

mod erasable_content;
mod finding;
pub mod key;
pub mod leaf;
pub mod sealer;
pub mod store;
pub mod verify;

use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use leaf::{DIGEST_BYTES, SALT_BYTES};

/// A digest of 256 bits.
pub type Hash = [u8; 32];

/// The previous hash of the first seal.
pub const GENESIS: Hash = [0; 32];

/// The prefix of the signed bytes, so that the key cannot sign anything else by accident.
const SIGNING_CONTEXT: &[u8] = b"tidings seal v1\n";

/// A signed commitment to the events of a range of positions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// The number of the seal: 1, 2, 3, ...
    pub number: i64,
    /// The first position that it covers.
    pub first: i64,
    /// The last position that it covers.
    pub last: i64,
    /// When the seal was created.
    pub sealed_at: Timestamp,
    /// The hash of the previous seal.
    #[serde(with = "as_hex")]
    pub previous: Vec<u8>,
    /// The hash of `digests`.
    #[serde(with = "as_hex")]
    pub root: Vec<u8>,
    /// The public key that verifies the signature.
    #[serde(with = "as_hex")]
    pub public_key: Vec<u8>,
    /// The signature of the signed bytes of the seal.
    #[serde(with = "as_hex")]
    pub signature: Vec<u8>,
    /// The salts of the events, in order. The salt of an erased event is zeroed.
    #[serde(with = "as_hex")]
    pub salts: Vec<u8>,
    /// The digests of the events, in order.
    #[serde(with = "as_hex")]
    pub digests: Vec<u8>,
}

impl Seal {
    /// The number of events that the seal covers.
    pub fn event_count(&self) -> usize {
        usize::try_from(self.last - self.first + 1).unwrap_or(0)
    }

    /// The bytes that are signed: everything except the signature, the digests, which the root
    /// covers, and the salts, which the digests cover.
    pub fn signed_bytes(&self, log_id: &str) -> Vec<u8> {
        let mut bytes = SIGNING_CONTEXT.to_vec();
        bytes.extend((log_id.len() as u64).to_be_bytes());
        bytes.extend(log_id.as_bytes());
        for number in [self.number, self.first, self.last, self.sealed_at.millis()] {
            bytes.extend(number.to_be_bytes());
        }
        bytes.extend(&self.previous);
        bytes.extend(&self.root);
        bytes.extend(&self.public_key);
        bytes
    }

    /// The hash of the seal, which the next seal contains.
    pub fn hash(&self, log_id: &str) -> Hash {
        Sha256::digest(self.signed_bytes(log_id)).into()
    }

    /// The salt of the event at a position; `None` if the seal does not cover the position, or if
    /// the salt has been erased.
    pub fn salt(&self, position: i64) -> Option<&[u8]> {
        let at = self.leaf_index(position)? * SALT_BYTES;
        let salt = self.salts.get(at..at + SALT_BYTES)?;
        salt.iter().any(|byte| *byte != 0).then_some(salt)
    }

    /// The digest of the event at a position; `None` if the seal does not cover the position.
    pub fn digest(&self, position: i64) -> Option<&[u8]> {
        let at = self.leaf_index(position)? * DIGEST_BYTES;
        self.digests.get(at..at + DIGEST_BYTES)
    }

    fn leaf_index(&self, position: i64) -> Option<usize> {
        let is_covered = (self.first..=self.last).contains(&position);
        is_covered.then(|| usize::try_from(position - self.first).ok())?
    }
}

/// Computes the root: the hash of all digests of a seal.
pub fn compute_root(digests: &[u8]) -> Hash {
    Sha256::digest(digests).into()
}

/// Bytes as hexadecimal digits in JSON.
mod as_hex {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&domain::hex::to_hex(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        domain::hex::from_hex(&text).ok_or_else(|| D::Error::custom("expected hexadecimal digits"))
    }
}
