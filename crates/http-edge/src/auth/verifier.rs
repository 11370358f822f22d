//! Verifies tokens and caches their callers.

use std::sync::Arc;

use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use super::caller::Caller;
use super::claims;
use super::clock::unix_now;
use super::error::AuthError;
use super::keys::VerificationKey;
use crate::problem::Problem;

/// The maximum length of a token, in bytes. Our own tokens have about 200; the header block as a
/// whole is limited as well.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The number of verified tokens that are cached, about 3 MiB. A token that is not in the cache
/// costs one signature check.
const MAX_CACHED_TOKENS: usize = 16_384;

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
