//! Tokens: who can issue them, and which keys are in use.

use std::path::Path;
use std::process::Command;

use eventually::eventually_true;
use reqwest::StatusCode;

use crate::support::{
    ScratchDir, TidingsProcess, new_http_client, run_tidings, stderr, stdout, tidings_command,
};

/// A secret of 64 characters, and another one.
const SECRETS: [&str; 2] = [
    "0000000000000000000000000000000000000000000000000000000000000001",
    "0000000000000000000000000000000000000000000000000000000000000002",
];

fn path_text(path: &Path) -> &str {
    path.to_str().expect("the path is UTF-8")
}

fn sign_token(data: &Path, options: &[&str]) -> String {
    let arguments = [&["token", "ann", "--data", path_text(data)], options].concat();
    let signed = run_tidings(&arguments);
    assert!(signed.status.success(), "{}", stderr(&signed));
    stdout(&signed).trim().to_owned()
}

/// The status of a call with this token, and what its answer says about it.
async fn call(base: &str, token: &str) -> (StatusCode, String) {
    let call = new_http_client().get(format!("{base}/v1/blocks"));
    let answer = call.bearer_auth(token).send().await;
    let answer = answer.expect("the system responds");
    let challenge = answer.headers().get("www-authenticate");
    let challenge = challenge.map(|value| value.to_str().expect("a text").to_owned());
    (answer.status(), challenge.unwrap_or_default())
}

#[test]
fn token_needs_a_system_and_creates_none() {
    let scratch = ScratchDir::new();
    let nowhere = scratch.path().join("nowhere");
    let refused = run_tidings(&["token", "ann", "--data", path_text(&nowhere)]);
    assert_eq!(refused.status.code(), Some(2));
    let message = stderr(&refused);
    assert!(message.contains("there is no system in"), "{message}");
    assert!(!nowhere.exists(), "it created {}", nowhere.display());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_secret_is_used_without_a_restart() {
    // Given a system, and a token signed with its secret
    let scratch = ScratchDir::new();
    let data = scratch.path().join("data");
    std::fs::create_dir_all(&data).expect("a directory");
    let secret = data.join("auth-secret");
    std::fs::write(&secret, SECRETS[0]).expect("a secret");
    let mut up = TidingsProcess::start_up(&data);
    let base = up.wait_until_ready().await;
    let old = sign_token(&data, &[]);
    assert_eq!(call(&base, &old).await.0, StatusCode::OK);
    // when the file has no usable secret, the old one stays in use, also after SIGHUP,
    std::fs::write(&secret, "short").expect("written");
    let pid = up.pid().to_string();
    let sent = Command::new("kill").args(["-HUP", &pid]).status();
    assert!(sent.expect("kill runs").success());
    eventually_true("the bad secret is reported", async || {
        up.log().contains("the new keys of tokens cannot be used")
    })
    .await;
    assert_eq!(call(&base, &old).await.0, StatusCode::OK);
    // and when it has another secret, that is used, and the old token is refused.
    std::fs::write(&secret, SECRETS[1]).expect("written");
    let new = sign_token(&data, &[]);
    eventually_true("the new secret is used", async || {
        call(&base, &new).await.0 == StatusCode::OK
    })
    .await;
    let (status, challenge) = call(&base, &old).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(
        challenge.starts_with("Bearer error=\"invalid_token\""),
        "{challenge}"
    );
    assert_eq!(call(&base, "").await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn audience_issuer_and_admin_scope_are_demanded_and_issued() {
    let scratch = ScratchDir::new();
    let data = scratch.path().join("data");
    let policy = [
        "--auth-audience",
        "chat,chat-tools",
        "--auth-issuer",
        "us",
        "--auth-admin-scope",
        "tidings:admin",
    ];
    let arguments = [&["up", "--listen", "127.0.0.1:0"], &policy[..]].concat();
    let mut up = TidingsProcess::start(&data, tidings_command(&arguments));
    let base = up.wait_until_ready().await;
    let other = sign_token(&data, &[]);
    let (status, challenge) = call(&base, &other).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(
        challenge.contains("its aud does not name this one"),
        "{challenge}"
    );
    let ours = sign_token(&data, &policy);
    assert_eq!(call(&base, &ours).await.0, StatusCode::OK);
    for (scope, status) in [("admin", 403), ("tidings:admin", 200)] {
        let token = sign_token(&data, &[&policy[..], &["--scope", scope]].concat());
        let events = new_http_client().get(format!("{base}/v1/events"));
        let answer = events.bearer_auth(token).send().await;
        assert_eq!(answer.expect("an answer").status(), status, "{scope}");
    }
}

/// The first code block of a language in docs/tokens.md.
fn documented_code(language: &str) -> String {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/tokens.md");
    let page = std::fs::read_to_string(page).expect("the page on tokens");
    let (_, rest) = page.split_once(&format!("```{language}\n")).expect("code");
    let (code, _) = rest.split_once("```").expect("the end of the code");
    code.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_python_issues_a_token() {
    let scratch = ScratchDir::new();
    let data = scratch.path().join("tidings-data");
    let mut up = TidingsProcess::start_up(&data);
    let base = up.wait_until_ready().await;
    let mut python = Command::new("python3");
    python.current_dir(scratch.path());
    let issued = python.args(["-c", &documented_code("python")]).output();
    let issued = issued.expect("python3 runs");
    assert!(issued.status.success(), "{}", stderr(&issued));
    assert_eq!(call(&base, stdout(&issued).trim()).await.0, StatusCode::OK);
}
