//! Which tokens are accepted, and why others are refused.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use http_edge::Auth;
use http_edge::auth::{AuthError, sign_hs256};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::keys::{self, pem};
use crate::test_service::SECRET;

fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs() as i64
}

pub fn claims() -> Value {
    json!({"sub": "ada", "exp": now() + 600})
}

pub fn sign_claims(claims: &Value) -> String {
    encode(
        &Header::new(Algorithm::HS256),
        claims,
        &EncodingKey::from_secret(SECRET),
    )
    .unwrap()
}

/// A token with any header and any payload, signed as HS256 with our own secret.
fn forge_token(header: &Value, payload: &str) -> String {
    let message = format!(
        "{}.{}",
        BASE64.encode(header.to_string()),
        BASE64.encode(payload)
    );
    let signature = jsonwebtoken::crypto::sign(
        message.as_bytes(),
        &EncodingKey::from_secret(SECRET),
        Algorithm::HS256,
    )
    .unwrap();
    format!("{message}.{signature}")
}

pub fn auth() -> Auth {
    Auth::hs256(SECRET).unwrap()
}

#[track_caller]
pub fn assert_rejected(auth: &Auth, token: &str, reason: &str) {
    assert_rejected_with(auth, token, "token_invalid", reason);
}

#[track_caller]
fn assert_rejected_with(auth: &Auth, token: &str, code: &str, reason: &str) {
    for _ in 0..2 {
        let problem = auth.verify(token).expect_err(reason);
        assert_eq!(
            (problem.status().as_u16(), problem.code(), problem.errors()),
            (401, code, &[][..]),
            "{reason}"
        );
    }
}

#[test]
fn valid_token_identifies_its_user() {
    for _ in 0..2 {
        let auth = auth();
        let token = sign_hs256(SECRET, "ada", "read admin", Duration::from_secs(600)).unwrap();
        for _ in 0..2 {
            let caller = auth.verify(&token).unwrap();
            assert_eq!((caller.user.as_str(), caller.is_admin()), ("ada", true));
            assert!((600..=660).contains(&caller.time_left().as_secs()));
        }
    }
    let plain = auth().verify(&sign_claims(&claims())).unwrap();
    assert!(!plain.is_admin());
    for scope in ["", "administrator", "not-admin", "ADMIN"] {
        assert!(
            !auth()
                .verify(&sign_claims(
                    &json!({"sub": "a", "exp": now() + 9, "scope": scope})
                ))
                .unwrap()
                .is_admin()
        );
    }
}

#[test]
fn claims_have_types_and_ranges() {
    let auth = auth();
    let long = "x".repeat(129);
    for (name, value) in [
        ("exp", json!(null)),
        ("exp", json!((now() + 600).to_string())),
        ("exp", json!(-1)),
        ("exp", json!(1e300)),
        ("exp", json!(u64::MAX)),
        ("exp", json!((now() + 600) * 1_000)),
        ("exp", json!(true)),
        ("exp", json!([now() + 600])),
        ("nbf", json!(now() + 120)),
        ("nbf", json!("0")),
        ("nbf", json!(-1)),
        ("sub", json!(null)),
        ("sub", json!(5)),
        ("sub", json!(["ada"])),
        ("sub", json!("")),
        ("sub", json!("a\u{0}b")),
        ("sub", json!("a\nb")),
        ("sub", json!("a\u{85}b")),
        ("sub", json!(long)),
        ("scope", json!(["admin"])),
        ("scope", json!(5)),
        ("iat", json!("whatever")),
    ] {
        let mut claims = claims();
        claims[name] = value.clone();
        assert_rejected(&auth, &sign_claims(&claims), &format!("{name}: {value}"));
    }
    for exp in [json!(now() - 61), json!(0)] {
        let token = sign_claims(&json!({"sub": "ada", "exp": exp}));
        assert_rejected_with(&auth, &token, "token_expired", &exp.to_string());
    }
    for name in ["exp", "sub"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        assert_rejected(&auth, &sign_claims(&claims), &format!("no {name}"));
    }
    for (name, value) in [
        ("exp", json!(now() - 30)),
        ("exp", json!(now() as f64 + 600.5)),
        ("nbf", json!(now() + 30)),
        ("sub", json!("x".repeat(128))),
        ("sub", json!("名".repeat(128))),
        ("sub", json!("a b's \"<id>\"")),
        ("aud", json!("anybody")),
    ] {
        let mut claims = claims();
        claims[name] = value.clone();
        assert!(
            auth.verify(&sign_claims(&claims)).is_ok(),
            "{name}: {value}"
        );
    }
}

