//! Presence and typing: immediate, without flicker, across gateways, and only among users who share
//! a conversation.

use std::time::{Duration, Instant};

use eventually::eventually;
use serde_json::{Value, json};
use tests::client::Client;
use tests::live::{LiveSocket, SocketEvent};
use tests::ports;
use tests::service::ServiceProcess;
use tests::token;
use tests::world::World;

async fn open(address: &str, user: &str) -> LiveSocket {
    let mut live = LiveSocket::open(address, &token::for_user(user), "")
        .await
        .expect("open");
    live.wait_until_caught_up().await;
    live
}

/// The next presence frame of a user.
async fn presence(live: &mut LiveSocket, user: &str) -> Value {
    loop {
        let frame = live.next_frame().await;
        if frame["type"] == "presence" && frame["user"] == user {
            return frame;
        }
    }
}

/// The frames before the response to a request that is sent now.
async fn frames_before_presence_of_bob(live: &mut LiveSocket) -> Vec<Value> {
    live.send(r#"{"type":"watch","users":["bob"]}"#).await;
    let mut before = Vec::new();
    loop {
        let frame = live.next_frame().await;
        if frame["type"] == "presence" && frame["user"] == "bob" {
            return before;
        }
        before.push(frame);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn presence_is_delivered_to_watchers_who_share_a_conversation() {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob", "cho"]).await.expect(201);
    let created = world.user("zoe").create_group("z", &["yan"]).await;
    world.wait_until_projected(created.position()).await;
    let address = world.address();
    let mut watching = open(&address, "ann").await;
    let mut silent = open(&address, "cho").await;
    let mut foreign = open(&address, "zoe").await;
    for live in [&mut watching, &mut foreign] {
        live.send(r#"{"type":"watch","users":["bob","nobody"]}"#)
            .await;
    }
    let first = presence(&mut watching, "bob").await;
    assert_eq!(
        (&first["online"], &first["last_seen"]),
        (&json!(false), &Value::Null)
    );
    let bob = open(&address, "bob").await;
    assert_eq!(presence(&mut watching, "bob").await["online"], true);
    // A reconnection within the grace period is not visible.
    drop(bob);
    let bob = open(&address, "bob").await;
    let gone = Instant::now();
    drop(bob);
    let last = presence(&mut watching, "bob").await;
    assert_eq!(last["online"], false, "{last}");
    assert!(last["last_seen"].is_string(), "{last}");
    assert!(
        gone.elapsed() >= Duration::from_secs(4),
        "offline before the grace period ended"
    );
    // Typing is delivered to the other members of the conversation.
    let mut bob = open(&address, "bob").await;
    bob.send(r#"{"type":"typing","conversation_id":"c"}"#).await;
    bob.send(r#"{"type":"typing","conversation_id":"z"}"#).await;
    let typed = silent.next_frame().await;
    assert_eq!(
        typed,
        json!({ "type": "typing", "conversation_id": "c", "user": "bob" })
    );
    // A user who shares no conversation has received nothing: the next frame is the response to a
    // new request.
    foreign.send(r#"{"type":"watch","users":["yan"]}"#).await;
    let frame = foreign.next_frame().await;
    assert_eq!(
        (&frame["type"], &frame["user"]),
        (&json!("presence"), &json!("yan")),
        "{frame}"
    );
    // A member who does not watch anyone has received only the typing.
    assert!(frames_before_presence_of_bob(&mut silent).await.is_empty());
    let many: Vec<String> = (0..501).map(|n| format!("u{n}")).collect();
    silent
        .send(&json!({ "type": "watch", "users": many }).to_string())
        .await;
    assert_eq!(silent.wait_for_close().await, 1008);
}

#[tokio::test(flavor = "multi_thread")]
async fn presence_and_typing_cross_gateways_and_end_with_the_gateway() {
    let world = World::start().await;
    let ann = world.user("ann");
    let created = ann.create_group("c", &["bob"]).await.position();
    world.wait_until_projected(created).await;
    let port = ports::find_free();
    let dir = world.dir.join("gateway");
    std::fs::create_dir_all(&dir).expect("a directory");
    let gateway = ServiceProcess::start("query-api", port, &dir, &world.env()).await;
    let mut gateway = gateway.unwrap_or_else(|words| panic!("{words}"));
    let other_address = format!("127.0.0.1:{port}");
    let mut watching = open(&world.address(), "ann").await;
    watching.send(r#"{"type":"watch","users":["bob"]}"#).await;
    assert_eq!(presence(&mut watching, "bob").await["online"], false);
    let mut bob = open(&other_address, "bob").await;
    assert_eq!(presence(&mut watching, "bob").await["online"], true);
    // Typing and entries cross gateways as well.
    bob.send(r#"{"type":"typing","conversation_id":"c"}"#).await;
    assert_eq!(watching.next_frame().await["type"], "typing");
    let sent = ann.send("c", "1", "hello").await.position();
    bob.wait_for_position(sent).await;
    watching.wait_for_position(sent).await;
    gateway.process.kill();
    let event = bob.next_event().await;
    assert!(matches!(event, SocketEvent::Closed(_)), "{event:?}");
    assert_eq!(presence(&mut watching, "bob").await["online"], false);
}

/// The users whom a caller sees, and whether each is online.
async fn seen_over_http(client: &Client, users: &str) -> Vec<(String, bool)> {
    let answer = client.get_ok(&format!("/v1/presence?users={users}")).await;
    let seen = answer["users"].as_array().expect("a list").iter();
    let seen = seen.map(|user| {
        let name = user["user"].as_str().expect("a user").to_owned();
        (name, user["online"].as_bool().expect("a boolean"))
    });
    seen.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn presence_is_answered_over_http_among_users_who_share_a_conversation() {
    // Given ann, bob and cho in one conversation, and zoe in another,
    let world = World::start().await;
    let (ann, bob, zoe) = (world.user("ann"), world.user("bob"), world.user("zoe"));
    ann.create_group("c", &["bob", "cho"]).await.expect(201);
    let created = zoe.create_group("z", &["yan"]).await;
    world.wait_until_projected(created.position()).await;
    // when bob is connected,
    let live = open(&world.address(), "bob").await;
    // then those who share a conversation with him see it, and nobody learns who else exists.
    let pair = |name: &str, online| (name.to_owned(), online);
    let all = "zoe,bob,nobody,cho,ann";
    assert_eq!(
        seen_over_http(&ann, all).await,
        [pair("bob", true), pair("cho", false)]
    );
    assert_eq!(seen_over_http(&zoe, all).await, []);
    // When he has gone, the time is known; that of cho, who was never here, is not.
    drop(live);
    let gone = eventually("bob is offline", async || {
        let answer = ann.get_ok("/v1/presence?users=bob,cho").await;
        (answer["users"][0]["online"] == false).then_some(answer)
    })
    .await;
    assert!(gone["users"][0]["last_seen"].is_string(), "{gone}");
    assert_eq!(gone["users"][1]["last_seen"], Value::Null, "{gone}");
    // When he leaves, it takes effect at once for a reader of her own writes.
    let left = bob.delete("/v1/conversations/c/members/bob").await;
    let path = format!("/v1/presence?users=bob&min_position={}", left.position());
    assert_eq!(ann.get_ok(&path).await["users"], json!([]));
    for bad in ["", "?users=", &format!("?users={}", "a,".repeat(101))] {
        let refused = ann.get(&format!("/v1/presence{bad}")).await;
        assert_eq!(refused.expect_problem(400), "malformed", "{bad}");
        assert_eq!(refused.json()["errors"][0]["field"], "users", "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_stops_typing_is_reported_once_and_across_gateways() {
    // Given ann at one gateway, and bob at another,
    let world = World::start().await;
    let created = world.user("ann").create_group("c", &["bob"]).await;
    world.wait_until_projected(created.position()).await;
    let port = ports::find_free();
    let dir = world.dir.join("gateway");
    std::fs::create_dir_all(&dir).expect("a directory");
    let gateway = ServiceProcess::start("query-api", port, &dir, &world.env()).await;
    let _gateway = gateway.unwrap_or_else(|words| panic!("{words}"));
    let mut ann = open(&world.address(), "ann").await;
    let mut bob = open(&format!("127.0.0.1:{port}"), "bob").await;
    // when bob stops before he has typed, types, and stops twice,
    let frame = |kind: &str| json!({ "type": kind, "conversation_id": "c" }).to_string();
    for kind in [
        "typing_stopped",
        "typing",
        "typing_stopped",
        "typing_stopped",
    ] {
        bob.send(&frame(kind)).await;
    }
    // then ann gets each once, before what follows.
    let expected = |kind: &str| json!({ "type": kind, "conversation_id": "c", "user": "bob" });
    let mut received = vec![ann.next_frame().await, ann.next_frame().await];
    // The two frames cross the broker in order, but each waits for a statement of its own.
    received.sort_by_key(|frame| frame["type"].to_string());
    assert_eq!(received, [expected("typing"), expected("typing_stopped")]);
    assert!(frames_before_presence_of_bob(&mut ann).await.is_empty());
}
