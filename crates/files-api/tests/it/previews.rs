//! Previews follow the log, and go with their files.

use std::path::Path;
use std::time::Duration;

use file_store::{Previews, Renderer};
use files_api::{PreviewFollower, PreviewStep};
use futures::TryStreamExt as _;
use http::Method;
use serde_json::{Value, json};

use crate::system::{PNG, TestSystem};

const ANN: (&str, &str) = ("ann", "");

/// Writes two previews, as the program does.
const PROGRAM: &str = r"#!/bin/sh
cat >/dev/null
printf '\0\0\0\4\377\330\377L\0\0\0\4\377\330\377S'
";

async fn post(system: &TestSystem, user: (&str, &str), path: &str, body: Value) -> Value {
    let body = ("application/json", body.to_string().into_bytes());
    let (status, answer) = system.call(user, Method::POST, path, body).await;
    assert!(status < 300, "{path}: {answer}");
    answer
}

/// Uploads a file; returns its id.
async fn upload(system: &TestSystem, bytes: &[u8]) -> String {
    let request = json!({ "name": "a", "type": "text/plain", "size": bytes.len() });
    let file = post(system, ANN, "/v1/files", request).await;
    let id = file["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/files/{id}/content");
    let body = ("application/octet-stream", bytes.to_vec());
    let (status, answer) = system.call(ANN, Method::PUT, &path, body).await;
    assert_eq!(status, 200, "{answer}");
    id
}

async fn delete(system: &TestSystem, id: &str) {
    let path = format!("/v1/files/{id}");
    let body = ("application/json", Vec::new());
    let (status, answer) = system.call(ANN, Method::DELETE, &path, body).await;
    assert_eq!(status, 200, "{answer}");
}

/// Another process writes the script: one that is open for writing cannot be started, and a fork of
/// another test may keep it open.
fn follower(system: &TestSystem) -> PreviewFollower {
    let program = system.directory.join("program");
    let write = r#"printf %s "$1" >"$2" && chmod 700 "$2""#;
    let mut command = std::process::Command::new("/bin/sh");
    let status = command
        .args(["-c", write, "sh", PROGRAM])
        .arg(&program)
        .status();
    assert!(status.unwrap().success());
    let renderer = Renderer::new(program, Duration::from_secs(30));
    PreviewFollower::new(
        system.state.clone(),
        Previews::new(system.store.clone(), renderer),
    )
}

/// The ids of the files with previews, in order, each as often as it has any.
async fn previewed(system: &TestSystem) -> Vec<String> {
    let previews = system.store.list_previews();
    let ids = previews.map_ok(|key| key.object().file().to_string());
    let mut ids: Vec<String> = ids.try_collect().await.unwrap();
    ids.sort();
    ids
}

fn twice(ids: &[&String]) -> Vec<String> {
    let mut ids: Vec<String> = ids
        .iter()
        .flat_map(|id| [(*id).clone(), (*id).clone()])
        .collect();
    ids.sort();
    ids
}

async fn step_to_end(follower: &mut PreviewFollower) {
    while follower.step().await.unwrap() == PreviewStep::Advanced {}
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_makes_the_previews_of_all_images_that_are_there() {
    let system = TestSystem::start("previews").await;
    let (first, gone) = (upload(&system, PNG).await, upload(&system, PNG).await);
    upload(&system, b"no image").await;
    delete(&system, &gone).await;
    let (mut active, mut standby) = (follower(&system), follower(&system));
    step_to_end(&mut active).await;
    assert_eq!(previewed(&system).await, twice(&[&first]));
    assert_eq!(standby.step().await.unwrap(), PreviewStep::Standby);
    let second = upload(&system, PNG).await;
    step_to_end(&mut active).await;
    assert_eq!(previewed(&system).await, twice(&[&first, &second]));
    // Another process goes on where this one stops: what is lost before that stays lost.
    active.release().await;
    std::fs::remove_dir_all(system.directory.join("previews")).unwrap();
    let third = upload(&system, PNG).await;
    step_to_end(&mut standby).await;
    assert_eq!(previewed(&system).await, twice(&[&third]));
    standby.release().await;
    delete(&system, &third).await;
    assert_eq!(previewed(&system).await, twice(&[]));
    system.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn previews_go_with_what_is_erased_and_orphans_are_swept() {
    let system = TestSystem::start("previews-erased").await;
    let group = json!({ "kind": "group", "id": "room", "members": [] });
    post(&system, ANN, "/v1/conversations", group).await;
    let (erased, kept) = (upload(&system, PNG).await, upload(&system, PNG).await);
    for (key, id) in [("a", &erased), ("b", &kept)] {
        let message = json!({ "client_message_id": key, "type": "file", "body": { "file": id } });
        post(&system, ANN, "/v1/conversations/room/messages", message).await;
    }
    let mut follower = follower(&system);
    step_to_end(&mut follower).await;
    follower.release().await;
    assert_eq!(previewed(&system).await, twice(&[&erased, &kept]));
    let erase = json!({ "conversation_id": "room", "seq": 1 });
    post(&system, ("root", "admin"), "/v1/admin/erasures", erase).await;
    system.step().await;
    assert_eq!(previewed(&system).await, twice(&[&kept]));
    assert!(system.verify().await.is_equal());

    let stray = "019ad2c5-7a31-7c1e-9f6e-2f0f3d1c9b5a.0123456789abcdef.256";
    let folder = Path::new("previews/5a").join(stray);
    let path = system.directory.join(folder);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, b"stray").unwrap();
    assert_eq!(system.verify().await.orphaned, [stray]);
    assert_eq!(system.collector.sweep().await.unwrap(), 1);
    assert!(system.verify().await.is_equal());
    assert_eq!(previewed(&system).await, twice(&[&kept]));
    system.close().await;
}
