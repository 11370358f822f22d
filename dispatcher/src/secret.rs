//! Signatures of deliveries, as Standard Webhooks defines them:
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

const SECRET_PREFIX: &str = "whsec_";

/// The minimum and maximum length of a key in bytes, as Standard Webhooks requires.
const MIN_KEY_BYTES: usize = 24;
const MAX_KEY_BYTES: usize = 64;

/// The key that signs deliveries. Debug output does not reveal it.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(Vec<u8>);

/// The text is not a valid secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a webhook secret must be whsec_ and the base64 of {MIN_KEY_BYTES} to {MAX_KEY_BYTES} bytes"
)]
pub struct SigningSecretError;

impl SigningSecret {
    /// Generates a new secret: 32 bytes, of which 244 bits are system randomness.
    pub fn generate() -> Self {
        let halves = [Uuid::new_v4(), Uuid::new_v4()];
        Self(halves.iter().flat_map(|half| *half.as_bytes()).collect())
    }

    /// Parses a secret from its text form, `whsec_...`.
    pub fn parse(text: &str) -> Result<Self, SigningSecretError> {
        let key = text
            .strip_prefix(SECRET_PREFIX)
            .and_then(|rest| STANDARD.decode(rest).ok());
        key.filter(|key| (MIN_KEY_BYTES..=MAX_KEY_BYTES).contains(&key.len()))
            .map(Self)
            .ok_or(SigningSecretError)
    }

    /// Returns the text form, `whsec_...`, which reveals the secret.
    pub fn reveal(&self) -> String {
        format!("{SECRET_PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// Computes the header `webhook-signature` of a delivery. `timestamp` is in seconds since 1970.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        // HMAC accepts keys of any length, so this cannot fail.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            return String::new();
        };
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_the_reference_example_correctly() {
        // From the tests of the reference implementations.
        let secret = SigningSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = secret.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn secrets_round_trip_and_invalid_ones_are_rejected() {
        let secret = SigningSecret::generate();
        assert_eq!(SigningSecret::parse(&secret.reveal()), Ok(secret.clone()));
        assert_ne!(secret, SigningSecret::generate());
        assert!(!format!("{secret:?}").contains(&secret.reveal()[SECRET_PREFIX.len()..]));
        for text in [
            "",
            "whsec_",
            "whsec_c2hvcnQ=",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_???",
        ] {
            assert_eq!(
                SigningSecret::parse(text),
                Err(SigningSecretError),
                "{text}"
            );
        }
    }
}