#[test]
fn cached_token_still_expires() {
    let auth = auth();
    // One second of the leeway remains.
    let token = sign_claims(&json!({"sub": "ada", "exp": now() - 58}));
    auth.verify(&token).unwrap();
    let started = std::time::Instant::now();
    while auth.verify(&token).is_ok() {
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "the token never expires"
        );
        std::thread::yield_now();
    }
    assert_rejected_with(&auth, &token, "token_expired", "expired");
}

#[test]
fn only_the_configured_algorithm_is_accepted() {
    let auth = auth();
    let payload = claims().to_string();
    for alg in [
        "none", "None", "nOnE", "NONE", "", "HS384", "HS512", "RS256", "ES256", "EdDSA", "hs256",
    ] {
        let header = json!({"alg": alg, "typ": "JWT"});
        assert_rejected(&auth, &forge_token(&header, &payload), alg);
        let unsigned = format!(
            "{}.{}.",
            BASE64.encode(header.to_string()),
            BASE64.encode(&payload)
        );
        assert_rejected(&auth, &unsigned, alg);
    }
    assert_rejected(
        &auth,
        &forge_token(&json!({"typ": "JWT"}), &payload),
        "no alg",
    );
    assert_rejected(
        &auth,
        &forge_token(&json!({"alg": "HS256", "crit": ["b64"]}), &payload),
        "crit",
    );
    let hs512 = encode(
        &Header::new(Algorithm::HS512),
        &claims(),
        &EncodingKey::from_secret(SECRET),
    )
    .unwrap();
    assert_rejected(&auth, &hs512, "HS512 with the right secret");
}

#[test]
fn key_in_the_token_is_ignored() {
    let other = b"another secret, known to the attacker";
    let payload = claims();
    for (name, value) in [
        ("jku", json!("http://127.0.0.1:1/keys")),
        ("x5u", json!("http://127.0.0.1:1/keys")),
        ("kid", json!("../../dev/null")),
        ("kid", json!("x' or '1'='1")),
        ("jwk", json!({"kty": "oct", "k": BASE64.encode(other)})),
    ] {
        let mut header = json!({"alg": "HS256"});
        header[name] = value;
        assert!(
            auth()
                .verify(&forge_token(&header, &payload.to_string()))
                .is_ok(),
            "{name} is ignored"
        );
        let message = format!(
            "{}.{}",
            BASE64.encode(header.to_string()),
            BASE64.encode(payload.to_string())
        );
        let signature = jsonwebtoken::crypto::sign(
            message.as_bytes(),
            &EncodingKey::from_secret(other),
            Algorithm::HS256,
        )
        .unwrap();
        assert_rejected(&auth(), &format!("{message}.{signature}"), name);
    }
}

