//! Verifies tokens and caches their callers.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use jsonwebtoken::decode_header;
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
use super::refetch::KeyRefetch;
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
    keys: Arc<TrustedKeys>,
    access: Arc<dyn AccessCheck>,
}

struct TrustedKeys {
    verifier: RwLock<Arc<Verifier>>,
    /// Set if the keys come from an address.
    refetch: OnceLock<Arc<KeyRefetch>>,
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

    /// Accepts no token, until [`Auth::replace`] brings keys.
    pub fn without_keys() -> Self {
        Self::with_keys(Vec::new())
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
        let verifier = Verifier {
            keys,
            policy,
            verified_callers: Cache::new(MAX_CACHED_TOKENS),
        };
        Self {
            keys: Arc::new(TrustedKeys {
                verifier: RwLock::new(Arc::new(verifier)),
                refetch: OnceLock::new(),
            }),
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
        self.keys
            .verifier
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Verifies with the keys and the policy of `other` from now on, in all clones. Tokens that
    /// only the earlier keys have signed are no longer accepted.
    pub fn replace(&self, other: &Self) {
        let verifier = other.verifier();
        let mut current = self
            .keys
            .verifier
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *current = verifier;
    }

    /// Lets tokens with an unknown key id ask for the keys to be fetched again. Returns what the
    /// task that fetches them waits on.
    pub fn enable_refetch(&self) -> Arc<KeyRefetch> {
        self.keys.refetch.get_or_init(Arc::default).clone()
    }

    /// If the keys come from an address and none of them may have signed this token: what waits
    /// until they are fetched again. `None` for every other token, and for those that come within a
    /// minute of such a fetch.
    pub fn refetch_for(&self, token: &str) -> Option<impl Future<Output = ()> + Send + use<>> {
        let refetch = self.keys.refetch.get()?;
        if self.verifier().may_know(token) {
            return None;
        }
        refetch.request()
    }

    /// Whether the keys come from an address.
    pub(crate) fn has_refetch(&self) -> bool {
        self.keys.refetch.get().is_some()
    }

    /// Verifies a token like [`Auth::verify`], and first waits for the keys if it names an unknown
    /// one. For tokens that come in a frame; the middleware waits for those of requests.
    pub async fn verify_with_refetch(&self, token: &str) -> Result<Arc<Caller>, Problem> {
        if let Some(fetched) = self.refetch_for(token) {
            fetched.await;
        }
        self.verify(token)
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
    /// Whether a key may have signed this token. What is no token needs no other keys.
    fn may_know(&self, token: &str) -> bool {
        if token.len() > MAX_TOKEN_BYTES {
            return true;
        }
        let Ok(header) = decode_header(token) else {
            return true;
        };
        header.kid.is_none() || self.keys.iter().any(|key| key.may_have_signed(&header))
    }

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
