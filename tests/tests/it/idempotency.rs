//! L8: the same key from the same sender gives the first answer again, for ever.

use reqwest::Method;
use serde_json::{Value, json};
use tests::client::Client;
use tests::response::ApiResponse;
use tests::world::World;

/// Equal sends at a time.
const PARALLEL: usize = 200;

async fn logged(world: &World, kind: &str) -> i64 {
    let count =
        sqlx::query_scalar("SELECT count(*) FROM log.events WHERE event_type = $1").bind(kind);
    count.fetch_one(&world.pool).await.expect("a count")
}

async fn at_once(client: &Client) -> Vec<ApiResponse> {
    let sends = (0..PARALLEL).map(|_| client.send("room", "the key", "the same text"));
    futures::future::join_all(sends).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_equal_sends_at_once_and_after_a_restart() {
    let mut world = World::start().await;
    let alice = world.user("alice");
    alice.create_group("room", &["bob"]).await.expect(201);
    let answers = at_once(&alice).await;
    let first = answers
        .iter()
        .find(|answer| answer.status == 201)
        .expect("one is the first")
        .clone();
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 201).count(),
        1
    );
    let equal = |answer: &ApiResponse| {
        assert!(
            answer.status == 201 || answer.status == 200 && answer.is_replay(),
            "{answer}"
        );
        assert_eq!(answer.json(), first.json(), "{answer}");
        assert_eq!(answer.position(), first.position());
    };
    answers.iter().for_each(equal);
    assert!(!first.is_replay());
    assert_eq!(logged(&world, "message_sent").await, 1);

    world.kill();
    world.start_service().await;
    let again = at_once(&alice).await;
    assert!(
        again.iter().all(|answer| answer.status == 200),
        "all are replays"
    );
    again.iter().for_each(equal);
    assert_eq!(logged(&world, "message_sent").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_payload_is_409() {
    let world = World::start().await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    alice.create_group("room", &["bob"]).await.expect(201);
    alice.create_group("other", &["bob"]).await.expect(201);
    let message = |body: Value| json!({ "client_message_id": "k", "type": "text", "body": body, "mentions": [] });
    alice
        .send_message("room", message(json!({ "text": "x", "b": [1, 2] })))
        .await
        .expect(201);
    let respelled = r#"{ "body":{"b":[1,2],"text":"\u0078"}, "type":"text","client_message_id":"k", "unknown": 1 }"#;
    let request = alice.request(&Method::POST, "/v1/conversations/room/messages");
    let replay = request.body("application/json", respelled).send().await;
    assert!(
        replay.status == 200 && replay.is_replay(),
        "equal as JSON values: {replay}"
    );
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
        logged(&world, "message_sent").await,
        2,
        "a key is its sender's own"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_needs_access_and_nothing_else() {
    let world = World::start().await;
    let [alice, bob] = ["alice", "bob"].map(|user| world.user(user));
    alice
        .create_group("room", &["bob", "carol"])
        .await
        .expect(201);
    let naming = json!({ "client_message_id": "k", "type": "text", "body": { "text": "x" }, "mentions": ["carol"] });
    let first = bob.send_message("room", naming.clone()).await;
    first.expect(201);
    world
        .user("carol")
        .delete("/v1/conversations/room/members/carol")
        .await
        .expect(200);
    let replay = bob.send_message("room", naming.clone()).await;
    assert_eq!(
        (replay.expect(200), replay.is_replay()),
        (first.json(), true),
        "though carol has left since"
    );
    bob.delete("/v1/conversations/room/members/bob")
        .await
        .expect(200);
    let former = bob.send_message("room", naming.clone()).await;
    let unknown = bob.send_message("nowhere", naming.clone()).await;
    assert_eq!((former.status, &former.body), (404, &unknown.body));
    alice
        .post(
            "/v1/conversations/room/members",
            json!({ "users": ["bob"] }),
        )
        .await
        .expect(200);
    assert_eq!(
        bob.send_message("room", naming).await.expect(200),
        first.json()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_other_command_takes_a_key() {
    let world = World::start().await;
    let alice = world.user("alice");
    alice.create_group("room", &["bob"]).await.expect(201);
    alice.send("room", "m1", "x").await.expect(201);
    alice.send("room", "m2", "y").await.expect(201);
    let at = "/v1/conversations/room";
    let body = |body: Value| Some(body);
    let commands = [
        (
            "POST",
            "/v1/conversations".to_owned(),
            body(json!({ "kind": "group", "members": ["bob"] })),
        ),
        (
            "POST",
            "/v1/conversations".to_owned(),
            body(json!({ "kind": "direct", "members": ["bob"] })),
        ),
        ("PATCH", at.to_owned(), body(json!({ "title": "T" }))),
        (
            "POST",
            format!("{at}/members"),
            body(json!({ "users": ["carol"] })),
        ),
        (
            "PUT",
            format!("{at}/messages/1"),
            body(json!({ "body": { "text": "z" } })),
        ),
        ("PUT", format!("{at}/messages/1/reactions/ok"), None),
        ("DELETE", format!("{at}/messages/1/reactions/ok"), None),
        ("DELETE", format!("{at}/messages/2"), None),
        (
            "POST",
            format!("{at}/read"),
            body(json!({ "unread_from": 1 })),
        ),
        (
            "POST",
            "/v1/inbox/ack".to_owned(),
            body(json!({ "device": "d", "cursor": 1 })),
        ),
        (
            "PATCH",
            format!("{at}/preferences"),
            body(json!({ "muted": true })),
        ),
        ("PUT", "/v1/blocks/mallory".to_owned(), None),
        ("DELETE", "/v1/blocks/mallory".to_owned(), None),
        ("DELETE", format!("{at}/members/carol"), None),
        // These change nothing, and are remembered all the same.
        ("DELETE", "/v1/blocks/mallory".to_owned(), None),
        ("POST", format!("{at}/read"), body(json!({ "up_to": 1 }))),
        (
            "PATCH",
            format!("{at}/preferences"),
            body(json!({ "muted": true })),
        ),
    ];
    for (n, (method, path, body)) in commands.iter().enumerate() {
        let call = async |key: &str, body: &Option<Value>| {
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let mut request = alice.request(&method, path).header("idempotency-key", key);
            if let Some(body) = body {
                request = request.json(body);
            }
            request.send().await
        };
        let key = format!("key {n}");
        let first = call(&key, body).await;
        assert!(matches!(first.status, 200 | 201), "{first}");
        assert!(!first.is_replay(), "{first}");
        alice
            .send("room", &format!("between {n}"), "the head moves on")
            .await
            .expect(201);
        let before = tests::log::head(&world.pool).await.expect("a head");
        let replay = call(&key, body).await;
        assert_eq!(
            (replay.expect(200), replay.is_replay()),
            (first.json(), true),
            "{replay}"
        );
        assert_eq!(replay.position(), first.position());
        assert_eq!(
            tests::log::head(&world.pool).await.expect("a head"),
            before,
            "{replay} appended"
        );
        if let Some(body) = body {
            let mut other = body.clone();
            let field = other
                .as_object()
                .and_then(|fields| fields.keys().next().cloned())
                .expect("a field");
            other[&field] = json!({ "quite": "another" });
            let mismatch = call(&key, &Some(other)).await;
            assert!(matches!(mismatch.status, 409 | 422), "{mismatch}");
        }
    }
    let other = alice
        .request(&Method::PATCH, at)
        .header("idempotency-key", "key 0")
        .json(&json!({ "title": "U" }));
    assert_eq!(
        other.send().await.expect_problem(409),
        "idempotency_mismatch"
    );
    for bad in ["", &"k".repeat(129)] {
        let request = alice
            .request(&Method::PATCH, at)
            .header("idempotency-key", bad)
            .json(&json!({ "title": "V" }));
        let answer = request.send().await;
        assert!(matches!(answer.status, 400 | 422), "{answer}");
    }
    let both = alice
        .request(&Method::POST, &format!("{at}/messages"))
        .header("idempotency-key", "key 0");
    let message = json!({ "client_message_id": "own", "type": "text", "body": { "text": "x" } });
    both.json(&message).send().await.expect(201);
}
