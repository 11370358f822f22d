//! Captions: an edit of a message with a file changes what its body says, and keeps the file.

use eventually::eventually;
use serde_json::{Value, json};
use tests::client::Client;
use tests::uploads::{PNG, status, upload};
use tests::world::World;

const MESSAGE: &str = "/v1/conversations/room/messages/1";

/// A group of ann and bob in which ann has sent an image, with its file and position.
async fn send_picture(world: &World) -> (Client, Client, String, i64) {
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    ann.create_group("room", &["bob"]).await.expect(201);
    let (id, _) = upload(&ann, "menu.png", PNG).await;
    let message = json!({ "client_message_id": "m1", "type": "image",
                          "body": { "file": id, "text": "noodles", "alt": "A menu" } });
    let sent = ann.send_message("room", message).await;
    sent.expect(201);
    (ann, bob, id, sent.position())
}

async fn edit(user: &Client, body: Value) -> i64 {
    let edited = user.put(MESSAGE, Some(json!({ "body": body }))).await;
    edited.expect(200);
    edited.position()
}

/// The body that an image of `send_picture` has with these keys.
fn body_with(id: &str, keys: Value) -> Value {
    let mut body = json!({ "file": id, "name": "menu.png", "mime": "image/png",
                           "size": PNG.len(), "width": 3, "height": 2 });
    let keys = keys.as_object().expect("an object").clone();
    body.as_object_mut().expect("an object").extend(keys);
    body
}

async fn hits(user: &Client, word: &str, position: i64) -> usize {
    let path = format!("/v1/search?q={word}&min_position={position}");
    let found = user.get_ok(&path).await;
    found["hits"].as_array().expect("hits").len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caption_is_edited_and_the_file_stays() {
    let world = World::start().await;
    let (ann, bob, id, before) = send_picture(&world).await;
    let first = body_with(&id, json!({ "text": "noodles", "alt": "A menu" }));
    // The file need not be named, and what the client says of it does not count.
    let position = edit(&ann, json!({ "text": "dumplings", "mime": "text/html" })).await;
    let second = body_with(&id, json!({ "text": "dumplings" }));
    let at = format!("min_position={position}");
    let read = bob.get_ok(&format!("{MESSAGE}?{at}")).await;
    assert_eq!(read["body"], second);
    assert_eq!(read["file"]["id"], id.as_str());
    assert!(read["edited_at"].is_string());
    let versions = bob.get_ok(&format!("{MESSAGE}/history?{at}")).await;
    let versions = versions["versions"].as_array().expect("versions");
    let bodies: Vec<_> = versions.iter().map(|version| &version["body"]).collect();
    assert_eq!(bodies, [&first, &second]);
    let entries = bob.get_ok(&format!("/v1/inbox/entries?{at}")).await;
    let last = entries["entries"].as_array().expect("entries").last();
    let last = last.expect("an entry");
    assert_eq!(last["type"], "message_edited");
    assert_eq!(last["data"]["body"], second);
    eventually("the search knows the new caption", async || {
        let found = (
            hits(&bob, "dumplings", position).await,
            hits(&bob, "noodles", position).await,
        );
        (found == (1, 0)).then_some(())
    })
    .await;
    assert_eq!(hits(&bob, "menu.png", position).await, 1, "the name stays");
    let past = format!("{MESSAGE}?as_of={before}&as_user=bob");
    assert_eq!(world.admin().get_ok(&past).await["body"], first);
    let exported = world.run_ok(&["export-user", "ann"]).await;
    assert!(
        exported.contains("noodles") && exported.contains("dumplings"),
        "{exported}"
    );
    assert_eq!(status(&bob, &id, position).await, 200);

    // The same body changes nothing, with the file or without it.
    assert_eq!(
        edit(&ann, json!({ "text": "dumplings", "file": id })).await,
        position
    );
    let removed = edit(&ann, json!({})).await;
    let read = bob
        .get_ok(&format!("{MESSAGE}?min_position={removed}"))
        .await;
    assert_eq!(read["body"], body_with(&id, json!({})));
    let refused = bob
        .put(MESSAGE, Some(json!({ "body": { "text": "mine" } })))
        .await;
    assert_eq!(refused.expect_problem(403), "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_cannot_change_the_file() {
    let world = World::start().await;
    let (ann, _, id, _) = send_picture(&world).await;
    let (other, _) = upload(&ann, "other.png", PNG).await;
    let named = json!({ "client_message_id": "m2", "type": "file", "body": { "name": "plan" } });
    ann.send_message("room", named).await.expect(201);
    let second = "/v1/conversations/room/messages/2";
    let unknown = "019ad2c5-7a31-7c1e-9f6e-2f0f3d1c9b5a";
    for (path, file) in [(MESSAGE, &*other), (MESSAGE, unknown), (second, &*id)] {
        let edit = Some(json!({ "body": { "file": file, "text": "another" } }));
        let refused = ann.put(path, edit).await;
        assert_eq!(refused.expect_problem(422), "invalid", "{path}");
        assert_eq!(
            refused.json()["errors"][0]["field"],
            "body.file",
            "{refused}"
        );
    }
    let line = json!({ "op": "edit", "conversation_id": "room", "seq": 1,
                       "body": { "text": "by a batch" } });
    let request = ann.request(&reqwest::Method::POST, "/v1/batch");
    let answer = request
        .body("application/x-ndjson", line.to_string())
        .send()
        .await;
    assert_eq!(answer.json()["status"], 200, "{answer}");
    // A caption can be corrected also if the bytes were removed.
    world
        .admin()
        .delete(&format!("/v1/files/{id}"))
        .await
        .expect(200);
    let position = edit(&ann, json!({ "text": "sold out" })).await;
    let read = ann
        .get_ok(&format!("{MESSAGE}?min_position={position}"))
        .await;
    assert_eq!(read["body"]["text"], "sold out");
    assert_eq!(read["body"]["file"], id.as_str());
}
