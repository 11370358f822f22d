//! L8: a command that is repeated under the same key is executed once, and its first response is
//! returned again, however much later.

use reqwest::Method;
use serde_json::{Value, json};
use tests::client::Client;
use tests::response::ApiResponse;
use tests::world::World;

/// Concurrent sends with the same key.
const PARALLEL_SENDS: usize = 200;

async fn count_sent_messages(world: &World) -> i64 {
    let count = "SELECT count(*) FROM log.events WHERE event_type = 'message_sent'";
    sqlx::query_scalar(count)
        .fetch_one(&world.pool)
        .await
        .expect("a count")
}

async fn send_concurrently(client: &Client) -> Vec<ApiResponse> {
    let sends = (0..PARALLEL_SENDS).map(|_| client.send("room", "the key", "the same text"));
    futures::future::join_all(sends).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_equal_sends_are_stored_once_even_after_a_restart() {
    let mut world = World::start().await;
    let alice = world.user("alice");
    alice.create_group("room", &["bob"]).await.expect(201);

    // When 200 equal sends arrive at once, one of them is the first and the others are its replays.
    let responses = send_concurrently(&alice).await;
    let (created, replayed): (Vec<_>, Vec<_>) = responses
        .iter()
        .partition(|response| response.status == 201);
    assert_eq!(created.len(), 1);
    let first = created[0];
    assert!(!first.is_replay(), "{first}");
    let assert_is_replay = |response: &ApiResponse| {
        assert_eq!(response.expect(200), first.json(), "{response}");
        assert!(response.is_replay(), "{response}");
        assert_eq!(response.position(), first.position());
    };
    replayed.into_iter().for_each(assert_is_replay);
    assert_eq!(count_sent_messages(&world).await, 1);

    // After a restart, all of them are replays.
    world.kill();
    world.start_service().await;
    let repeated = send_concurrently(&alice).await;
    repeated.iter().for_each(assert_is_replay);
    assert_eq!(count_sent_messages(&world).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_with_another_payload_is_409() {
    let world = World::start().await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    alice.create_group("room", &["bob"]).await.expect(201);
    alice.create_group("other", &["bob"]).await.expect(201);
    let message = |body: Value| json!({ "client_message_id": "k", "type": "text", "body": body, "mentions": [] });
    alice
        .send_message("room", message(json!({ "text": "x", "b": [1, 2] })))
        .await
        .expect(201);
    // The payloads are compared as JSON values, not as text.
    let respelled = r#"{ "body":{"b":[1,2],"text":"\u0078"}, "type":"text",
        "client_message_id":"k" }"#;
    let request = alice.request(&Method::POST, "/v1/conversations/room/messages");
    let replay = request.body("application/json", respelled).send().await;
    replay.expect(200);
    assert!(replay.is_replay(), "{replay}");
    for (room, body) in [
        ("room", json!({ "text": "y" })),
        ("other", json!({ "text": "x", "b": [1, 2] })),
    ] {
        assert_eq!(
            alice
                .send_message(room, message(body))
                .await
                .expect_problem(409),
            "idempotency_mismatch"
        );
    }
    let mut control = message(json!({ "text": "x", "b": [1, 2] }));
    control["type"] = json!("control");
    assert_eq!(
        alice
            .send_message("room", control)
            .await
            .expect_problem(409),
        "idempotency_mismatch"
    );
    bob.send_message("room", message(json!({ "text": "mine" })))
        .await
        .expect(201);
    assert_eq!(
        count_sent_messages(&world).await,
        2,
        "a key belongs to its sender"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_requires_access_and_nothing_else() {
    let world = World::start().await;
    let [alice, bob] = ["alice", "bob"].map(|user| world.user(user));
    alice
        .create_group("room", &["bob", "carol"])
        .await
        .expect(201);
    let message = json!({ "client_message_id": "k", "type": "text", "body": { "text": "x" },
        "mentions": ["carol"] });
    let first = bob.send_message("room", message.clone()).await;
    first.expect(201);
    world
        .user("carol")
        .delete("/v1/conversations/room/members/carol")
        .await
        .expect(200);
    let replay = bob.send_message("room", message.clone()).await;
    assert_eq!(
        (replay.expect(200), replay.is_replay()),
        (first.json(), true),
        "although carol has left since"
    );
    bob.delete("/v1/conversations/room/members/bob")
        .await
        .expect(200);
    let former = bob.send_message("room", message.clone()).await;
    let unknown = bob.send_message("nowhere", message.clone()).await;
    former.expect_problem(404);
    assert_eq!(former.body, unknown.body);
    alice
        .post(
            "/v1/conversations/room/members",
            json!({ "users": ["bob"] }),
        )
        .await
        .expect(200);
    assert_eq!(
        bob.send_message("room", message).await.expect(200),
        first.json()
    );
}

/// A command that can be sent under an `Idempotency-Key`.
struct KeyedCommand {
    method: Method,
    path: String,
    body: Option<Value>,
    /// Another valid body, for commands that have one.
    other_body: Option<Value>,
}

impl KeyedCommand {
    async fn send(&self, client: &Client, key: &str, body: Option<&Value>) -> ApiResponse {
        let request = client.request(&self.method, &self.path);
        let mut request = request.header("idempotency-key", key);
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await
    }
}

fn with_body(method: Method, path: String, body: Value, other_body: Value) -> KeyedCommand {
    KeyedCommand {
        method,
        path,
        body: Some(body),
        other_body: Some(other_body),
    }
}

fn without_body(method: Method, path: String) -> KeyedCommand {
    KeyedCommand {
        method,
        path,
        body: None,
        other_body: None,
    }
}

/// A command of every kind but sends, in an order in which each of them is accepted.
fn keyed_commands() -> Vec<KeyedCommand> {
    let create = |kind: &str, member: &str| json!({ "kind": kind, "members": [member] });
    let conversations = || "/v1/conversations".to_owned();
    let at = |rest: &str| format!("/v1/conversations/room{rest}");
    let block = || "/v1/blocks/mallory".to_owned();
    let (group, other_group) = (create("group", "bob"), create("group", "carol"));
    let (direct, other_direct) = (create("direct", "bob"), create("direct", "carol"));
    let users = |name: &str| json!({ "users": [name] });
    let edit = |text: &str| json!({ "body": { "text": text } });
    let ack = |cursor: i64| json!({ "device": "d", "cursor": cursor });
    let title = |text: &str| json!({ "title": text });
    let unread_from = |seq: i64| json!({ "unread_from": seq });
    let up_to = |seq: i64| json!({ "up_to": seq });
    let muted = |muted: bool| json!({ "muted": muted });
    let reaction = || at("/messages/1/reactions/ok");
    vec![
        with_body(Method::POST, conversations(), group, other_group),
        with_body(Method::POST, conversations(), direct, other_direct),
        with_body(Method::PATCH, at(""), title("T"), title("U")),
        with_body(Method::POST, at("/members"), users("carol"), users("dave")),
        with_body(Method::PUT, at("/messages/1"), edit("z"), edit("zz")),
        without_body(Method::PUT, reaction()),
        without_body(Method::DELETE, reaction()),
        without_body(Method::DELETE, at("/messages/2")),
        with_body(Method::POST, at("/read"), unread_from(1), unread_from(2)),
        with_body(Method::POST, "/v1/inbox/ack".to_owned(), ack(1), ack(2)),
        with_body(Method::PATCH, at("/preferences"), muted(true), muted(false)),
        without_body(Method::PUT, block()),
        without_body(Method::DELETE, block()),
        without_body(Method::DELETE, at("/members/carol")),
        // These change nothing, and their keys are remembered nonetheless.
        without_body(Method::DELETE, block()),
        with_body(Method::POST, at("/read"), up_to(1), up_to(2)),
        with_body(Method::PATCH, at("/preferences"), muted(true), muted(false)),
    ]
}

/// Alice owns the conversation `room` with two messages.
async fn world_with_messages() -> (World, Client) {
    let world = World::start().await;
    let alice = world.user("alice");
    alice.create_group("room", &["bob"]).await.expect(201);
    alice.send("room", "m1", "x").await.expect(201);
    alice.send("room", "m2", "y").await.expect(201);
    (world, alice)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_other_command_accepts_a_key() {
    let (world, alice) = world_with_messages().await;
    for (n, command) in keyed_commands().iter().enumerate() {
        // Given the first response, and other commands since,
        let key = format!("key {n}");
        let body = command.body.as_ref();
        let first = command.send(&alice, &key, body).await;
        assert!([200, 201].contains(&first.status), "{first}");
        assert!(!first.is_replay(), "{first}");
        let between = format!("between {n}");
        let sent = alice.send("room", &between, "the head moves on").await;
        sent.expect(201);

        // when the command is repeated, it returns the first response and appends nothing;
        let before = tests::log::head(&world.pool).await.expect("a head");
        let replay = command.send(&alice, &key, body).await;
        assert_eq!(replay.expect(200), first.json(), "{replay}");
        assert!(replay.is_replay(), "{replay}");
        assert_eq!(replay.position(), first.position());
        let after = tests::log::head(&world.pool).await.expect("a head");
        assert_eq!(after, before, "{replay} appended something");

        // when the key is used for something else, it is refused.
        if let Some(other_body) = &command.other_body {
            let mismatch = command.send(&alice, &key, Some(other_body)).await;
            assert_eq!(mismatch.expect_problem(409), "idempotency_mismatch");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_belongs_to_one_command() {
    let (_world, alice) = world_with_messages().await;
    let path = "/v1/conversations/room";
    let request = |method: Method, path: &str, key: &str| {
        let request = alice.request(&method, path);
        request.header("idempotency-key", key)
    };
    let create = json!({ "kind": "group", "members": [] });
    let created = request(Method::POST, "/v1/conversations", "k").json(&create);
    created.send().await.expect(201);
    let change = request(Method::PATCH, path, "k").json(&json!({ "title": "T" }));
    let mismatch = change.send().await;
    assert_eq!(mismatch.expect_problem(409), "idempotency_mismatch");

    // The key of a send is its client_message_id; the header is ignored.
    let message = json!({ "client_message_id": "own", "type": "text", "body": { "text": "x" } });
    let send = request(Method::POST, &format!("{path}/messages"), "k").json(&message);
    send.send().await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_has_1_to_128_characters() {
    let (_world, alice) = world_with_messages().await;
    for (key, status) in [
        (String::new(), 422),
        ("k".repeat(128), 200),
        ("k".repeat(129), 422),
    ] {
        let request = alice.request(&Method::PATCH, "/v1/conversations/room");
        let request = request.header("idempotency-key", &key);
        let response = request.json(&json!({ "title": "T" })).send().await;
        assert_eq!(response.status, status, "{} characters", key.len());
    }
}
