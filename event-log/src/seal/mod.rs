//! Tamper evidence: the log is sealed every so many events or seconds.
//!
//! - [`leaf`]: the salted digest of one event.
//! - [`Seal`]: what commits to the events of a stretch and to the seal before; [`key`]: who signs it.
//! - [`sealer`]: makes them, beside the appends. [`store`]: where they are.
//! - `erasable`: what an event without its salt must be.
//! - [`verify`]: finds what is not as it was sealed, in the database or in an export.

mod erasable;
pub mod key;
pub mod leaf;
pub mod sealer;
pub mod store;
pub mod verify;

use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use leaf::{DIGEST, SALT};

/// A digest of 256 bits.
pub type Hash = [u8; 32];

/// What stands before the first seal.
pub const NOTHING: Hash = [0; 32];

/// What a seal's bytes begin with, so that the key signs nothing else by accident.
const CONTEXT: &[u8] = b"tidings seal v1\n";

/// One seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// 1, 2, 3, ...
    pub number: i64,
    /// The first position that it covers.
    pub first: i64,
    /// The last one.
    pub last: i64,
    /// When it was made.
    pub sealed_at: Timestamp,
    /// Of the seal before.
    #[serde(with = "as_hex")]
    pub previous: Vec<u8>,
    /// Of `digests`.
    #[serde(with = "as_hex")]
    pub root: Vec<u8>,
    /// Whose signature it is.
    #[serde(with = "as_hex")]
    pub public_key: Vec<u8>,
    /// Over the bytes of the seal.
    #[serde(with = "as_hex")]
    pub signature: Vec<u8>,
    /// One for each event, in order.
    #[serde(with = "as_hex")]
    pub salts: Vec<u8>,
    /// One for each event, in order.
    #[serde(with = "as_hex")]
    pub digests: Vec<u8>,
}

impl Seal {
    /// How many events it covers.
    pub fn events(&self) -> usize {
        usize::try_from(self.last - self.first + 1).unwrap_or(0)
    }

    /// What is signed: everything but salts, whose digests are in it, and the signature.
    pub fn bytes(&self, log_id: &str) -> Vec<u8> {
        let mut bytes = CONTEXT.to_vec();
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

    /// What the next seal names.
    pub fn hash(&self, log_id: &str) -> Hash {
        Sha256::digest(self.bytes(log_id)).into()
    }

    /// The salt of the event at a position; `None` if that is not covered, or the salt is gone with its content.
    pub fn salt(&self, position: i64) -> Option<&[u8]> {
        let at = self.index(position)? * SALT;
        let salt = self.salts.get(at..at + SALT)?;
        salt.iter().any(|byte| *byte != 0).then_some(salt)
    }

    /// The digest of the event at a position.
    pub fn digest(&self, position: i64) -> Option<&[u8]> {
        let at = self.index(position)? * DIGEST;
        self.digests.get(at..at + DIGEST)
    }

    fn index(&self, position: i64) -> Option<usize> {
        let is_covered = (self.first..=self.last).contains(&position);
        is_covered.then(|| usize::try_from(position - self.first).ok())?
    }
}

/// Of all digests of a seal.
pub fn root(digests: &[u8]) -> Hash {
    Sha256::digest(digests).into()
}

/// Bytes as hexadecimal digits in JSON.
mod as_hex {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&domain::hex::hex(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        domain::hex::from_hex(&text).ok_or_else(|| D::Error::custom("expected hexadecimal digits"))
    }
}