#[test]
fn damaged_token_is_rejected() {
    let auth = auth();
    let token = sign_claims(&claims());
    for end in 0..token.len() {
        assert_rejected(&auth, &token[..end], &format!("cut at {end}"));
    }
    let parts: Vec<&str> = token.split('.').collect();
    let (head, body, signature) = (parts[0], parts[1], parts[2]);
    for (damaged, reason) in [
        (format!("{token}="), "padded"),
        (format!("{token}A"), "longer"),
        (format!("{token}.{signature}"), "four parts"),
        (format!("{token} "), "trailing space"),
        (format!("{token}\u{e9}"), "not ASCII"),
        (format!("{head}.{body}."), "no signature"),
        (format!(".{body}.{signature}"), "no header"),
        (format!("{head}..{signature}"), "no claims"),
        ("..".to_owned(), "nothing"),
        (String::new(), "empty"),
        ("x".repeat(100_000), "large"),
        (
            format!(
                "{head}.{}.{signature}",
                BASE64.encode(json!({"sub": "eve", "exp": now() + 9}).to_string())
            ),
            "claims of another user",
        ),
    ] {
        assert_rejected(&auth, &damaged, reason);
    }
    let header = json!({"alg": "HS256"});
    for payload in ["", "null", "[]", "\"ada\"", "{", "{\"sub\":\"ada\"}{}"] {
        assert_rejected(&auth, &forge_token(&header, payload), payload);
    }
    let twice = format!(r#"{{"sub":"ada","sub":"eve","exp":{}}}"#, now() + 600);
    assert_rejected(&auth, &forge_token(&header, &twice), "two users");
    assert!(auth.verify(&token).is_ok());
    assert_rejected(
        &Auth::hs256(b"another secret that is long enough!").unwrap(),
        &token,
        "another key",
    );
}

/// Each type of public key with its algorithm and private key.
fn key_pairs() -> Vec<(Algorithm, EncodingKey, String)> {
    let private = |key| pem("PRIVATE KEY", key);
    let public = |key| pem("PUBLIC KEY", key);
    vec![
        (
            Algorithm::EdDSA,
            EncodingKey::from_ed_pem(private(keys::ED25519).as_bytes()).unwrap(),
            public(keys::ED25519_PUBLIC),
        ),
        (
            Algorithm::ES256,
            EncodingKey::from_ec_pem(private(keys::P256).as_bytes()).unwrap(),
            public(keys::P256_PUBLIC),
        ),
        (
            Algorithm::RS256,
            EncodingKey::from_rsa_pem(private(keys::RSA).as_bytes()).unwrap(),
            public(keys::RSA_PUBLIC),
        ),
    ]
}

#[test]
fn each_public_key_verifies_only_its_own_tokens() {
    for (algorithm, _, public) in key_pairs() {
        let auth = Auth::public_key_pem(public.as_bytes()).unwrap();
        for (other, private, _) in key_pairs() {
            let token = encode(&Header::new(other), &claims(), &private).unwrap();
            if other == algorithm {
                assert_eq!(auth.verify(&token).unwrap().user, "ada", "{algorithm:?}");
            } else {
                assert_rejected(&auth, &token, &format!("{other:?} for {algorithm:?}"));
            }
        }
        // The classic attack: a public key must not be accepted as an HS256 secret.
        for secret in [public.as_bytes(), public.trim_end().as_bytes()] {
            let token = encode(
                &Header::new(Algorithm::HS256),
                &claims(),
                &EncodingKey::from_secret(secret),
            )
            .unwrap();
            assert_rejected(&auth, &token, "HS256 with the public key");
        }
        assert_rejected(&auth, &sign_claims(&claims()), "HS256");
    }
}

#[test]
fn other_algorithms_of_the_right_key_are_rejected() {
    let (_, private, public) = key_pairs().remove(2);
    let auth = Auth::public_key_pem(public.as_bytes()).unwrap();
    for algorithm in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256] {
        let token = encode(&Header::new(algorithm), &claims(), &private).unwrap();
        assert_rejected(&auth, &token, &format!("{algorithm:?}"));
    }
}

fn jwks_with(change: impl Fn(usize, &mut Value)) -> Vec<u8> {
    let keys: Vec<Value> = key_pairs()
        .into_iter()
        .enumerate()
        .map(|(n, (algorithm, private, _))| {
            let mut key =
                serde_json::to_value(Jwk::from_encoding_key(&private, algorithm).unwrap()).unwrap();
            change(n, &mut key);
            key
        })
        .collect();
    json!({"keys": keys}).to_string().into_bytes()
}

fn sign_with_key(n: usize, kid: Option<&str>) -> String {
    let (algorithm, private, _) = key_pairs().remove(n);
    let header = Header {
        kid: kid.map(ToOwned::to_owned),
        ..Header::new(algorithm)
    };
    encode(&header, &claims(), &private).unwrap()
}

#[test]
fn jwks_keys_are_selected_by_id_or_by_algorithm() {
    let auth = Auth::jwks(&jwks_with(|n, key| key["kid"] = json!(format!("key-{n}")))).unwrap();
    for n in 0..3 {
        assert!(
            auth.verify(&sign_with_key(n, None)).is_ok(),
            "{n} without kid"
        );
        assert!(
            auth.verify(&sign_with_key(n, Some(&format!("key-{n}"))))
                .is_ok(),
            "{n} with kid"
        );
        assert_rejected(&auth, &sign_with_key(n, Some("key-9")), "an unknown kid");
        assert_rejected(
            &auth,
            &sign_with_key(n, Some(&format!("key-{}", (n + 1) % 3))),
            "the kid of another key",
        );
    }
    assert_rejected(&auth, &sign_claims(&claims()), "HS256");
}

