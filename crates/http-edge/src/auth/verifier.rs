//! Verifies tokens and caches their callers.

use std::sync::{Arc, PoisonError, RwLock};

use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use super::access::{AccessCheck, UncheckedAccess};
use super::caller::Caller;
use super::claims;
use super::clock::unix_now;
use super::error::AuthError;
use super::keys::VerificationKey;
use super::policy::TokenPolicy;
use super::refusal::TokenRefusal;
use crate::problem::Problem;

/// The maximum length of a token, in bytes. Our own tokens have about 200; the header block as a
/// whole is limited as well.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The number of verified tokens that are cached, about 3 MiB. A token that is not in the cache
/// costs one signature check.
const MAX_CACHED_TOKENS: usize = 16_384;

/// Verifies tokens. Cheap to clone; clones share the keys and the cache of verified tokens.
#[derive(Clone)]
pub struct Auth {
    verifier: Arc<RwLock<Arc<Verifier>>>,
    access: Arc<dyn AccessCheck>,
}

/// Keys and a policy, and the tokens that they have verified.
struct Verifier {
    keys: Vec<VerificationKey>,
    policy: TokenPolicy,
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
        Self::new(keys, TokenPolicy::default())
    }

    /// Accepts only tokens that satisfy this policy.
    #[must_use]
    pub fn with_policy(self, policy: TokenPolicy) -> Self {
        Self::new(self.verifier().keys.clone(), policy)
    }

    fn new(keys: Vec<VerificationKey>, policy: TokenPolicy) -> Self {
        let verifier = Arc::new(Verifier {
            keys,
            policy,
            verified_callers: Cache::new(MAX_CACHED_TOKENS),
        });
        Self {
            verifier: Arc::new(RwLock::new(verifier)),
            access: Arc::new(UncheckedAccess(watch::Sender::default())),
        }
    }

    /// Accepts only callers that this check lets through. Clones made before do not have it.
    #[must_use]
    pub fn with_access(self, access: Arc<dyn AccessCheck>) -> Self {
        Self { access, ..self }
    }

    pub(super) fn access(&self) -> Arc<dyn AccessCheck> {
        self.access.clone()
    }

    /// Refuses a caller whose token was revoked after it was verified, or who may not call.
    pub(crate) fn check_access(&self, caller: &Caller) -> Result<(), Problem> {
        self.access.check(caller)
    }

    fn verifier(&self) -> Arc<Verifier> {
        self.verifier
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Verifies with the keys and the policy of `other` from now on, in all clones. Tokens that
    /// only the earlier keys have signed are no longer accepted.
    pub fn replace(&self, other: &Self) {
        let verifier = other.verifier();
        *self
            .verifier
            .write()
            .unwrap_or_else(PoisonError::into_inner) = verifier;
    }

    /// The caller identified by this token, or a `401` or `403` that says why it is refused.
    pub fn verify(&self, token: &str) -> Result<Arc<Caller>, Problem> {
        let caller = self.verifier().find_caller(token);
        let caller = caller.map_err(Problem::unauthorized)?;
        self.access.check(&caller)?;
        Ok(caller)
    }
}

impl Verifier {
    fn find_caller(&self, token: &str) -> Result<Arc<Caller>, TokenRefusal> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenRefusal::UNTRUSTED);
        }
        let now = unix_now();
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        if let Some(caller) = self.verified_callers.get(&digest) {
            if caller.is_current(now) {
                return Ok(caller);
            }
            self.verified_callers.remove(&digest);
            return Err(TokenRefusal::Expired);
        }
        let caller = claims::verify_token(token, &self.keys, &self.policy, now)?;
        let caller = Arc::new(caller);
        self.verified_callers.insert(digest, caller.clone());
        Ok(caller)
    }
}
