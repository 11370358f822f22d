//! Verification of one token: the signature with a configured key, then the claims.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Validation, decode, decode_header};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::caller::Caller;
use super::clock::CLOCK_LEEWAY_SECONDS;
use super::keys::VerificationKey;
use super::policy::TokenPolicy;
use super::refusal::TokenRefusal;
use super::scopes::Scopes;

/// The maximum length of a user id, in characters.
const MAX_USER_ID_CHARS: usize = 128;

/// The last second of the year 9999. A larger `exp` is not in seconds (most likely milliseconds).
const MAX_UNIX_SECONDS: u64 = 253_402_300_799;

/// Verifies the token with each key that may have signed it, then its claims.
pub(super) fn verify_token(
    token: &str,
    keys: &[VerificationKey],
    policy: &TokenPolicy,
    now: u64,
) -> Result<Caller, TokenRefusal> {
    let header = decode_header(token).map_err(|_| TokenRefusal::UNTRUSTED)?;
    // "crit" lists extensions that a verifier must support; we support none.
    if header.crit.is_some() {
        return Err(TokenRefusal::UNTRUSTED);
    }
    let mut refusal = TokenRefusal::UNTRUSTED;
    for key in keys.iter().filter(|key| key.may_have_signed(&header)) {
        match decode::<TokenClaims>(token, &key.decoding_key, &validation_for(key)) {
            Ok(token) => return token.claims.into_caller(policy, now),
            Err(error) => {
                let found = refusal_for(&error);
                if found != TokenRefusal::UNTRUSTED {
                    refusal = found;
                }
            }
        }
    }
    Err(refusal)
}

fn validation_for(key: &VerificationKey) -> Validation {
    let mut validation = Validation::new(key.algorithm);
    validation.leeway = CLOCK_LEEWAY_SECONDS;
    validation.validate_nbf = true;
    // The policy compares it.
    validation.validate_aud = false;
    validation
}

/// The library verifies the signature before it reads the claims.
fn refusal_for(error: &jsonwebtoken::errors::Error) -> TokenRefusal {
    match error.kind() {
        ErrorKind::ExpiredSignature => TokenRefusal::Expired,
        ErrorKind::ImmatureSignature => TokenRefusal::NOT_YET_VALID,
        ErrorKind::Json(_)
        | ErrorKind::MissingRequiredClaim(_)
        | ErrorKind::InvalidClaimFormat(_) => TokenRefusal::CLAIMS,
        _ => TokenRefusal::UNTRUSTED,
    }
}

#[derive(Deserialize)]
struct TokenClaims {
    sub: String,
    exp: NumericDate,
    #[serde(default)]
    nbf: Option<NumericDate>,
    #[serde(default)]
    iat: Option<NumericDate>,
    #[serde(default)]
    scope: String,
    // Of any type: without a policy, nothing depends on them.
    #[serde(default)]
    aud: Value,
    #[serde(default)]
    iss: Value,
}

impl TokenClaims {
    fn into_caller(self, policy: &TokenPolicy, now: u64) -> Result<Caller, TokenRefusal> {
        if !is_user_id(&self.sub) {
            return Err(TokenRefusal::CLAIMS);
        }
        let starts_at = self.nbf.as_ref().map_or(0, |nbf| nbf.seconds);
        if starts_at > now.saturating_add(CLOCK_LEEWAY_SECONDS) {
            return Err(TokenRefusal::NOT_YET_VALID);
        }
        if !policy.audiences.is_empty() && !names_one_of(&self.aud, &policy.audiences) {
            return Err(TokenRefusal::AUDIENCE);
        }
        if let Some(issuer) = &policy.issuer
            && self.iss.as_str() != Some(issuer)
        {
            return Err(TokenRefusal::ISSUER);
        }
        let caller = Caller {
            scopes: Scopes::parse(&self.scope, &policy.admin_scope),
            user: self.sub,
            expires_at: self.exp.seconds,
            issued_at_ms: self.iat.map_or(0, |iat| iat.millis),
            actor: None,
        };
        if caller.is_current(now) {
            Ok(caller)
        } else {
            Err(TokenRefusal::Expired)
        }
    }
}

/// Whether a text is a user id. The edge knows no domain, so it has its own copy of the rule.
pub(super) fn is_user_id(text: &str) -> bool {
    let length = text.chars().count();
    (1..=MAX_USER_ID_CHARS).contains(&length) && !text.chars().any(char::is_control)
}

/// Whether `aud`, a text or an array of texts, names one of these.
fn names_one_of(aud: &Value, audiences: &[String]) -> bool {
    let is_ours = |name: &Value| {
        name.as_str()
            .is_some_and(|name| audiences.iter().any(|ours| ours == name))
    };
    match aud {
        Value::Array(names) => names.iter().any(is_ours),
        name => is_ours(name),
    }
}

/// Seconds since 1970 (RFC 7519): a JSON number, integral or not; a numeric string is rejected.
struct NumericDate {
    /// Whole seconds.
    seconds: u64,
    /// The same in milliseconds, with the fraction.
    millis: u64,
}

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?;
        let millis = match number.as_u64() {
            Some(seconds) => seconds.checked_mul(1_000),
            None => number
                .as_f64()
                .filter(|seconds| (0.0..=MAX_UNIX_SECONDS as f64).contains(seconds))
                .map(|seconds| (seconds * 1_000.0).round() as u64),
        };
        match millis {
            Some(millis) if millis / 1_000 <= MAX_UNIX_SECONDS => Ok(Self {
                seconds: millis / 1_000,
                millis,
            }),
            _ => Err(serde::de::Error::custom("expected seconds since 1970")),
        }
    }
}
