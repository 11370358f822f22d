//! Authentication with bearer tokens (JWT), verified only with the configured keys.
//!
//! The algorithm comes from the key, never from the token: a token that names another algorithm is
//! rejected. Keys inside a token (`jwk`, `jku`, `x5u`, `x5c`) are ignored. Every invalid token gets
//! the same `401`.

pub(crate) mod caller;
mod claims;
mod keys;
mod signing;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

pub use caller::{Admin, Caller};
pub use signing::sign_hs256;

use crate::problem::Problem;
use keys::VerificationKey;

/// How much the clocks of the issuer and of this machine may differ, in seconds.
pub const CLOCK_LEEWAY_SECONDS: u64 = 60;

/// The minimum length of an HS256 secret, in bytes. A secret shorter than the digest would be
/// easier to guess than a signature is to forge.
pub const MIN_SECRET_BYTES: usize = 32;

/// The maximum length of a token, in bytes. Our own tokens have about 200; the header block as a
/// whole is limited as well.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The number of verified tokens that are cached, about 3 MiB. A token that is not in the cache
/// costs one signature check.
const MAX_CACHED_TOKENS: usize = 16_384;

/// The reason why a key cannot be used or a token cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The HS256 secret is too short; holds its length in bytes.
    #[error("an HS256 secret must have at least {MIN_SECRET_BYTES} bytes; this one has {0}")]
    ShortSecret(usize),
    /// The text is not a key, or the key is of an unsupported type.
    #[error("{0}")]
    InvalidKey(String),
    /// The token could not be signed.
    #[error("cannot sign a token: {0}")]
    SigningFailed(String),
}

/// Verifies tokens. Cheap to clone; clones share the cache of verified tokens.
#[derive(Clone)]
pub struct Auth(Arc<Inner>);

struct Inner {
    keys: Vec<VerificationKey>,
    // Keyed by digest, so that the memory of this process does not contain valid tokens.
    verified_callers: Cache<[u8; 32], Arc<Caller>>,
}

impl Auth {
    /// Accepts tokens signed with a shared secret (HS256) of at least 32 bytes.
    pub fn hs256(secret: &[u8]) -> Result<Self, AuthError> {
        Ok(Self::with_keys(vec![VerificationKey::from_secret(secret)?]))
    }

    /// Accepts tokens signed with the private key of this PEM public key: Ed25519 (EdDSA), P-256
    /// (ES256) or RSA with at least 2,048 bits (RS256).
    pub fn public_key_pem(pem: &[u8]) -> Result<Self, AuthError> {
        Ok(Self::with_keys(vec![VerificationKey::from_pem(pem)?]))
    }

    /// Accepts tokens signed with one of the keys of this JWKS document (RFC 7517). Keys of other
    /// types or for other uses are ignored; it is an error if no key remains.
    pub fn jwks(json: &[u8]) -> Result<Self, AuthError> {
        Ok(Self::with_keys(VerificationKey::parse_jwks(json)?))
    }

    fn with_keys(keys: Vec<VerificationKey>) -> Self {
        Self(Arc::new(Inner {
            keys,
            verified_callers: Cache::new(MAX_CACHED_TOKENS),
        }))
    }

    /// The caller identified by this token, or the same `401` for every invalid token.
    pub fn verify(&self, token: &str) -> Result<Arc<Caller>, Problem> {
        self.find_caller(token).ok_or_else(Problem::unauthorized)
    }

    fn find_caller(&self, token: &str) -> Option<Arc<Caller>> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let now = unix_now();
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        if let Some(caller) = self.0.verified_callers.get(&digest) {
            if caller.is_current(now) {
                return Some(caller);
            }
            self.0.verified_callers.remove(&digest);
            return None;
        }
        let caller = Arc::new(claims::verify_token(token, &self.0.keys, now)?);
        self.0.verified_callers.insert(digest, caller.clone());
        Some(caller)
    }
}

/// The current time in seconds since 1970; 0 if the clock is set before 1970.
fn unix_now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
