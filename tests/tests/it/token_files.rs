//! docs/tokens.md: keys of tokens in a file can be replaced while the system runs.

use std::path::Path;

use eventually::eventually;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::KeyPair;
use serde_json::json;
use tests::token::unix_now;
use tests::world::{Settings, World, create_dir};

/// A new key of an issuer.
fn new_key() -> EncodingKey {
    let pair = KeyPair::generate().expect("a key pair");
    EncodingKey::from_ec_pem(pair.serialize_pem().as_bytes()).expect("a key")
}

/// A token of ann that is signed with this key.
fn sign(key: &EncodingKey) -> String {
    let claims = json!({ "sub": "ann", "exp": unix_now() + 7200 });
    encode(&Header::new(Algorithm::ES256), &claims, key).expect("a token")
}

/// Replaces a file as a program does that never leaves half of one.
fn replace(path: &Path, text: &str) {
    let fresh = path.with_extension("new");
    std::fs::write(&fresh, text).expect("written");
    std::fs::rename(&fresh, path).expect("renamed");
}

fn write_jwks(path: &Path, key: &EncodingKey) {
    let key = Jwk::from_encoding_key(key, Algorithm::ES256).expect("a JWK");
    replace(path, &json!({ "keys": [key] }).to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_jwks_file_is_used_without_a_restart() {
    // Given a system that takes the keys of one issuer,
    let jwks = create_dir().join("jwks.json");
    let (old, new) = (new_key(), new_key());
    write_jwks(&jwks, &old);
    let settings = Settings::default()
        .with("TIDINGS_AUTH_JWKS", jwks.display())
        .with("TIDINGS_LOG", "info");
    let world = World::start_with(settings).await;
    let status = async |key: &EncodingKey| {
        let ann = world.user("ann").with_token(Some(sign(key)));
        ann.get("/v1/inbox").await.status
    };
    assert_eq!(status(&old).await, 200);
    assert_eq!(status(&new).await, 401);
    // when its file cannot be read, then the keys stay in use,
    replace(&jwks, "{\"keys\":[]}");
    eventually("the bad file is reported", async || {
        let log = std::fs::read_to_string(world.dir.join("up.log")).ok()?;
        log.contains("the new keys of tokens cannot be used")
            .then_some(())
    })
    .await;
    assert_eq!(status(&old).await, 200);
    // and when it has another key, that one is used, and no token of the removed one.
    write_jwks(&jwks, &new);
    eventually("the new key is used", async || {
        (status(&new).await == 200).then_some(())
    })
    .await;
    assert_eq!(status(&old).await, 401);
}
