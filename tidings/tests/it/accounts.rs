//! Local accounts of a system that somebody has just started, and passwords from a script.

use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    ScratchDir, TidingsProcess, new_http_client, run_tidings, stderr, tidings_command,
};

const PASSWORD: &str = "correct horse battery";

async fn post(base: &str, path: &str, body: &Value) -> (StatusCode, Value) {
    let request = new_http_client().post(format!("{base}{path}")).json(body);
    let answer = request.send().await.expect("the system responds");
    let status = answer.status();
    (status, answer.json().await.expect("JSON"))
}

fn with_password(data: &Path, words: &[&str], password: &str) -> Output {
    let data = data.to_str().expect("the path is UTF-8");
    let words = [words, &["--password-stdin", "--data", data]].concat();
    let mut command = tidings_command(&words);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut input = child.stdin.take().expect("an input");
    writeln!(input, "{password}").expect("written");
    drop(input);
    child.wait_with_output().expect("it ends")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_without_a_configured_key_has_open_accounts() {
    let scratch = ScratchDir::new();
    let data = scratch.path().join("data");
    let mut up = TidingsProcess::start_up(&data);
    let base = up.wait_until_ready().await;
    let account = json!({"user": "dora", "password": PASSWORD});
    let (status, opened) = post(&base, "/v1/accounts", &account).await;
    assert_eq!(status, StatusCode::CREATED, "{opened}");
    let token = opened["token"].as_str().expect("a token");
    let inbox = new_http_client().get(format!("{base}/v1/inbox"));
    let inbox = inbox.bearer_auth(token).send().await.expect("an answer");
    assert_eq!(inbox.status(), StatusCode::OK);
    // A script sets a password, which is printed nowhere.
    let added = with_password(&data, &["account", "add", "eve"], PASSWORD);
    assert!(added.status.success(), "{}", stderr(&added));
    let printed = [added.stdout, added.stderr].concat();
    assert!(!String::from_utf8_lossy(&printed).contains("horse"));
    let eve = json!({"user": "eve", "password": PASSWORD});
    let (status, _) = post(&base, "/v1/sessions", &eve).await;
    assert_eq!(status, StatusCode::CREATED);
    let short = with_password(&data, &["account", "reset-password", "eve"], "too short");
    assert_eq!(short.status.code(), Some(2));
    assert!(!stderr(&short).contains("too short"), "{}", stderr(&short));
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_can_be_switched_off() {
    let scratch = ScratchDir::new();
    let data = scratch.path().join("data");
    let arguments = ["up", "--listen", "127.0.0.1:0", "--accounts", "off"];
    let mut up = TidingsProcess::start(&data, tidings_command(&arguments));
    let base = up.wait_until_ready().await;
    let account = json!({"user": "dora", "password": PASSWORD});
    for path in ["/v1/accounts", "/v1/sessions"] {
        let (status, problem) = post(&base, path, &account).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{problem}");
        assert_eq!(problem["code"], "not_found");
    }
}

#[test]
fn keys_come_from_one_place_and_over_a_safe_way() {
    for (arguments, complaint) in [
        (
            ["--auth-jwks-url", "http://login.example.com/keys"].as_slice(),
            "expected an https address",
        ),
        (
            &[
                "--auth-jwks-url",
                "https://login.example.com/keys",
                "--auth-jwks",
                "keys.json",
            ],
            "cannot be used with",
        ),
        (
            &["--accounts", "maybe"],
            "possible values: open, invited, off",
        ),
    ] {
        let refused = run_tidings(&[&["up"], arguments].concat());
        assert_eq!(refused.status.code(), Some(2));
        assert!(stderr(&refused).contains(complaint), "{}", stderr(&refused));
    }
}
