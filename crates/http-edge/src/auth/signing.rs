//! Token signing, for `tidings token` and for tests. Other issuers sign their own tokens.

use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;

use super::clock::unix_time;
use super::error::{AuthError, check_secret};
use super::policy::TokenPolicy;

#[derive(Serialize)]
struct IssuedClaims<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    sub: &'a str,
    // With its milliseconds, so that a token issued just after a revocation is not taken for an
    // earlier one.
    iat: f64,
    exp: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    scope: &'a str,
}

/// Signs a token for `user` that expires after `ttl`. `scope` is space-separated and may be empty.
pub fn sign_hs256(
    secret: &[u8],
    user: &str,
    scope: &str,
    ttl: Duration,
) -> Result<String, AuthError> {
    sign_for_policy(secret, &TokenPolicy::default(), user, scope, ttl)
}

/// Signs a token like [`sign_hs256`], with the audience and the issuer that the policy demands.
pub fn sign_for_policy(
    secret: &[u8],
    policy: &TokenPolicy,
    user: &str,
    scope: &str,
    ttl: Duration,
) -> Result<String, AuthError> {
    sign_at(secret, policy, user, scope, unix_time(), ttl)
}

/// Signs a token that was issued at this time since 1970, in milliseconds.
pub fn sign_at(
    secret: &[u8],
    policy: &TokenPolicy,
    user: &str,
    scope: &str,
    issued_at: Duration,
    ttl: Duration,
) -> Result<String, AuthError> {
    check_secret(secret)?;
    let claims = IssuedClaims {
        aud: policy.audiences.first().map(String::as_str),
        iss: policy.issuer.as_deref(),
        sub: user,
        iat: issued_at.as_millis() as f64 / 1_000.0,
        exp: issued_at.as_secs().saturating_add(ttl.as_secs()),
        scope,
    };
    encode(
        &Header::new(Algorithm::HS256),
        &claims,
        &EncodingKey::from_secret(secret),
    )
    .map_err(|error| AuthError::SigningFailed(error.to_string()))
}