#[test]
fn jwks_keys_for_other_uses_are_ignored() {
    let auth = Auth::jwks(&jwks_with(|n, key| match n {
        0 => key["use"] = json!("enc"),
        1 => key["alg"] = json!("ES384"),
        _ => {}
    }))
    .unwrap();
    assert_rejected(&auth, &sign_with_key(0, None), "for encryption");
    assert_rejected(&auth, &sign_with_key(1, None), "for another algorithm");
    assert!(auth.verify(&sign_with_key(2, None)).is_ok());

    let shared = json!({"keys": [{"kty": "oct", "k": BASE64.encode(SECRET)}]}).to_string();
    assert!(
        Auth::jwks(shared.as_bytes()).is_err(),
        "a JWKS file must not contain a secret"
    );
    let unknown = json!({"keys": [{"kty": "new"}, 5, null]}).to_string();
    for bad in [
        b"" as &[u8],
        b"{}",
        b"{\"keys\":[]}",
        unknown.as_bytes(),
        b"[]",
    ] {
        assert!(
            matches!(Auth::jwks(bad), Err(AuthError::InvalidKey(_))),
            "{}",
            String::from_utf8_lossy(bad)
        );
    }
}

#[test]
fn weak_and_invalid_keys_are_rejected_at_startup() {
    assert!(matches!(
        Auth::hs256(&[7; 31]),
        Err(AuthError::ShortSecret(31))
    ));
    assert!(Auth::hs256(&[7; 32]).is_ok());
    assert!(sign_hs256(b"short", "ada", "", Duration::from_secs(1)).is_err());
    for (key, reason) in [
        (pem("PRIVATE KEY", keys::ED25519), "a private key"),
        (pem("PRIVATE KEY", keys::RSA), "a private key"),
        (pem("PUBLIC KEY", keys::RSA_SHORT_PUBLIC), "1,024 bits"),
        (pem("PUBLIC KEY", keys::P384_PUBLIC), "P-384"),
        (pem("CERTIFICATE", keys::P256_PUBLIC), "a certificate"),
        (pem("PUBLIC KEY", "AAAA"), "not a key"),
        ("not PEM".to_owned(), "not PEM"),
        (String::new(), "nothing"),
    ] {
        assert!(
            matches!(
                Auth::public_key_pem(key.as_bytes()),
                Err(AuthError::InvalidKey(_))
            ),
            "{reason}"
        );
    }
}

#[tokio::test]
async fn only_a_token_with_an_unknown_key_asks_for_keys_from_an_address() {
    let jwks = jwks_with(|n, key| key["kid"] = json!(format!("key-{n}")));
    // Without an address, nothing is fetched.
    let auth = Auth::jwks(&jwks).unwrap();
    assert!(auth.refetch_for(&sign_with_key(0, Some("other"))).is_none());
    // With one, what may be signed with a known key is not worth a fetch, nor is what is no token.
    let auth = Auth::without_keys();
    auth.replace(&Auth::jwks(&jwks).unwrap());
    let refetch = auth.enable_refetch();
    for token in [
        sign_with_key(0, Some("key-0")),
        sign_with_key(0, None),
        "nonsense".to_owned(),
        String::new(),
        format!("{}..", "a".repeat(9_000)),
    ] {
        assert!(auth.refetch_for(&token).is_none(), "{token}");
    }
    // An unknown key is, once.
    let token = sign_with_key(0, Some("other"));
    let fetched = auth.refetch_for(&token).expect("a fetch");
    refetch.wanted().await;
    let renamed = jwks_with(|_, key| key["kid"] = json!("other"));
    auth.replace(&Auth::jwks(&renamed).unwrap());
    refetch.finish();
    fetched.await;
    assert!(auth.verify(&token).is_ok());
    assert!(auth.refetch_for(&sign_with_key(0, Some("third"))).is_none());
}
