//! Verifies the tokens with which the server identifies itself to providers.

use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde_json::Value;

/// The header and the claims of a token, if the signature is valid. The audience is not checked
/// here, nor is an end required.
pub(super) fn verify(
    token: &str,
    key: &DecodingKey,
    algorithm: Algorithm,
) -> Result<(Header, Value), String> {
    let mut validation = Validation::new(algorithm);
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let header = decode_header(token).map_err(|error| error.to_string())?;
    let claims = decode::<Value>(token, key, &validation).map_err(|error| error.to_string())?;
    Ok((header, claims.claims))
}

/// The current time in seconds.
pub(super) fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |now| now.as_secs() as i64)
}
