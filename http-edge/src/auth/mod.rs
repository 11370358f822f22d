//! Who is calling: bearer tokens (JWT), verified with keys that were configured, and no others.
//!
//! The algorithm comes from the key, never from the token: a token that names another is refused,
//! and so are the ways in which a token may bring a key of its own (`jwk`, `jku`, `x5u`, `x5c` are
//! not looked at). Whatever is wrong, the answer is the same `401`.

pub(crate) mod caller;
mod claims;
mod keys;
mod sign;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

pub use caller::{Admin, Caller};
pub use sign::sign_hs256;

use crate::problem::Problem;
use keys::Key;

/// Seconds by which the clocks of the issuer and of this machine may differ.
pub const LEEWAY_SECONDS: u64 = 60;

/// Bytes of an HS256 secret: fewer than the digest's own would be easier to guess than to forge.
pub const MIN_SECRET_BYTES: usize = 32;

/// Bytes of a token. Ours have some 200; the header block as a whole is bounded anyway.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Verified tokens that are remembered, about 3 MiB. A client that is not among them costs one
/// signature check.
const REMEMBERED_TOKENS: usize = 16_384;

/// Why a key cannot be used. Seen at start only, by the operator.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The secret can be guessed.
    #[error("an HS256 secret has at least {MIN_SECRET_BYTES} bytes; this one has {0}")]
    ShortSecret(usize),
    /// Not a key, or not of a kind that is taken.
    #[error("{0}")]
    Key(String),
    /// The token could not be signed.
    #[error("cannot sign a token: {0}")]
    Sign(String),
}

/// Verifies tokens. Cheap to clone; the clones share what they have verified.
#[derive(Clone)]
pub struct Auth(Arc<Inner>);

struct Inner {
    keys: Vec<Key>,
    // By digest, so that the memory of this process is not a list of live tokens.
    verified: Cache<[u8; 32], Arc<Caller>>,
}

impl Auth {
    /// Tokens signed with a shared secret (HS256), of at least 32 bytes.
    pub fn hs256(secret: &[u8]) -> Result<Self, AuthError> {
        Ok(Self::with_keys(vec![Key::secret(secret)?]))
    }

    /// Tokens signed with the private half of this PEM public key: Ed25519 (EdDSA), P-256 (ES256)
    /// or RSA of 2,048 bits or more (RS256).
    pub fn public_key_pem(pem: &[u8]) -> Result<Self, AuthError> {
        Ok(Self::with_keys(vec![Key::pem(pem)?]))
    }

    /// Tokens signed with one of the keys of this JWKS document (RFC 7517). Keys of other kinds or
    /// for other uses are passed over; it is an error if none is left.
    pub fn jwks(json: &[u8]) -> Result<Self, AuthError> {
        Ok(Self::with_keys(Key::jwks(json)?))
    }

    fn with_keys(keys: Vec<Key>) -> Self {
        Self(Arc::new(Inner {
            keys,
            verified: Cache::new(REMEMBERED_TOKENS),
        }))
    }

    /// Who holds this token, or always the same `401`.
    pub fn verify(&self, token: &str) -> Result<Arc<Caller>, Problem> {
        self.identify(token).ok_or_else(Problem::unauthorized)
    }

    fn identify(&self, token: &str) -> Option<Arc<Caller>> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let now = unix_now();
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        if let Some(caller) = self.0.verified.get(&digest) {
            if caller.is_current(now) {
                return Some(caller);
            }
            self.0.verified.remove(&digest);
            return None;
        }
        let caller = Arc::new(claims::verify(token, &self.0.keys, now)?);
        self.0.verified.insert(digest, caller.clone());
        Some(caller)
    }
}

/// Seconds since 1970. A clock before that is as good as 1970: every token is then in its future.
fn unix_now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
