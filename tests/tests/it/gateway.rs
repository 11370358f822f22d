//! Who gets a live connection, how it ends when the service does, and what the hub asks for.

use std::collections::BTreeSet;

use eventually::eventually;
use serde_json::Value;
use tests::live::{LiveSocket, SocketEvent};
use tests::token;
use tests::world::{Settings, World};

async fn open(world: &World, user: &str) -> LiveSocket {
    let opened = LiveSocket::open(&world.address(), &token::for_user(user), "after=0").await;
    let mut live = opened.unwrap_or_else(|status| panic!("{user} is answered {status}"));
    live.wait_until_caught_up().await;
    live
}

#[tokio::test(flavor = "multi_thread")]
async fn those_for_whom_there_is_no_room_come_back_spread_out() {
    let world = World::start_with(Settings::default().with("TIDINGS_MAX_LIVE", 2)).await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    let (mut first, second) = (open(&world, "ann").await, open(&world, "bob").await);
    let address = world.address();
    let mut waits = BTreeSet::new();
    for _ in 0..20 {
        let bob = token::for_user("bob");
        let Err(answer) = LiveSocket::open_with_headers(&address, &bob, "after=0", &[]).await
        else {
            panic!("a third is let in");
        };
        assert_eq!(answer.status(), 503);
        let problem: Value =
            serde_json::from_slice(answer.body().as_deref().expect("a document")).expect("JSON");
        assert_eq!(problem["code"], "too_many_live");
        let wait = answer.headers()["retry-after"].to_str().expect("ASCII");
        waits.insert(wait.parse::<u64>().expect("seconds"));
    }
    assert!(waits.len() > 4, "all come back together: {waits:?}");
    assert!(
        waits.iter().all(|wait| (5..=30).contains(wait)),
        "{waits:?}"
    );
    let sent = ann.send("c", "1", "the others are served").await.position();
    first.wait_for_position(sent).await;
    drop(second);
    eventually("the room is given back", async || {
        let opened = LiveSocket::open(&address, &token::for_user("bob"), "after=0").await;
        opened.ok().map(|_| ())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_are_connected_when_the_service_stops_are_told_when_to_come_back() {
    let mut world = World::start().await;
    world
        .user("ann")
        .create_group("c", &["bob"])
        .await
        .expect(201);
    let mut live = open(&world, "bob").await;
    let stopping = async { tokio::task::block_in_place(|| world.stop()) };
    let hearing = async move {
        let mut said = None;
        loop {
            match live.next_event().await {
                SocketEvent::Frame(frame) => said = Some(frame),
                SocketEvent::Closed(code) => return (said.expect("a frame"), code),
            }
        }
    };
    let (hearing, stopped) = (tokio::spawn(hearing), stopping.await);
    assert!(stopped.is_some_and(|status| status.success()));
    let (said, code) = hearing.await.expect("heard");
    assert_eq!((&said["code"], code), (&Value::from("stopping"), 1013));
    let wait = said["retry_after"].as_u64().expect("seconds");
    assert!((1..=15).contains(&wait), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_origins_get_no_live_connection() {
    let listed = "https://chat.example.com";
    let world =
        World::start_with(Settings::default().with("TIDINGS_ALLOWED_ORIGINS", listed)).await;
    let (address, ann) = (world.address(), token::for_user("ann"));
    for origin in [
        "https://evil.example",
        "https://chat.example.com.evil",
        "null",
    ] {
        let headers = [("origin", origin)];
        let refused = LiveSocket::open_with_headers(&address, &ann, "after=0", &headers)
            .await
            .err();
        let answer = refused.unwrap_or_else(|| panic!("{origin} is let in"));
        let body = answer.body().as_deref().unwrap_or_default();
        let problem: Value = serde_json::from_slice(body).expect("a document");
        assert_eq!(
            (answer.status().as_u16(), &problem["code"]),
            (403, &Value::from("foreign_origin")),
            "{origin}"
        );
    }
    for headers in [&[("origin", listed)][..], &[]] {
        let opened = LiveSocket::open_with_headers(&address, &ann, "after=0", headers).await;
        let (mut live, _) = opened.expect("let in");
        live.wait_until_caught_up().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_are_neither_compressed_nor_of_any_size() {
    let world = World::start().await;
    let offer = "permessage-deflate; client_max_window_bits";
    let headers = [("sec-websocket-extensions", offer)];
    let opened = LiveSocket::open_with_headers(
        &world.address(),
        &token::for_user("ann"),
        "after=0",
        &headers,
    )
    .await;
    let (mut live, answer) = opened.expect("let in");
    assert!(
        !answer.contains_key("sec-websocket-extensions"),
        "{answer:?}"
    );
    live.wait_until_caught_up().await;
    // As long as may be: it is read, and found to be no frame of ours.
    live.send(&"x".repeat(64 * 1024)).await;
    assert_eq!(live.next_frame().await["type"], "problem");
    assert_eq!(live.wait_for_close().await, 1008);
    let mut live = open(&world, "ann").await;
    live.send(&"x".repeat(64 * 1024 + 1)).await;
    let heard = live.next_event().await;
    assert!(matches!(heard, SocketEvent::Closed(_)), "{heard:?}");
}

/// How many batches the hub has asked nobody for, those concerned, and all who are connected.
async fn batches(world: &World) -> [u64; 3] {
    let answer = world.anonymous().get("/metrics").await;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    ["nobody", "concerned", "connected"].map(|asked| {
        let name = format!("tidings_live_batches_total{{asked=\"{asked}\"}} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&name));
        line.map_or(0, |count| count.parse().expect("a count"))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hub_asks_for_nobody_or_for_few_with_and_without_nats() {
    let mut world = World::start().await;
    let ann = world.user("ann");
    let others: Vec<String> = (0..50).map(|n| format!("u{n}")).collect();
    let names: Vec<&str> = others.iter().map(String::as_str).collect();
    ann.create_group("all", &names).await.expect(201);
    let created = ann.create_group("few", &["u1", "u2"]).await;
    world.wait_until_projected(created.position()).await;
    let mut connected = Vec::new();
    for user in &others {
        connected.push(open(&world, user).await);
    }
    let before = batches(&world).await;
    for n in 0..20 {
        let sent = ann
            .send("few", &n.to_string(), "to two of them")
            .await
            .position();
        for live in &mut connected[1..=2] {
            live.wait_for_position(sent).await;
        }
    }
    // What happens all the time is told by the projector of the same process, and what is rare asked for.
    let sent = batches(&world).await;
    for n in 0..20 {
        let body = serde_json::json!({ "body": { "text": format!("edited {n}") } });
        let edited = ann
            .put("/v1/conversations/few/messages/1", Some(body))
            .await;
        for live in &mut connected[1..=2] {
            live.wait_for_position(edited.position()).await;
        }
    }
    let after = batches(&world).await;
    let asked = |from: [u64; 3], to: [u64; 3]| [0, 1, 2].map(|whom| to[whom] - from[whom]);
    let [nobody, concerned, everybody] = asked(before, sent);
    assert!(
        nobody >= 10 && nobody > concerned + everybody,
        "{before:?}, {sent:?}"
    );
    let [_, concerned, everybody] = asked(sent, after);
    assert!(
        concerned >= 10 && concerned > everybody,
        "{sent:?}, {after:?}"
    );
    // Joining does not make the hub ask for everybody, and nobody else was told.
    assert!(
        connected[3]
            .entries
            .iter()
            .all(|entry| entry["conversation_id"] == "all")
    );
    // And they are told the very same as who asks later.
    for live in &mut connected[1..=2] {
        let entries = live
            .entries
            .iter()
            .filter(|entry| entry["conversation_id"] == "few");
        let told: Vec<_> = entries
            .filter(|entry| entry["type"] == "message_sent")
            .collect();
        let page = world
            .user("u1")
            .get_ok("/v1/inbox/entries?after=0&limit=200")
            .await;
        let later = page["entries"].as_array().expect("entries").iter();
        let later = later.filter(|entry| entry["conversation_id"] == "few");
        let later: Vec<_> = later
            .filter(|entry| entry["type"] == "message_sent")
            .collect();
        // The first one has been edited since.
        assert_eq!(told[1..], later[1..]);
        assert_eq!((told.len(), later.len()), (20, 20));
    }
    // In one process the projector's bell needs no NATS.
    tokio::task::block_in_place(|| world.nats.stop());
    for (n, conversation) in ["few", "all", "few"].into_iter().enumerate() {
        let sent = ann
            .send(conversation, &format!("lost {n}"), "quietly")
            .await
            .position();
        let concerned = if conversation == "few" { 1..=2 } else { 0..=49 };
        for live in &mut connected[concerned] {
            live.wait_for_position(sent).await;
        }
    }
    assert!(batches(&world).await[0] >= after[0] + 2);
}
