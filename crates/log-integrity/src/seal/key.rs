//! The Ed25519 key that signs seals.

use domain::hex::{from_hex, to_hex};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::Seal;

/// The private key that signs seals. Debug output does not reveal it.
#[derive(Clone)]
pub struct SealKey(SigningKey);

impl SealKey {
    /// Generates a key from the randomness of the system.
    pub fn generate() -> Self {
        // SHA-256 evens out the few bits of a UUID that are fixed.
        let material: Vec<u8> = [Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4()]
            .iter()
            .flat_map(|part| *part.as_bytes())
            .collect();
        Self(SigningKey::from_bytes(&Sha256::digest(&material).into()))
    }

    /// Parses the 32 bytes of the key in hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 32] = from_hex(text.trim())?.try_into().ok()?;
        Some(Self(SigningKey::from_bytes(&bytes)))
    }

    /// The 32 bytes of the key in hexadecimal digits.
    pub fn to_hex(&self) -> String {
        to_hex(&self.0.to_bytes())
    }

    /// The public key that verifies its signatures.
    pub fn public_key(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Signs bytes.
    pub fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.0.sign(bytes).to_bytes()
    }
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey(..)")
    }
}

/// Whether the signature of a seal is valid for the public key in the seal.
pub fn has_valid_signature(seal: &Seal, log_id: &str) -> bool {
    let key: Option<[u8; 32]> = seal.public_key.as_slice().try_into().ok();
    let key = key.and_then(|key| VerifyingKey::from_bytes(&key).ok());
    let signature: Option<[u8; 64]> = seal.signature.as_slice().try_into().ok();
    match (key, signature) {
        (Some(key), Some(signature)) => key
            .verify_strict(
                &seal.signed_bytes(log_id),
                &Signature::from_bytes(&signature),
            )
            .is_ok(),
        _ => false,
    }
}
