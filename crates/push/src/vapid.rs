//! Identifies the server to the push services of browsers (VAPID, RFC 8292).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::SecretKey;
use p256::ecdsa::SigningKey;
use p256::elliptic_curve::rand_core::OsRng;
use p256::elliptic_curve::sec1::ToEncodedPoint as _;
use reqwest::Url;
use serde_json::json;
use sqlx::PgPool;

use crate::jwt;

/// How long a JWT is valid, in seconds: half of the longest that push services accept.
const JWT_VALIDITY: i64 = 12 * 3_600;

/// The private key of the server.
#[derive(Clone)]
pub struct VapidKey(SecretKey);

/// The text is no private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a private key on P-256: 32 bytes in base64url, as `npx web-push` prints it")]
pub struct InvalidVapidKeyError;

impl VapidKey {
    /// Reads a private key: 32 bytes in base64url.
    pub fn parse(text: &str) -> Result<Self, InvalidVapidKeyError> {
        let text = text.trim().trim_end_matches('=');
        let bytes = URL_SAFE_NO_PAD.decode(text);
        Self::from_bytes(&bytes.map_err(|_| InvalidVapidKeyError)?)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidVapidKeyError> {
        let key = SecretKey::from_slice(bytes);
        key.map(Self).map_err(|_| InvalidVapidKeyError)
    }

    /// Loads the key that all processes share, and makes it if there is none.
    pub async fn load_or_create(pool: &PgPool) -> Result<Self, sqlx::Error> {
        let fresh = SecretKey::random(&mut OsRng).to_bytes();
        sqlx::query("INSERT INTO push.vapid_key (private_key) VALUES ($1) ON CONFLICT DO NOTHING")
            .bind(&fresh[..])
            .execute(pool)
            .await?;
        let stored: Vec<u8> = sqlx::query_scalar("SELECT k.private_key FROM push.vapid_key k")
            .fetch_one(pool)
            .await?;
        Self::from_bytes(&stored).map_err(|error| sqlx::Error::Decode(error.into()))
    }

    /// The public key, as `applicationServerKey` of a browser takes it: an uncompressed point in
    /// base64url.
    pub fn public_key(&self) -> String {
        let point = self.0.public_key().to_encoded_point(false);
        URL_SAFE_NO_PAD.encode(point.as_bytes())
    }
}

/// Where the operators of push services reach the operator of this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VapidSubject(String);

impl VapidSubject {
    /// Reads a `mailto:` or `https:` address. The error says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let is_address = Url::parse(text)
            .is_ok_and(|url| matches!(url.scheme(), "mailto" | "https") && text.len() <= 200);
        is_address.then(|| Self(text.to_owned())).ok_or_else(|| {
            "expected an address such as mailto:ops@example.com or https://example.com".into()
        })
    }
}

/// Signs requests to push services.
pub(crate) struct Vapid {
    key: SigningKey,
    public_key: String,
    subject: Option<VapidSubject>,
}

impl Vapid {
    pub(crate) fn new(key: &VapidKey, subject: Option<VapidSubject>) -> Self {
        Self {
            key: SigningKey::from(&key.0),
            public_key: key.public_key(),
            subject,
        }
    }

    /// The header `Authorization` of a request to this endpoint.
    pub(crate) fn authorize(&self, endpoint: &Url, now: i64) -> String {
        let mut claims = json!({
            "aud": endpoint.origin().ascii_serialization(),
            "exp": now + JWT_VALIDITY,
        });
        if let Some(VapidSubject(subject)) = &self.subject {
            claims["sub"] = subject.clone().into();
        }
        let header = json!({"typ": "JWT", "alg": "ES256"});
        let token = jwt::sign_es256(&self.key, &header, &claims);
        format!("vapid t={token}, k={}", self.public_key)
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
    use serde_json::Value;
    use test_database::TestDatabase;

    use super::*;

    /// The key of the example in RFC 8292, section 2.4, is public only; this one is made up.
    const KEY: &str = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";

    #[test]
    fn another_library_verifies_what_is_signed() {
        let key = VapidKey::parse(KEY).unwrap();
        let subject = VapidSubject::parse("mailto:ops@example.com").unwrap();
        let vapid = Vapid::new(&key, Some(subject));
        let endpoint = Url::parse("https://push.example.net/send/abc?x=1").unwrap();
        let now = time::OffsetDateTime::now_utc().unix_timestamp();
        let header = vapid.authorize(&endpoint, now);
        let (token, public) = header
            .strip_prefix("vapid t=")
            .unwrap()
            .split_once(", k=")
            .unwrap();
        assert_eq!(public, key.public_key());
        let point = URL_SAFE_NO_PAD.decode(public).unwrap();
        let (x, y) = point[1..].split_at(32);
        let encode = |part| URL_SAFE_NO_PAD.encode(part);
        let decoding = DecodingKey::from_ec_components(&encode(x), &encode(y)).unwrap();
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_audience(&["https://push.example.net"]);
        let claims = decode::<Value>(token, &decoding, &validation)
            .unwrap()
            .claims;
        assert_eq!(claims["sub"], "mailto:ops@example.com");
        assert_eq!(claims["exp"], now + JWT_VALIDITY);
    }

    #[test]
    fn only_keys_and_addresses_are_accepted() {
        assert!(VapidKey::parse(&format!("{KEY}=")).is_ok());
        for bad in ["", "abc", &"A".repeat(43), &"_".repeat(43)] {
            assert!(VapidKey::parse(bad).is_err(), "{bad}");
        }
        assert!(VapidSubject::parse("https://example.com").is_ok());
        for bad in ["ops@example.com", "http://example.com", ""] {
            assert!(VapidSubject::parse(bad).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn all_processes_use_the_key_that_the_first_has_made() {
        let database = TestDatabase::migrated("push").await;
        let (first, second) = tokio::join!(
            VapidKey::load_or_create(&database.pool),
            VapidKey::load_or_create(&database.pool),
        );
        let key = first.unwrap().public_key();
        assert_eq!(second.unwrap().public_key(), key);
        let later = VapidKey::load_or_create(&database.pool).await.unwrap();
        assert_eq!(later.public_key(), key);
        database.close().await;
    }
}
