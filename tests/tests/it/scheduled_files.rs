//! Scheduled messages with files: the file is used from the moment of scheduling.

use std::time::{SystemTime, UNIX_EPOCH};

use domain::time::Timestamp;
use eventually::eventually;
use serde_json::{Value, json};
use tests::client::Client;
use tests::uploads::{PNG, reserve, status, upload};
use tests::world::World;

const ROOM: &str = "/v1/conversations/room";

/// A message with a file, with a time at which it is to be sent.
fn message(key: &str, file: &str, send_at: Option<&str>) -> Value {
    let mut message = json!({ "client_message_id": key, "type": "image",
                              "body": { "file": file, "text": "later" } });
    if let Some(send_at) = send_at {
        message["send_at"] = json!(send_at);
    }
    message
}

/// Far enough ahead for a test, and not further than a year.
fn far() -> String {
    at(30 * 24 * 3_600)
}

fn at(seconds: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = now.expect("after 1970").as_millis() + u128::from(seconds) * 1_000;
    Timestamp::from_millis(i64::try_from(millis).expect("a time")).to_string()
}

async fn schedule(user: &Client, key: &str, file: &str, send_at: &str) -> (String, i64) {
    let scheduled = user
        .send_message("room", message(key, file, Some(send_at)))
        .await;
    let id = scheduled.expect(202)["scheduled_id"].clone();
    (id.as_str().expect("an id").to_owned(), scheduled.position())
}

async fn list(user: &Client, position: i64) -> Vec<Value> {
    let path = format!("/v1/scheduled?min_position={position}");
    let page = user.get_ok(&path).await;
    page["scheduled"].as_array().cloned().expect("a list")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_refused_as_if_the_message_were_sent_now() {
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    ann.create_group("room", &["bob"]).await.expect(201);
    let (foreign, _) = upload(&bob, "a.png", PNG).await;
    let (text, _) = upload(&ann, "a.txt", b"no image").await;
    let expected = reserve(&ann, "b.png", PNG.len()).await;
    let (deleted, _) = upload(&ann, "c.png", PNG).await;
    ann.delete(&format!("/v1/files/{deleted}"))
        .await
        .expect(200);
    let unknown = "019ad2c5-7a31-7c1e-9f6e-2f0f3d1c9b5a";
    for file in [&*foreign, &text, &expected, &deleted, unknown] {
        let now = ann.send_message("room", message("now", file, None)).await;
        let later = ann
            .send_message("room", message("later", file, Some(&far())))
            .await;
        let code = now.expect_problem(422);
        assert_eq!(later.expect_problem(422), code, "{file}: {later}");
        assert_eq!(now.json()["errors"], later.json()["errors"], "{file}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_message_keeps_its_file_until_it_is_cancelled() {
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    ann.create_group("room", &["bob"]).await.expect(201);
    let (file, _) = upload(&ann, "menu.png", PNG).await;
    let (id, position) = schedule(&ann, "k", &file, &far()).await;
    assert_eq!(
        status(&bob, &file, position).await,
        404,
        "it is not sent yet"
    );
    let delete = format!("/v1/files/{file}");
    assert_eq!(ann.delete(&delete).await.expect_problem(409), "file_in_use");
    let path = format!("/v1/scheduled/{id}");
    let caption = json!({ "body": { "text": "changed" } });
    let changed = ann.patch(&path, caption).await;
    changed.expect(200);
    let waiting = list(&ann, changed.position()).await;
    let body = json!({ "file": file, "name": "menu.png", "mime": "image/png", "size": PNG.len(),
                       "width": 3, "height": 2, "text": "changed" });
    assert_eq!(waiting[0]["body"], body, "the caption alone has changed");
    let (other, _) = upload(&bob, "b.png", PNG).await;
    let foreign = json!({ "body": { "file": other } });
    assert_eq!(
        ann.patch(&path, foreign).await.expect_problem(422),
        "invalid"
    );
    ann.delete(&path).await.expect(200);
    let deleted = ann.delete(&delete).await;
    deleted.expect(200);
    assert_eq!(status(&ann, &file, deleted.position()).await, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_due_message_is_sent_with_its_file_or_fails_without_it() {
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    ann.create_group("room", &["bob"]).await.expect(201);
    let (file, _) = upload(&ann, "menu.png", PNG).await;
    let (gone, _) = upload(&ann, "virus.png", PNG).await;
    schedule(&ann, "lost", &gone, &at(3)).await;
    let removed = world.admin().delete(&format!("/v1/files/{gone}")).await;
    removed.expect(200);
    schedule(&ann, "sent", &file, &at(3)).await;
    let failed = eventually("one of the messages has failed", async || {
        let left = list(&ann, removed.position()).await;
        (left.len() == 1 && left[0]["state"] == "failed").then(|| left[0].clone())
    })
    .await;
    assert_eq!(failed["code"], "file_not_ready");
    assert_eq!(failed["body"]["file"], gone.as_str());
    let page = bob.get_ok(&format!("{ROOM}/messages")).await;
    let messages = page["messages"].as_array().expect("messages");
    assert_eq!(messages.len(), 1, "{page}");
    assert_eq!(messages[0]["file"]["id"], file.as_str());
    let position = messages[0]["position"].as_i64().expect("a position");
    assert_eq!(status(&bob, &file, position).await, 200);
    // It waits again with another file.
    let (again, _) = upload(&ann, "clean.png", PNG).await;
    let id = failed["scheduled_id"].as_str().expect("an id");
    let change = json!({ "send_at": at(2), "body": { "file": again } });
    ann.patch(&format!("/v1/scheduled/{id}"), change)
        .await
        .expect(200);
    eventually("the other file is sent", async || {
        let page = bob.get_ok(&format!("{ROOM}/messages")).await;
        (page["messages"][0]["file"]["id"] == again.as_str()).then_some(())
    })
    .await;
}
