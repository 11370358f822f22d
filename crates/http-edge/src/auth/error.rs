//! Why a key cannot be used.

/// The minimum length of an HS256 secret, in bytes. A secret shorter than the digest would be
/// easier to guess than a signature is to forge.
pub const MIN_SECRET_BYTES: usize = 32;

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

/// Checks the length of an HS256 secret.
pub(super) fn check_secret(secret: &[u8]) -> Result<(), AuthError> {
    if secret.len() < MIN_SECRET_BYTES {
        return Err(AuthError::ShortSecret(secret.len()));
    }
    Ok(())
}
