//! Presence and typing: immediate, without flicker, across gateways, and only among users who share
//! a conversation.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
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
