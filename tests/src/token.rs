//! Tokens for tests, signed with the secret of the servers under test.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

/// The secret of every server under test.
pub const SECRET: &str = "tests-only-secret-of-more-than-32-bytes";

/// Seconds since 1970.
pub fn unix_now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.as_secs() as i64)
}

/// A valid token of a user. It expires after two hours.
pub fn for_user(name: &str) -> String {
    sign(&json!({ "sub": name, "exp": unix_now() + 7200 }), SECRET)
}

/// A valid token with the scope `admin`.
pub fn for_admin(name: &str) -> String {
    sign(
        &json!({ "sub": name, "exp": unix_now() + 7200, "scope": "admin" }),
        SECRET,
    )
}

/// A token of a user that was issued at a time, in seconds since 1970, with these scopes.
pub fn issued_at(name: &str, iat: i64, scope: &str) -> String {
    let claims = json!({ "sub": name, "iat": iat, "exp": unix_now() + 7200, "scope": scope });
    sign(&claims, SECRET)
}

/// Signs any claims with any secret.
pub fn sign(claims: &Value, secret: &str) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::default(), claims, &key)
        .expect("claims that serialise can be signed")
}

/// The claims of a token in an answer, without verifying it.
pub fn claims_of(token: &Value) -> Value {
    let claims = token.as_str().and_then(|token| token.split('.').nth(1));
    let json = URL_SAFE_NO_PAD.decode(claims.expect("a token"));
    serde_json::from_slice(&json.expect("base64")).expect("claims are JSON")
}

/// Invalid tokens, each with the reason why it is invalid.
pub fn invalid_tokens() -> Vec<(&'static str, String)> {
    let mut tokens = invalid_signatures();
    tokens.extend(invalid_claims());
    tokens.extend([
        ("not a token", "hello".to_owned()),
        ("two dots", "..".to_owned()),
        ("long", "a".repeat(8_000)),
    ]);
    tokens
}

fn invalid_signatures() -> Vec<(&'static str, String)> {
    let encode = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let token = for_user("alice");
    let parts: Vec<&str> = token.split('.').collect();
    let (header, claims, signature) = (parts[0], parts[1], parts[2]);
    let with_header = |json: Value| format!("{}.{claims}.{signature}", encode(json));
    let other_claims = encode(json!({ "sub": "bob", "exp": unix_now() + 9 }));
    let valid = json!({ "sub": "alice", "exp": unix_now() + 7200 });
    vec![
        (
            "foreign secret",
            sign(&valid, "another-secret-of-more-than-32-bytes!!"),
        ),
        (
            "alg none",
            format!(
                "{}.{claims}.",
                encode(json!({ "alg": "none", "typ": "JWT" }))
            ),
        ),
        (
            "alg None with a signature",
            with_header(json!({ "alg": "None" })),
        ),
        (
            "alg RS256 over HS256",
            with_header(json!({ "alg": "RS256" })),
        ),
        ("alg HS512", with_header(json!({ "alg": "HS512" }))),
        ("signature cut", token[..token.len() - 6].to_owned()),
        ("no signature", format!("{header}.{claims}")),
        (
            "other claims",
            format!("{header}.{other_claims}.{signature}"),
        ),
    ]
}

fn invalid_claims() -> Vec<(&'static str, String)> {
    let now = unix_now();
    let expiry = now + 7200;
    [
        ("expired", json!({ "sub": "alice", "exp": now - 3600 })),
        ("no exp", json!({ "sub": "alice" })),
        (
            "exp as text",
            json!({ "sub": "alice", "exp": expiry.to_string() }),
        ),
        ("exp negative", json!({ "sub": "alice", "exp": -1 })),
        (
            "not yet valid",
            json!({ "sub": "alice", "exp": expiry, "nbf": now + 3600 }),
        ),
        ("no sub", json!({ "exp": expiry })),
        ("sub empty", json!({ "sub": "", "exp": expiry })),
        ("sub a list", json!({ "sub": ["alice"], "exp": expiry })),
        (
            "sub with U+0000",
            json!({ "sub": "ali\u{0}ce", "exp": expiry }),
        ),
        (
            "sub too long",
            json!({ "sub": "a".repeat(129), "exp": expiry }),
        ),
    ]
    .map(|(name, claims)| (name, sign(&claims, SECRET)))
    .into()
}
