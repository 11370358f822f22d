//! The keys that verify tokens. Each key has exactly one algorithm.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header};
use serde::Deserialize;

use super::error::{AuthError, check_secret};

/// The maximum number of keys in a JWKS document. A token without a key id may cost one signature
/// check per key.
const MAX_JWKS_KEYS: usize = 32;

/// The minimum length of an RSA modulus, in bytes: 2,048 bits.
const MIN_RSA_BYTES: usize = 256;

/// The length of a P-256 point in bytes, compressed and uncompressed. A P-384 key has 49 or 97.
const P256_POINT_LENGTHS: [usize; 2] = [33, 65];

#[derive(Clone)]
pub(super) struct VerificationKey {
    id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) decoding_key: DecodingKey,
}

impl VerificationKey {
    pub(super) fn from_secret(secret: &[u8]) -> Result<Self, AuthError> {
        check_secret(secret)?;
        Ok(Self {
            id: None,
            algorithm: Algorithm::HS256,
            decoding_key: DecodingKey::from_secret(secret),
        })
    }

    pub(super) fn from_pem(pem: &[u8]) -> Result<Self, AuthError> {
        // A private key would parse too, but could not verify any token.
        let text = String::from_utf8_lossy(pem);
        if !text.contains("-----BEGIN PUBLIC KEY-----")
            && !text.contains("-----BEGIN RSA PUBLIC KEY-----")
        {
            return Err(invalid_key("the file does not contain a PEM public key"));
        }
        let ed25519 = DecodingKey::from_ed_pem(pem).map(|key| (Algorithm::EdDSA, key));
        let (algorithm, key) = ed25519
            .or_else(|_| DecodingKey::from_ec_pem(pem).map(|key| (Algorithm::ES256, key)))
            .or_else(|_| DecodingKey::from_rsa_pem(pem).map(|key| (Algorithm::RS256, key)))
            .map_err(|_| invalid_key("the public key is not an Ed25519, P-256 or RSA key"))?;
        let length = key.try_get_as_bytes().map_or(0, <[u8]>::len);
        match algorithm {
            Algorithm::ES256 if !P256_POINT_LENGTHS.contains(&length) => {
                Err(invalid_key("an ES256 key must be on the curve P-256"))
            }
            Algorithm::RS256 if length <= MIN_RSA_BYTES => {
                Err(invalid_key("an RSA key must have at least 2048 bits"))
            }
            _ => Ok(Self {
                id: None,
                algorithm,
                decoding_key: key,
            }),
        }
    }

    pub(super) fn parse_jwks(json: &[u8]) -> Result<Vec<Self>, AuthError> {
        #[derive(Deserialize)]
        struct JwksDocument {
            // As values, so that one key of an unknown type does not hide the others.
            keys: Vec<serde_json::Value>,
        }
        let document: JwksDocument = serde_json::from_slice(json)
            .map_err(|error| invalid_key(&format!("not a JWKS document: {error}")))?;
        if document.keys.len() > MAX_JWKS_KEYS {
            return Err(invalid_key(&format!(
                "a JWKS document may have at most {MAX_JWKS_KEYS} keys"
            )));
        }
        let keys: Vec<Self> = document
            .keys
            .into_iter()
            .filter_map(|value| serde_json::from_value::<Jwk>(value).ok())
            .filter_map(|jwk| Self::from_jwk(&jwk))
            .collect();
        if keys.is_empty() {
            return Err(invalid_key(
                "the JWKS document contains no Ed25519, P-256 or RSA signature key",
            ));
        }
        Ok(keys)
    }

    fn from_jwk(jwk: &Jwk) -> Option<Self> {
        if jwk
            .common
            .public_key_use
            .as_ref()
            .is_some_and(|usage| *usage != PublicKeyUse::Signature)
        {
            return None;
        }
        let (algorithm, expected) = match &jwk.algorithm {
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
                (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
            }
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                (Algorithm::ES256, KeyAlgorithm::ES256)
            }
            AlgorithmParameters::RSA(key) if has_min_rsa_length(&key.n) => {
                (Algorithm::RS256, KeyAlgorithm::RS256)
            }
            _ => return None,
        };
        if jwk.common.key_algorithm.is_some_and(|alg| alg != expected) {
            return None;
        }
        let key = DecodingKey::from_jwk(jwk).ok()?;
        Some(Self {
            id: jwk.common.key_id.clone(),
            algorithm,
            decoding_key: key,
        })
    }

    /// Whether a token with this header may have been signed with this key. The header only
    /// narrows the choice; it never adds a key or changes an algorithm.
    pub(super) fn may_have_signed(&self, header: &Header) -> bool {
        let id_agrees = match (&self.id, &header.kid) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => true,
        };
        id_agrees && self.algorithm == header.alg
    }
}

fn has_min_rsa_length(modulus: &str) -> bool {
    BASE64_URL_SAFE_NO_PAD
        .decode(modulus)
        .is_ok_and(|bytes| bytes.len() >= MIN_RSA_BYTES)
}

fn invalid_key(reason: &str) -> AuthError {
    AuthError::InvalidKey(reason.to_owned())
}
