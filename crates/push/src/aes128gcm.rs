//! Encrypts a payload for a browser, as RFC 8291 describes, in the content coding `aes128gcm` of
//! RFC 8188: one record, which is the last.

use aes_gcm::aead::{Aead as _, KeyInit as _};
use aes_gcm::{Aes128Gcm, Nonce};
use hkdf::Hkdf;
use p256::ecdh::diffie_hellman;
use p256::elliptic_curve::rand_core::{OsRng, RngCore as _};
use p256::elliptic_curve::sec1::ToEncodedPoint as _;
use p256::{PublicKey, SecretKey};
use sha2::Sha256;

/// The maximum size of the body of a request: push services must accept 4096 bytes (RFC 8030,
/// section 7.2).
const MAX_BODY: usize = 4_096;

/// The salt, the record size, and the length and value of the key id, which is a public key.
const HEADER: usize = 16 + 4 + 1 + 65;

/// The tag of AES-GCM, and the delimiter that ends the last record.
const OVERHEAD: usize = 16 + 1;

/// The maximum size of a payload.
pub(crate) const MAX_PLAINTEXT: usize = MAX_BODY - HEADER - OVERHEAD;

/// The record size that the header announces. The one record is smaller, as the last may be.
const RECORD_SIZE: u32 = MAX_BODY as u32;

/// The keys of a browser.
pub(crate) struct BrowserKeys {
    public: PublicKey,
    secret: [u8; 16],
}

impl BrowserKeys {
    /// The size of the stored keys.
    pub(crate) const SIZE: usize = 65 + 16;

    /// Reads the public key, an uncompressed point, followed by the secret. `None` if they are
    /// invalid.
    pub(crate) fn parse(keys: &[u8]) -> Option<Self> {
        let (public, secret) = keys.split_at_checked(65)?;
        Some(Self {
            public: PublicKey::from_sec1_bytes(public).ok()?,
            secret: secret.try_into().ok()?,
        })
    }
}

/// The payload is too large, or cannot be encrypted.
#[derive(Debug, thiserror::Error)]
#[error("the payload cannot be encrypted")]
pub(crate) struct EncryptionError;

/// Encrypts a payload with a new key and salt.
pub(crate) fn encrypt(keys: &BrowserKeys, plaintext: &[u8]) -> Result<Vec<u8>, EncryptionError> {
    let mut salt = [0; 16];
    OsRng.fill_bytes(&mut salt);
    encrypt_with(keys, plaintext, &SecretKey::random(&mut OsRng), salt)
}

fn encrypt_with(
    keys: &BrowserKeys,
    plaintext: &[u8],
    ephemeral: &SecretKey,
    salt: [u8; 16],
) -> Result<Vec<u8>, EncryptionError> {
    if plaintext.len() > MAX_PLAINTEXT {
        return Err(EncryptionError);
    }
    let browser_point = keys.public.to_encoded_point(false);
    let server_point = ephemeral.public_key().to_encoded_point(false);
    let shared = diffie_hellman(ephemeral.to_nonzero_scalar(), keys.public.as_affine());

    // RFC 8291, section 3.3: combines the shared secret with that of the browser.
    let mut input = [0; 32];
    let info = [
        &b"WebPush: info\0"[..],
        browser_point.as_bytes(),
        server_point.as_bytes(),
    ]
    .concat();
    Hkdf::<Sha256>::new(Some(&keys.secret), shared.raw_secret_bytes())
        .expand(&info, &mut input)
        .map_err(|_| EncryptionError)?;

    // RFC 8188, sections 2.2 and 2.3: the key and the nonce of the first record.
    let derived = Hkdf::<Sha256>::new(Some(&salt), &input);
    let (mut key, mut nonce) = ([0; 16], [0; 12]);
    derived
        .expand(b"Content-Encoding: aes128gcm\0", &mut key)
        .map_err(|_| EncryptionError)?;
    derived
        .expand(b"Content-Encoding: nonce\0", &mut nonce)
        .map_err(|_| EncryptionError)?;

    // The delimiter 2 marks the last record.
    let record = [plaintext, &[2]].concat();
    let sealed = Aes128Gcm::new(&key.into())
        .encrypt(&Nonce::from(nonce), record.as_slice())
        .map_err(|_| EncryptionError)?;
    let size = RECORD_SIZE.to_be_bytes();
    let parts: [&[u8]; 5] = [&salt, &size, &[65], server_point.as_bytes(), &sealed];
    Ok(parts.concat())
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    /// The browser of the example in RFC 8291, appendix A.
    fn browser() -> (SecretKey, [u8; 16], BrowserKeys) {
        let private = SecretKey::from_slice(&bytes("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"));
        let secret: [u8; 16] = bytes("BTBZMqHH6r4Tts7J_aSIgg").try_into().unwrap();
        let public = bytes(
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        );
        let keys = BrowserKeys::parse(&[&public[..], &secret].concat()).unwrap();
        (private.unwrap(), secret, keys)
    }

    #[test]
    fn the_example_of_the_rfc_is_reproduced() {
        let (_, _, keys) = browser();
        let ephemeral =
            SecretKey::from_slice(&bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")).unwrap();
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
        let plaintext = b"When I grow up, I want to be a watermelon";
        let expected = bytes(
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmY\
             WAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexS\
             gSxsj_Qulcy4a-fN",
        );
        let sealed = encrypt_with(&keys, plaintext, &ephemeral, salt).unwrap();
        assert_eq!(sealed, expected);
    }

    #[test]
    fn another_library_decrypts_payloads_of_every_size() {
        let (private, secret, keys) = browser();
        for size in [0, 1, 100, MAX_PLAINTEXT] {
            let plaintext = vec![b'x'; size];
            let sealed = encrypt(&keys, &plaintext).unwrap();
            assert!(sealed.len() <= MAX_BODY);
            let opened = web_push_native::decrypt(sealed, &private, &secret.into()).unwrap();
            assert_eq!(opened, plaintext);
        }
        assert!(encrypt(&keys, &vec![0; MAX_PLAINTEXT + 1]).is_err());
    }

    #[test]
    fn keys_that_are_no_keys_are_refused() {
        let (_, _, keys) = browser();
        let point = keys.public.to_encoded_point(false);
        let valid = [point.as_bytes(), &[0; 16]].concat();
        assert!(BrowserKeys::parse(&valid).is_some());
        assert!(BrowserKeys::parse(&valid[..80]).is_none());
        assert!(BrowserKeys::parse(&[]).is_none());
        let mut off_curve = valid;
        off_curve[40] ^= 1;
        assert!(BrowserKeys::parse(&off_curve).is_none());
    }
}
