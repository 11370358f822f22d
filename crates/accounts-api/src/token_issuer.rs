//! Issues tokens where this system has the secret that signs them.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_dir::TokenKeys;
use domain::time::Timestamp;
use http_edge::Problem;
use http_edge::auth::{AuthError, TokenPolicy, sign_at};

/// Signs tokens with the keys in use. Clones share the keys.
#[derive(Clone)]
pub struct TokenIssuer {
    keys: Arc<RwLock<TokenKeys>>,
    policy: TokenPolicy,
}

/// A token that was issued.
pub struct IssuedToken {
    /// The token.
    pub token: String,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl TokenIssuer {
    /// Signs with these keys, for this policy.
    pub fn new(keys: TokenKeys, policy: TokenPolicy) -> Self {
        Self {
            keys: Arc::new(RwLock::new(keys)),
            policy,
        }
    }

    /// The keys in use.
    pub fn keys(&self) -> TokenKeys {
        self.read().clone()
    }

    /// Uses other keys from now on.
    pub fn replace_keys(&self, keys: TokenKeys) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
    }

    /// Fails with `422 not_the_issuer` if somebody else issues the tokens of this system.
    pub fn check(&self) -> Result<(), Problem> {
        match self.read().signing_secret() {
            Ok(_) => Ok(()),
            Err(_) => Err(not_the_issuer()),
        }
    }

    /// The scope that opens the routes for administrators, which has a configured name.
    pub fn admin_scope(&self) -> &str {
        &self.policy.admin_scope
    }

    /// Issues a token that is newer than `after`.
    pub fn issue(
        &self,
        user: &str,
        scope: &str,
        ttl: Duration,
        after: Option<Timestamp>,
    ) -> Result<IssuedToken, Problem> {
        let issued_at = now().max(after.map_or(Duration::ZERO, after_millisecond));
        let keys = self.read();
        let secret = keys.signing_secret().map_err(|_| not_the_issuer())?;
        let signed = sign_at(
            secret.reveal().as_bytes(),
            &self.policy,
            user,
            scope,
            issued_at,
            ttl,
        );
        Ok(IssuedToken {
            token: signed.map_err(|error| signing_failed(&error))?,
            expires_at: to_timestamp(issued_at.as_secs().saturating_add(ttl.as_secs())),
        })
    }

    fn read(&self) -> RwLockReadGuard<'_, TokenKeys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn not_the_issuer() -> Problem {
    Problem::unprocessable(
        "not_the_issuer",
        "Tokens of this system are signed by another issuer, whose public key is configured. Get \
         one there.",
    )
}

fn signing_failed(error: &AuthError) -> Problem {
    tracing::error!(%error, "a token could not be signed");
    Problem::internal()
}

fn now() -> Duration {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default()
}

/// A time in seconds with a fraction may lose a millisecond on its way.
fn after_millisecond(time: Timestamp) -> Duration {
    Duration::from_millis(time.millis().saturating_add(2).unsigned_abs())
}

fn to_timestamp(seconds: u64) -> Timestamp {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    Timestamp::from_millis(seconds.saturating_mul(1_000))
}

#[cfg(test)]
mod tests {
    use data_dir::SecretString;
    use http_edge::Auth;

    use super::*;

    const SECRET: &str = "a secret of more than thirty-two bytes";

    fn issuer(keys: TokenKeys) -> TokenIssuer {
        TokenIssuer::new(keys, TokenPolicy::default())
    }

    #[test]
    fn a_token_is_valid_and_says_when_it_expires() {
        let issuer = issuer(TokenKeys::Shared(SecretString::new(SECRET)));
        assert!(issuer.check().is_ok());
        let ttl = Duration::from_secs(60);
        let Ok(token) = issuer.issue("ann", "admin", ttl, None) else {
            panic!("the secret signs");
        };
        let auth = Auth::hs256(SECRET.as_bytes()).expect("a secret");
        let caller = auth.verify(&token.token).expect("a valid token");
        assert_eq!((caller.user.as_str(), caller.is_admin()), ("ann", true));
        assert_eq!(
            token.expires_at.millis(),
            i64::try_from(caller.expires_at).expect("a time") * 1_000
        );
    }

    #[test]
    fn with_a_public_key_nothing_is_issued() {
        let issuer = issuer(TokenKeys::PublicKey(String::new()));
        for refused in [
            issuer.check().err(),
            issuer.issue("ann", "", Duration::from_secs(60), None).err(),
        ] {
            let problem = refused.expect("nothing signs");
            assert_eq!(
                (problem.status().as_u16(), problem.code()),
                (422, "not_the_issuer")
            );
        }
    }
}
