//! What a token must claim besides its user, and keys that are replaced.

use http_edge::Auth;
use http_edge::auth::TokenPolicy;
use serde_json::json;

use crate::auth::{assert_rejected, auth, claims, sign_claims};
use crate::test_service::SECRET;

#[test]
fn a_policy_names_audience_issuer_and_admin_scope() {
    let policy = TokenPolicy {
        audiences: vec!["chat".into(), "chat-admin".into()],
        issuer: Some("https://login.example.com/".into()),
        admin_scope: "tidings:admin".into(),
    };
    let auth = auth().with_policy(policy);
    let issuer = json!("https://login.example.com/");
    for (aud, iss, reason) in [
        (json!(null), &issuer, "no audience"),
        (json!("shop"), &issuer, "another audience"),
        (json!(["shop", 5, "chatter"]), &issuer, "other audiences"),
        (
            json!({"chat": true}),
            &issuer,
            "an audience of another type",
        ),
        (json!("chat"), &json!(null), "no issuer"),
        (
            json!("chat"),
            &json!("https://login.example.com"),
            "another issuer",
        ),
        (json!("chat"), &json!([issuer]), "an issuer of another type"),
    ] {
        let mut claims = claims();
        claims["aud"] = aud;
        claims["iss"] = iss.clone();
        assert_rejected(&auth, &sign_claims(&claims), reason);
    }
    for (aud, scope, admin) in [
        (json!("chat"), "admin", false),
        (json!(["shop", "chat-admin"]), "read tidings:admin", true),
    ] {
        let mut claims = claims();
        claims["aud"] = aud;
        claims["iss"] = issuer.clone();
        claims["scope"] = json!(scope);
        assert_eq!(
            auth.verify(&sign_claims(&claims)).unwrap().is_admin(),
            admin,
            "{scope}"
        );
    }
}

#[test]
fn replaced_keys_apply_to_all_clones_and_to_tokens_that_were_verified() {
    let auth = auth();
    let clone = auth.clone();
    let token = sign_claims(&claims());
    assert!(clone.verify(&token).is_ok());
    let other = Auth::hs256(b"another secret that is long enough!").unwrap();
    auth.replace(&other);
    assert_rejected(&clone, &token, "signed with the old secret");
    auth.replace(&Auth::hs256(SECRET).unwrap());
    assert!(clone.verify(&token).is_ok());
}
