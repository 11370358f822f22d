//! Verification of one token: the signature with a configured key, then the claims.

use jsonwebtoken::{Validation, decode, decode_header};
use serde::{Deserialize, Deserializer};

use super::caller::Caller;
use super::clock::CLOCK_LEEWAY_SECONDS;
use super::keys::VerificationKey;

/// The scope that grants access to the admin routes.
const ADMIN_SCOPE: &str = "admin";

/// The maximum length of a user id, in characters.
const MAX_USER_ID_CHARS: usize = 128;

/// The last second of the year 9999. A larger `exp` is not in seconds (most likely milliseconds).
const MAX_UNIX_SECONDS: u64 = 253_402_300_799;

/// Verifies the token with each key that may have signed it. `None` if it is invalid; the reason is
/// never revealed.
pub(super) fn verify_token(token: &str, keys: &[VerificationKey], now: u64) -> Option<Caller> {
    let header = decode_header(token).ok()?;
    // "crit" lists extensions that a verifier must support; we support none.
    if header.crit.is_some() {
        return None;
    }
    keys.iter()
        .filter(|key| key.may_have_signed(&header))
        .find_map(|key| decode::<TokenClaims>(token, &key.decoding_key, &validation_for(key)).ok())
        .and_then(|token| token.claims.into_caller(now))
}

fn validation_for(key: &VerificationKey) -> Validation {
    let mut validation = Validation::new(key.algorithm);
    validation.leeway = CLOCK_LEEWAY_SECONDS;
    validation.validate_nbf = true;
    // The audience is not part of the contract: the owner of the key decides who may call.
    validation.validate_aud = false;
    validation
}

#[derive(Deserialize)]
struct TokenClaims {
    sub: String,
    exp: NumericDate,
    #[serde(default)]
    nbf: Option<NumericDate>,
    #[serde(default)]
    scope: String,
}

impl TokenClaims {
    fn into_caller(self, now: u64) -> Option<Caller> {
        let length = self.sub.chars().count();
        if length == 0 || length > MAX_USER_ID_CHARS || self.sub.chars().any(char::is_control) {
            return None;
        }
        if self
            .nbf
            .is_some_and(|nbf| nbf.0 > now.saturating_add(CLOCK_LEEWAY_SECONDS))
        {
            return None;
        }
        let admin = self
            .scope
            .split_ascii_whitespace()
            .any(|scope| scope == ADMIN_SCOPE);
        let caller = Caller {
            user: self.sub,
            admin,
            expires_at: self.exp.0,
        };
        caller.is_current(now).then_some(caller)
    }
}

/// Seconds since 1970 (RFC 7519): a JSON number, integral or not; a numeric string is rejected.
struct NumericDate(u64);

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?;
        let whole = number.as_u64().or_else(|| {
            let float = number.as_f64()?;
            (0.0..=MAX_UNIX_SECONDS as f64)
                .contains(&float)
                .then_some(float as u64)
        });
        match whole {
            Some(seconds) if seconds <= MAX_UNIX_SECONDS => Ok(Self(seconds)),
            _ => Err(serde::de::Error::custom("expected seconds since 1970")),
        }
    }
}
