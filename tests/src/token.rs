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
    SystemTime::unix_now()
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

/// Signs any claims with any secret.
pub fn sign(claims: &Value, secret: &str) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::default(), claims, &key)
        .expect("claims that serialise can be signed")
}

/// Invalid tokens, each with the reason why it is invalid.
pub fn invalid_tokens() -> Vec<(&'static str, String)> {
    let good = json!({ "sub": "alice", "exp": unix_now() + 7200 });
    let with = |claims: Value| sign(&claims, SECRET);
    let header = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let token = for_user("alice");
    let parts: Vec<&str> = token.split('.').collect();
    vec![
        (
            "foreign secret",
            sign(&good, "another-secret-of-more-than-32-bytes!!"),
        ),
        (
            "alg none",
            format!(
                "{}.{}.",
                header(json!({"alg":"none","typ":"JWT"})),
                parts[1]
            ),
        ),
        (
            "alg None with a signature",
            format!(
                "{}.{}.{}",
                header(json!({"alg":"None"})),
                parts[1],
                parts[2]
            ),
        ),
        (
            "alg RS256 over HS256",
            format!(
                "{}.{}.{}",
                header(json!({"alg":"RS256"})),
                parts[1],
                parts[2]
            ),
        ),
        (
            "alg HS512",
            format!(
                "{}.{}.{}",
                header(json!({"alg":"HS512"})),
                parts[1],
                parts[2]
            ),
        ),
        ("signature cut", token[..token.len() - 6].to_owned()),
        ("no signature", format!("{}.{}", parts[0], parts[1])),
        (
            "other claims",
            format!(
                "{}.{}.{}",
                parts[0],
                header(json!({"sub":"bob","exp":unix_now()+9})),
                parts[2]
            ),
        ),
        (
            "expired",
            with(json!({ "sub": "alice", "exp": unix_now() - 3600 })),
        ),
        ("no exp", with(json!({ "sub": "alice" }))),
        (
            "exp as text",
            with(json!({ "sub": "alice", "exp": (unix_now() + 7200).to_string() })),
        ),
        ("exp negative", with(json!({ "sub": "alice", "exp": -1 }))),
        (
            "not yet valid",
            with(json!({ "sub": "alice", "exp": unix_now() + 7200, "nbf": unix_now() + 3600 })),
        ),
        ("no sub", with(json!({ "exp": unix_now() + 7200 }))),
        (
            "sub empty",
            with(json!({ "sub": "", "exp": unix_now() + 7200 })),
        ),
        (
            "sub a list",
            with(json!({ "sub": ["alice"], "exp": unix_now() + 7200 })),
        ),
        (
            "sub with U+0000",
            with(json!({ "sub": "ali\u{0}ce", "exp": unix_now() + 7200 })),
        ),
        (
            "sub too long",
            with(json!({ "sub": "a".repeat(129), "exp": unix_now() + 7200 })),
        ),
        ("not a token", "hello".to_owned()),
        ("two dots", "..".to_owned()),
        ("long", "a".repeat(8_000)),
    ]
}
