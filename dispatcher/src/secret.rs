//! Signatures, as the Standard Webhooks convention has them:
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

const PREFIX: &str = "whsec_";

/// Bytes of a key, as the convention asks for.
const SHORTEST: usize = 24;
const LONGEST: usize = 64;

/// The key that a webhook's deliveries are signed with. Not shown in debug output.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

/// Text that is not a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a webhook's secret is whsec_ and the base64 of {SHORTEST} to {LONGEST} bytes")]
pub struct InvalidSecret;

impl Secret {
    /// A new one: 32 bytes, of which 244 bits are the system's randomness.
    pub fn generate() -> Self {
        let halves = [Uuid::new_v4(), Uuid::new_v4()];
        Self(halves.iter().flat_map(|half| *half.as_bytes()).collect())
    }

    /// From its text.
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        let key = text
            .strip_prefix(PREFIX)
            .and_then(|rest| STANDARD.decode(rest).ok());
        key.filter(|key| (SHORTEST..=LONGEST).contains(&key.len()))
            .map(Self)
            .ok_or(InvalidSecret)
    }

    /// Its text: `whsec_...`.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// The header `webhook-signature` of a delivery. `timestamp` is in seconds since 1970.
    pub fn signature(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        // A key of any length will do, so this cannot fail.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            return String::new();
        };
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_convention_has_its_signature() {
        // From the reference implementations' tests.
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = secret.signature(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_is_long_enough_and_comes_back() {
        let secret = Secret::generate();
        assert_eq!(Secret::parse(&secret.reveal()), Ok(secret.clone()));
        assert_ne!(secret, Secret::generate());
        assert!(!format!("{secret:?}").contains(&secret.reveal()[PREFIX.len()..]));
        for text in [
            "",
            "whsec_",
            "whsec_c2hvcnQ=",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_???",
        ] {
            assert_eq!(Secret::parse(text), Err(InvalidSecret), "{text}");
        }
    }
}
