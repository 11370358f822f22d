//! Presence and typing: at once, without flicker, over several gateways, and only among people who share a
//! conversation.

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

/// The next presence of a user.
async fn presence(live: &mut LiveSocket, user: &str) -> Value {
    loop {
        let frame = live.next_frame().await;
        if frame["type"] == "presence" && frame["user"] == user {
            return frame;
        }
    }
}

/// What comes before an answer to a question that is asked last.
async fn until_bob(live: &mut LiveSocket) -> Vec<Value> {
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
async fn who_watches_is_told_and_nobody_else() {
    let world = World::start().await;
    let ann = world.user("ann");
    let made = ann.create_group("c", &["bob", "cho"]).await.position();
    world
        .user("zoe")
        .create_group("z", &["yan"])
        .await
        .expect(201);
    world.wait_until_projected(made).await;
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
    // Away and back within the moment of grace: nobody sees it.
    drop(bob);
    let bob = open(&address, "bob").await;
    let gone = Instant::now();
    drop(bob);
    let last = presence(&mut watching, "bob").await;
    assert_eq!(last["online"], false, "{last}");
    assert!(last["last_seen"].is_string(), "{last}");
    assert!(gone.elapsed() >= Duration::from_secs(4), "offline at once");
    // Typing: to the others of the conversation.
    let mut bob = open(&address, "bob").await;
    bob.send(r#"{"type":"typing","conversation_id":"c"}"#).await;
    bob.send(r#"{"type":"typing","conversation_id":"z"}"#).await;
    let typed = silent.next_frame().await;
    assert_eq!(
        typed,
        json!({ "type": "typing", "conversation_id": "c", "user": "bob" })
    );
    // A stranger was told nothing of all this: what comes next is what they ask for now.
    foreign.send(r#"{"type":"watch","users":["yan"]}"#).await;
    let frame = foreign.next_frame().await;
    assert_eq!(
        (&frame["type"], &frame["user"]),
        (&json!("presence"), &json!("yan")),
        "{frame}"
    );
    // Who does not watch was told of typing alone.
    assert!(until_bob(&mut silent).await.is_empty());
    let many: Vec<String> = (0..501).map(|n| format!("u{n}")).collect();
    silent
        .send(&json!({ "type": "watch", "users": many }).to_string())
        .await;
    assert_eq!(silent.wait_for_close().await, 1008);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_gateway_tells_too_and_takes_its_users_with_it() {
    let world = World::start().await;
    let ann = world.user("ann");
    let made = ann.create_group("c", &["bob"]).await.position();
    world.wait_until_projected(made).await;
    let port = ports::find_free();
    let dir = world.dir.join("gateway");
    std::fs::create_dir_all(&dir).expect("a directory");
    let gateway = ServiceProcess::start("query-api", port, &dir, &world.env()).await;
    let mut gateway = gateway.unwrap_or_else(|words| panic!("{words}"));
    let there = format!("127.0.0.1:{port}");
    let mut watching = open(&world.address(), "ann").await;
    watching.send(r#"{"type":"watch","users":["bob"]}"#).await;
    assert_eq!(presence(&mut watching, "bob").await["online"], false);
    let mut bob = open(&there, "bob").await;
    assert_eq!(presence(&mut watching, "bob").await["online"], true);
    // Typing and entries cross too.
    bob.send(r#"{"type":"typing","conversation_id":"c"}"#).await;
    assert_eq!(watching.next_frame().await["type"], "typing");
    let sent = ann.send("c", "1", "hello").await.position();
    bob.wait_for_position(sent).await;
    watching.wait_for_position(sent).await;
    gateway.process.kill();
    assert!(matches!(bob.next_event().await, SocketEvent::Closed(_)));
    assert_eq!(presence(&mut watching, "bob").await["online"], false);
}
