//! Token signing, for `tidings token` and for tests. Other issuers sign their own tokens.

use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;

use super::clock::unix_now;
use super::error::{AuthError, check_secret};

#[derive(Serialize)]
struct IssuedClaims<'a> {
    sub: &'a str,
    iat: u64,
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
    check_secret(secret)?;
    let iat = unix_now();
    let claims = IssuedClaims {
        sub: user,
        iat,
        exp: iat.saturating_add(ttl.as_secs()),
        scope,
    };
    encode(
        &Header::new(Algorithm::HS256),
        &claims,
        &EncodingKey::from_secret(secret),
    )
    .map_err(|error| AuthError::SigningFailed(error.to_string()))
}
