//! Live connections: who gets one, how it ends when the service stops, and which queries the hub
//! makes.

use std::collections::BTreeSet;

use eventually::eventually;
use serde_json::{Value, json};
use tests::client::Client;
use tests::live::{LiveSocket, SocketEvent};
use tests::token;
use tests::world::{Settings, World};

async fn open(world: &World, user: &str) -> LiveSocket {
    let opened = LiveSocket::open(&world.address(), &token::for_user(user), "after=0").await;
    let mut live = opened.unwrap_or_else(|status| panic!("{user} gets status {status}"));
    live.wait_until_caught_up().await;
    live
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_beyond_the_limit_are_asked_to_return_at_different_times() {
    let world = World::start_with(Settings::default().with("TIDINGS_MAX_LIVE", 2)).await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    let (mut first, second) = (open(&world, "ann").await, open(&world, "bob").await);
    let address = world.address();
    let mut retry_delays = BTreeSet::new();
    for _ in 0..20 {
        let bob = token::for_user("bob");
        let Err(response) = LiveSocket::open_with_headers(&address, &bob, "after=0", &[]).await
        else {
            panic!("a third connection is accepted");
        };
        assert_eq!(response.status(), 503);
        let problem: Value =
            serde_json::from_slice(response.body().as_deref().expect("a document")).expect("JSON");
        assert_eq!(problem["code"], "too_many_live");
        let retry_after = response.headers()["retry-after"].to_str().expect("ASCII");
        retry_delays.insert(retry_after.parse::<u64>().expect("seconds"));
    }
    assert!(
        retry_delays.len() > 4,
        "all return at the same time: {retry_delays:?}"
    );
    assert!(
        retry_delays.iter().all(|delay| (5..=30).contains(delay)),
        "{retry_delays:?}"
    );
    let sent = ann
        .send("c", "1", "delivered to the others")
        .await
        .position();
    first.wait_for_position(sent).await;
    drop(second);
    eventually("the slot of the closed connection is free", async || {
        let opened = LiveSocket::open(&address, &token::for_user("bob"), "after=0").await;
        opened.ok().map(|_| ())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_stops_tells_its_clients_when_to_return() {
    let mut world = World::start().await;
    world
        .user("ann")
        .create_group("c", &["bob"])
        .await
        .expect(201);
    let mut live = open(&world, "bob").await;
    let last_frame_and_code = tokio::spawn(async move {
        let mut last = None;
        loop {
            match live.next_event().await {
                SocketEvent::Frame(frame) => last = Some(frame),
                SocketEvent::Closed(code) => return (last.expect("a frame"), code),
            }
        }
    });
    let stopped = tokio::task::block_in_place(|| world.stop());
    assert!(stopped.is_some_and(|status| status.success()));
    let (frame, code) = last_frame_and_code.await.expect("the task ends");
    assert_eq!((&frame["code"], code), (&Value::from("stopping"), 1013));
    let retry_after = frame["retry_after"].as_u64().expect("seconds");
    assert!((1..=15).contains(&retry_after), "{frame}");
}

#[tokio::test(flavor = "multi_thread")]
async fn web_pages_of_other_origins_are_refused() {
    let allowed = "https://chat.example.com";
    let world =
        World::start_with(Settings::default().with("TIDINGS_ALLOWED_ORIGINS", allowed)).await;
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
        let response = refused.unwrap_or_else(|| panic!("{origin} is accepted"));
        let body = response.body().as_deref().unwrap_or_default();
        let problem: Value = serde_json::from_slice(body).expect("a document");
        assert_eq!(
            (response.status().as_u16(), &problem["code"]),
            (403, &Value::from("foreign_origin")),
            "{origin}"
        );
    }
    for headers in [&[("origin", allowed)][..], &[]] {
        let opened = LiveSocket::open_with_headers(&address, &ann, "after=0", headers).await;
        let (mut live, _) = opened.expect("accepted");
        live.wait_until_caught_up().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_are_not_compressed_and_have_a_maximum_size() {
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
    let (mut live, response) = opened.expect("accepted");
    assert!(
        !response.contains_key("sec-websocket-extensions"),
        "{response:?}"
    );
    live.wait_until_caught_up().await;
    // A frame of the maximum size is read, and refused because it is not a valid one.
    live.send(&"x".repeat(64 * 1024)).await;
    assert_eq!(live.next_frame().await["type"], "problem");
    assert_eq!(live.wait_for_close().await, 1008);
    let mut live = open(&world, "ann").await;
    live.send(&"x".repeat(64 * 1024 + 1)).await;
    let heard = live.next_event().await;
    assert!(matches!(heard, SocketEvent::Closed(_)), "{heard:?}");
}

/// How many batches the hub has delivered, by the users for whom it has queried them.
#[derive(Debug, Clone, Copy)]
struct BatchCounts {
    /// For no user: the projector of the same process has pushed the entries.
    nobody: u64,
    /// For the affected users.
    concerned: u64,
    /// For all connected users.
    connected: u64,
}

impl BatchCounts {
    async fn fetch(world: &World) -> Self {
        let metrics = world.anonymous().get("/metrics").await;
        let text = String::from_utf8_lossy(&metrics.body).into_owned();
        let count = |asked: &str| {
            let name = format!("tidings_live_batches_total{{asked=\"{asked}\"}} ");
            let value = text.lines().find_map(|line| line.strip_prefix(&name));
            value.map_or(0, |value| value.parse().expect("a count"))
        };
        Self {
            nobody: count("nobody"),
            concerned: count("concerned"),
            connected: count("connected"),
        }
    }

    fn since(self, earlier: Self) -> Self {
        Self {
            nobody: self.nobody - earlier.nobody,
            concerned: self.concerned - earlier.concerned,
            connected: self.connected - earlier.connected,
        }
    }
}

/// A world with 50 connected users `u0` to `u49`. All of them share the conversation `all` with
/// ann; only `u1` and `u2` share `few` with her.
struct Crowd {
    world: World,
    ann: Client,
    sockets: Vec<LiveSocket>,
}

impl Crowd {
    async fn connect() -> Self {
        let world = World::start().await;
        let ann = world.user("ann");
        let users: Vec<String> = (0..50).map(|n| format!("u{n}")).collect();
        let names: Vec<&str> = users.iter().map(String::as_str).collect();
        ann.create_group("all", &names).await.expect(201);
        let created = ann.create_group("few", &["u1", "u2"]).await;
        world.wait_until_projected(created.position()).await;
        let mut sockets = Vec::new();
        for user in &users {
            sockets.push(open(&world, user).await);
        }
        Self {
            world,
            ann,
            sockets,
        }
    }

    /// The sockets of the members of a conversation.
    fn sockets_of(&mut self, conversation: &str) -> &mut [LiveSocket] {
        match conversation {
            "few" => &mut self.sockets[1..=2],
            _ => &mut self.sockets,
        }
    }

    async fn wait_for_position(&mut self, conversation: &str, position: i64) {
        for socket in self.sockets_of(conversation) {
            socket.wait_for_position(position).await;
        }
    }

    /// Sends a message and waits until it is delivered to every member.
    async fn send(&mut self, conversation: &str, key: &str) {
        let sent = self.ann.send(conversation, key, "hello").await;
        self.wait_for_position(conversation, sent.position()).await;
    }

    /// Edits the first message of `few` and waits until that is delivered.
    async fn edit(&mut self, text: &str) {
        let body = json!({ "body": { "text": text } });
        let path = "/v1/conversations/few/messages/1";
        let edited = self.ann.put(path, Some(body)).await;
        self.wait_for_position("few", edited.position()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hub_queries_for_nobody_or_for_the_affected_users() {
    let mut crowd = Crowd::connect().await;
    // The projector of the same process pushes frequent entries, such as messages.
    let start = BatchCounts::fetch(&crowd.world).await;
    for n in 0..20 {
        crowd.send("few", &n.to_string()).await;
    }
    let after_sends = BatchCounts::fetch(&crowd.world).await;
    let sends = after_sends.since(start);
    assert!(
        sends.nobody >= 10 && sends.nobody > sends.concerned + sends.connected,
        "{sends:?}"
    );

    // Rare entries, such as edits, are queried for the two affected users.
    for n in 0..20 {
        crowd.edit(&format!("edited {n}")).await;
    }
    let edits = BatchCounts::fetch(&crowd.world).await.since(after_sends);
    assert!(
        edits.concerned >= 10 && edits.concerned > edits.connected,
        "{edits:?}"
    );
}

/// The sent messages of a conversation among entries.
fn messages_of<'a>(entries: &'a [Value], conversation: &str) -> Vec<&'a Value> {
    entries
        .iter()
        .filter(|entry| entry["type"] == "message_sent" && entry["conversation_id"] == conversation)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn members_receive_what_a_sync_returns_and_others_receive_nothing() {
    let mut crowd = Crowd::connect().await;
    for n in 0..20 {
        crowd.send("few", &n.to_string()).await;
    }
    crowd.edit("edited").await;

    let u1 = crowd.world.user("u1");
    let page = u1.get_ok("/v1/inbox/entries?after=0&limit=200").await;
    let synced = page["entries"].as_array().expect("entries");
    let synced = messages_of(synced, "few");
    assert_eq!(synced.len(), 20);
    for socket in crowd.sockets_of("few") {
        let live = messages_of(&socket.entries, "few");
        assert_eq!(live.len(), 20);
        // The first one was edited after it was delivered.
        assert_eq!(live[1..], synced[1..]);
    }
    let entries_of_others = &crowd.sockets[3].entries;
    assert!(
        entries_of_others
            .iter()
            .all(|entry| entry["conversation_id"] == "all"),
        "{entries_of_others:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn live_delivery_within_one_process_does_not_need_nats() {
    let mut crowd = Crowd::connect().await;
    let before = BatchCounts::fetch(&crowd.world).await;
    tokio::task::block_in_place(|| crowd.world.nats.stop());
    for (n, conversation) in ["few", "all", "few"].into_iter().enumerate() {
        crowd.send(conversation, &format!("without NATS {n}")).await;
    }
    let counts = BatchCounts::fetch(&crowd.world).await.since(before);
    assert!(counts.nobody >= 2, "{counts:?}");
}
