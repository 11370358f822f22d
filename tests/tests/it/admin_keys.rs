//! Every command about people, policies and moderation takes an `Idempotency-Key`: a retry gets the
//! first answer and appends nothing, and the `position` of each answer is that of its header.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tests::client::Client;
use tests::log;
use tests::response::ApiResponse;
use tests::world::World;

/// A command with a key.
struct Command<'a> {
    client: &'a Client,
    method: Method,
    path: String,
    body: Value,
}

impl Command<'_> {
    async fn send(&self, key: &str) -> ApiResponse {
        let request = self.client.request(&self.method, &self.path);
        let request = request.header("idempotency-key", key);
        match &self.body {
            Value::Null => request.send().await,
            body => request.json(body).send().await,
        }
    }
}

fn command<'a>(client: &'a Client, call: &str, body: Value) -> Command<'a> {
    let (method, path) = call.split_once(' ').expect("a method and a path");
    Command {
        client,
        method: method.parse().expect("a method"),
        path: path.to_owned(),
        body,
    }
}

/// Sends each command, then another event, and then the command again with its key.
async fn assert_each_is_executed_once(world: &World, commands: &[Command<'_>]) {
    let other = world.user("other");
    for (n, command) in commands.iter().enumerate() {
        let (key, call) = (
            format!("key {n}"),
            format!("{} {}", command.method, command.path),
        );
        let first = command.send(&key).await;
        assert!(matches!(first.status, 200..=202), "{call}: {first}");
        assert!(!first.is_replay(), "{call}: {first}");
        let position = first.position();
        let sent = other.send("elsewhere", &key, "the head moves on").await;
        assert!(sent.expect(201)["position"].as_i64() > Some(position));
        let before = log::head(&world.pool).await.expect("a head");
        let replay = command.send(&key).await;
        assert_eq!(replay.expect(200), first.json(), "{call}: {replay}");
        assert!(replay.is_replay(), "{call}: {replay}");
        assert_eq!(replay.position(), position, "{call}");
        let after = log::head(&world.pool).await.expect("a head");
        assert_eq!(after, before, "{call} appended something");
    }
}

async fn start() -> World {
    let world = World::start().await;
    let other = world.user("other");
    other.create_group("elsewhere", &[]).await.expect(201);
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_of_administrators_and_moderators_are_executed_once_per_key() {
    let world = start().await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    ann.create_group("room", &["bob"]).await.expect(201);
    let run = |call: &str, body: Value| command(&admin, call, body);
    let list = json!({ "action": "flag", "match": "word", "words": ["schurke"] });
    let links = json!({ "deny": ["evil.example"], "action": "flag" });
    // The test sends one text again and again, and no flood rule is to append anything.
    let flood = json!({ "rules": [{ "same_text": 100, "within": "30s", "across": "all",
        "then": "flag" }] });
    let hold = json!({ "user": "bob", "reason": "a court" });
    let restriction = json!({ "kind": "silenced", "reason": "spam" });
    let commands = [
        run("PUT /v1/moderation/lists/no", list),
        run("DELETE /v1/moderation/lists/no", Value::Null),
        run("PUT /v1/moderation/links", links),
        run("PUT /v1/moderation/flood", flood),
        run("DELETE /v1/moderation/hook", Value::Null),
        run(
            "PUT /v1/admin/switches/edits",
            json!({ "on": false, "reason": "r" }),
        ),
        run("PUT /v1/admin/switches/edits", json!({ "on": true })),
        run("PUT /v1/admin/holds/h", hold),
        run("DELETE /v1/admin/holds/h", Value::Null),
        run("PUT /v1/admin/users/bob", json!({ "kind": "bot" })),
        run("POST /v1/admin/users/bob/revoke", Value::Null),
        run("PUT /v1/moderation/users/bob/restriction", restriction),
        run("DELETE /v1/moderation/users/bob/restriction", Value::Null),
        run(
            "PUT /v1/conversations/room/silences/bob",
            json!({ "reason": "spam" }),
        ),
        run("DELETE /v1/conversations/room/silences/bob", Value::Null),
        run(
            "PUT /v1/conversations/room/bans/bob",
            json!({ "reason": "spam" }),
        ),
        run("DELETE /v1/conversations/room/bans/bob", Value::Null),
    ];
    assert_each_is_executed_once(&world, &commands).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_of_members_are_executed_once_per_key() {
    // Given a group that one asks to join, with a message, and a message that is scheduled
    let world = start().await;
    let [ann, eve, fay] = ["ann", "eve", "fay"].map(|user| world.user(user));
    ann.create_group("room", &["bob"]).await.expect(201);
    ann.send("room", "root", "root").await.expect(201);
    let room = "/v1/conversations/room";
    ann.patch(room, json!({ "join": "asked" }))
        .await
        .expect(200);
    let scheduled = ann.schedule("room", "later", Duration::from_secs(3_600));
    let scheduled = scheduled.await.expect(202)["scheduled_id"].clone();
    let scheduled = format!("/v1/scheduled/{}", scheduled.as_str().expect("an id"));
    let (join, requests) = (format!("{room}/join"), format!("{room}/join-requests"));
    let thread = format!("{room}/messages/1/thread");
    let text = json!({ "body": { "text": "changed" } });
    let commands = [
        command(&eve, &format!("POST {join}"), json!({ "note": "hi" })),
        command(&ann, &format!("PUT {requests}/eve"), Value::Null),
        command(&fay, &format!("POST {join}"), json!({})),
        command(&ann, &format!("DELETE {requests}/fay"), Value::Null),
        command(&eve, &format!("PUT {thread}/follow"), Value::Null),
        command(&eve, &format!("POST {thread}/read"), json!({ "up_to": 1 })),
        command(&eve, &format!("DELETE {thread}/follow"), Value::Null),
        command(&ann, &format!("PATCH {scheduled}"), text),
        command(&ann, &format!("DELETE {scheduled}"), Value::Null),
        command(
            &ann,
            &format!("POST {room}/links"),
            json!({ "max_uses": 2 }),
        ),
        command(&ann, &format!("PUT {room}/pins/1"), Value::Null),
        command(&ann, &format!("DELETE {room}/pins/1"), Value::Null),
        command(&eve, &format!("POST {room}/clear"), json!({ "up_to": 1 })),
        command(&eve, "PUT /v1/contacts/ann", json!({ "note": "hi" })),
        command(&eve, "DELETE /v1/contacts/ann", Value::Null),
        command(&eve, "PATCH /v1/users/me", json!({ "about": "hi" })),
        command(
            &eve,
            "PATCH /v1/users/me/settings",
            json!({ "last_seen": false }),
        ),
    ];
    assert_each_is_executed_once(&world, &commands).await;
}
