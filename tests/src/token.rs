//! Tokens for tests, signed with a secret that the servers under test are given.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

/// The secret of every server under test.
pub const SECRET: &str = "tests-only-secret-of-more-than-32-bytes";

/// Seconds since 1970.
pub fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.as_secs() as i64)
}

/// A good token for a user, for two hours.
pub fn user(name: &str) -> String {
    signed(&json!({ "sub": name, "exp": now() + 7200 }), SECRET)
}

/// A good token that opens the admin's routes too.
pub fn admin(name: &str) -> String {
    signed(
        &json!({ "sub": name, "exp": now() + 7200, "scope": "admin" }),
        SECRET,
    )
}

/// Any claims, signed with any secret.
pub fn signed(claims: &Value, secret: &str) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::default(), claims, &key)
        .expect("claims that serialise can be signed")
}

/// Tokens that nobody may get in with, each with what is wrong with it.
pub fn forged() -> Vec<(&'static str, String)> {
    let good = json!({ "sub": "alice", "exp": now() + 7200 });
    let with = |claims: Value| signed(&claims, SECRET);
    let header = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let token = user("alice");
    let parts: Vec<&str> = token.split('.').collect();
    vec![
        (
            "foreign secret",
            signed(&good, "another-secret-of-more-than-32-bytes!!"),
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
                header(json!({"sub":"bob","exp":now()+9})),
                parts[2]
            ),
        ),
        (
            "expired",
            with(json!({ "sub": "alice", "exp": now() - 3600 })),
        ),
        ("no exp", with(json!({ "sub": "alice" }))),
        (
            "exp as text",
            with(json!({ "sub": "alice", "exp": (now() + 7200).to_string() })),
        ),
        ("exp negative", with(json!({ "sub": "alice", "exp": -1 }))),
        (
            "not yet valid",
            with(json!({ "sub": "alice", "exp": now() + 7200, "nbf": now() + 3600 })),
        ),
        ("no sub", with(json!({ "exp": now() + 7200 }))),
        ("sub empty", with(json!({ "sub": "", "exp": now() + 7200 }))),
        (
            "sub a list",
            with(json!({ "sub": ["alice"], "exp": now() + 7200 })),
        ),
        (
            "sub with U+0000",
            with(json!({ "sub": "ali\u{0}ce", "exp": now() + 7200 })),
        ),
        (
            "sub too long",
            with(json!({ "sub": "a".repeat(129), "exp": now() + 7200 })),
        ),
        ("not a token", "hello".to_owned()),
        ("two dots", "..".to_owned()),
        ("long", "a".repeat(8_000)),
    ]
}
