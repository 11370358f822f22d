//! `GET /v1/live`: delivers what a sync would return, in order, from any cursor.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use eventually::eventually;
use serde_json::{Value, json};
use tests::feed::{self, FeedEntryKey};
use tests::history::{RandomHistory, USERS};
use tests::live::{LiveSocket, SocketEvent};
use tests::seed::seed;
use tests::token;
use tests::world::{Settings, World};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn open(world: &World, user: &str, query: &str) -> LiveSocket {
    let opened = LiveSocket::open(&world.address(), &token::for_user(user), query).await;
    opened.unwrap_or_else(|status| panic!("{user} gets status {status}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_backlog_comes_first_and_then_new_entries() {
    // Given a backlog of more than two pages,
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    ann.create_group("c", &["bob"]).await.expect(201);
    let mut last = 0;
    for n in 0..450 {
        let sent = ann.send("c", &n.to_string(), &format!("message {n}")).await;
        last = sent.position();
    }
    world.wait_until_projected(last).await;
    // when bob connects at the start, the backlog is delivered,
    let mut live = open(&world, "bob", "after=0").await;
    assert_eq!(live.wait_until_caught_up().await, last);
    // followed by a new message, which equals what a sync returns.
    let sent = ann.send("c", "now", "hello").await.position();
    live.wait_for_position(sent).await;
    assert_eq!(live.entries.len(), 452);
    let entry = live.entries.last().expect("an entry");
    assert_eq!(entry["data"]["body"]["text"], "hello");
    assert_eq!(live.entries, feed::read_all(&bob, 100, sent).await);

    // When he resumes at any position, nothing is missing and nothing is repeated.
    for after in [0, 1, 199, 200, 201, sent - 1, sent] {
        let mut resumed = open(&world, "bob", &format!("after={after}")).await;
        assert_eq!(resumed.wait_until_caught_up().await, sent);
        let mut expected = live.entry_keys();
        expected.retain(|entry| entry.position > after);
        assert_eq!(resumed.entry_keys(), expected, "after {after}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_without_a_cursor_starts_at_the_head() {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    let sent = ann.send("c", "1", "hello").await.position();
    world.wait_until_projected(sent).await;
    let mut live = open(&world, "bob", "").await;
    assert_eq!(live.wait_until_caught_up().await, sent);
    let body = json!({ "body": { "text": "better" } });
    let edited = ann.put("/v1/conversations/c/messages/1", Some(body)).await;
    live.wait_for_position(edited.position()).await;
    assert_eq!(live.entries.len(), 1);
    assert_eq!(live.entries[0]["type"], "message_edited");
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_a_conversation_ends_its_delivery() {
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    let created = ann.create_group("c", &["bob"]).await.position();
    world.wait_until_projected(created).await;
    let mut live = open(&world, "bob", "after=0").await;
    live.wait_until_caught_up().await;
    let left = bob.delete("/v1/conversations/c/members/bob").await;
    live.wait_for_position(left.position()).await;
    let last = live.entries.last().expect("an entry");
    assert_eq!(last["type"], "member_removed", "{last}");

    // The next entry is one of another conversation.
    ann.send("c", "after", "bob is gone").await.expect(201);
    ann.create_group("d", &["bob"]).await.expect(201);
    let frame = live.next_frame().await;
    assert_eq!(frame["entry"]["type"], "conversation_created", "{frame}");
}

/// The server-sent events after a position, up to the end of the backlog.
async fn read_server_sent_events(world: &World, user: &str, last_event_id: i64) -> String {
    let request = format!(
        "GET /v1/live HTTP/1.0\r\nhost: x\r\naccept: text/event-stream\r\n\
         authorization: Bearer {}\r\nlast-event-id: {last_event_id}\r\n\r\n",
        token::for_user(user)
    );
    let mut stream = TcpStream::connect(world.address()).await.expect("open");
    stream.write_all(request.as_bytes()).await.expect("written");
    let mut text = String::new();
    let is_complete = |text: &str| {
        let caught_up = text.split_once("event: caught_up");
        caught_up.is_some_and(|(_, rest)| rest.contains("\n\n"))
    };
    while !is_complete(&text) {
        let mut chunk = [0; 4096];
        let n = stream.read(&mut chunk).await.expect("read");
        assert!(n > 0, "the stream ended after {text}");
        text.push_str(&String::from_utf8_lossy(&chunk[..n]));
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn server_sent_events_resume_at_the_last_one() {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    let first = ann.send("c", "1", "one").await.position();
    let second = ann.send("c", "2", "two").await.position();
    // The backlog contains only what is projected.
    world.wait_until_projected(second).await;

    let text = read_server_sent_events(&world, "bob", first).await;
    assert!(text.contains("text/event-stream"), "{text}");
    assert!(text.contains("event: entry"), "{text}");
    assert!(text.contains(&format!("id: {second}.")), "{text}");
    assert!(text.contains(r#""text":"two""#), "{text}");
    assert!(!text.contains(r#""text":"one""#), "{text}");
    let text = read_server_sent_events(&world, "bob", 0).await;
    assert!(text.contains(&format!("id: {first}.")), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_request_is_refused() {
    let world = World::start().await;
    world.user("bob").get("/v1/live").await.expect_problem(400);
    world.anonymous().get("/v1/live").await.expect_problem(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_a_device_does_not_acknowledge_are_sent_again() {
    // Given two devices that have received a message,
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    let created = ann.create_group("c", &["bob"]).await.position();
    let mut watch = open(&world, "bob", "after=0&device=watch").await;
    watch.wait_until_caught_up().await;
    let mut phone = open(&world, "bob", "after=0&device=phone").await;
    phone.wait_until_caught_up().await;
    let sent = ann.send("c", "1", "one").await.position();
    watch.wait_for_position(sent).await;
    phone.wait_for_position(sent).await;

    // when the watch acknowledges it over HTTP, and the phone only the entry before,
    let body = json!({ "device": "watch", "cursor": sent });
    bob.post("/v1/inbox/ack", body).await.expect(200);
    phone.ack(created).await;
    let start = Instant::now();

    // then the phone receives only the message again, after the re-push time,
    while phone.entries.len() < 3 {
        phone.next_frame().await;
    }
    assert!(start.elapsed() > Duration::from_secs(5), "too soon");
    assert_eq!(phone.last_position(), sent);
    // and the watch receives every entry once.
    let next = ann.send("c", "next", "next").await.position();
    watch.wait_for_position(next).await;
    let positions: Vec<i64> = watch
        .entry_keys()
        .iter()
        .map(|entry| entry.position)
        .collect();
    let is_strictly_increasing = positions.is_sorted_by(|one, next| one < next);
    assert!(is_strictly_increasing, "{positions:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_connection_of_a_device_replaces_the_first() {
    // Given a device that has acknowledged a message,
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    ann.create_group("c", &["bob"]).await.expect(201);
    let mut phone = open(&world, "bob", "after=0&device=phone").await;
    let sent = ann.send("c", "1", "one").await.position();
    phone.wait_for_position(sent).await;
    phone.ack(sent).await;
    eventually("the acknowledgement is projected", async || {
        let page = bob.get_ok("/v1/inbox/entries?device=phone").await;
        page["entries"].as_array()?.is_empty().then_some(())
    })
    .await;

    // when it connects again, the first connection is closed and the second one resumes,
    let mut second = open(&world, "bob", "device=phone").await;
    assert_eq!(phone.wait_for_close().await, 4409);
    assert_eq!(phone.close_reason, "replaced");
    second.wait_until_caught_up().await;
    assert!(second.entries.is_empty(), "{:?}", second.entries);
    // but another device has its own connection.
    let mut tablet = open(&world, "bob", "device=tablet").await;
    tablet.wait_until_caught_up().await;
    let sent = ann.send("c", "2", "two").await.position();
    second.wait_for_position(sent).await;
    tablet.wait_for_position(sent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_with_several_entries_is_not_split_by_a_cursor() {
    // Given one acknowledgement that concerns ann in three conversations,
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    let mut sent = 0;
    for id in ["c", "d", "e"] {
        ann.create_group(id, &["bob"]).await.expect(201);
        sent = ann.send(id, id, "hello").await.position();
    }
    let body = json!({ "device": "phone", "cursor": sent });
    let acked = bob.post("/v1/inbox/ack", body).await.position();
    world.wait_until_projected(acked).await;

    // then all but the last of its entries say that more follow,
    let mut live = open(&world, "ann", "after=0").await;
    let mut more = Vec::new();
    loop {
        let frame = live.next_frame().await;
        if frame["type"] == "caught_up" {
            break;
        }
        if frame["entry"]["position"] == acked {
            more.push(frame["more"] == true);
        } else {
            assert!(frame["more"].is_null(), "{frame}");
        }
    }
    assert_eq!(more, [true, true, false]);
    // and of the server-sent events, only the last entry and the end of the backlog have an id.
    let text = read_server_sent_events(&world, "ann", sent).await;
    assert_eq!(text.matches("event: entry").count(), 3, "{text}");
    assert_eq!(
        text.matches(&format!("\nid: {acked}.")).count(),
        2,
        "{text}"
    );
    assert!(text.rfind("event: entry") < text.find("\nid: "), "{text}");
}

/// A world in which bob is a member of one conversation.
async fn world_with_bob() -> World {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_beyond_the_head_closes_the_connection_with_4410() {
    let world = world_with_bob().await;
    let mut live = open(&world, "bob", "after=1000000").await;
    let frame = live.next_frame().await;
    assert_eq!(
        (&frame["type"], &frame["code"]),
        (&json!("problem"), &json!("cursor_ahead")),
        "{frame}"
    );
    assert_eq!(live.wait_for_close().await, 4410);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_frame_closes_the_connection_with_1008() {
    let world = world_with_bob().await;
    for frame in [
        "",
        "{",
        "[]",
        r#"{"type":"dance"}"#,
        r#"{"type":"ack"}"#,
        r#"{"type":"ack","cursor":"one"}"#,
        // Beyond the head of the log.
        r#"{"type":"ack","cursor":1000000}"#,
    ] {
        let mut live = open(&world, "bob", "after=0&device=d").await;
        live.wait_until_caught_up().await;
        live.send(frame).await;
        let mut problems = 0;
        let code = loop {
            match live.next_event().await {
                SocketEvent::Frame(frame) => problems += usize::from(frame["type"] == "problem"),
                SocketEvent::Closed(code) => break code,
            }
        };
        assert_eq!((problems, code), (1, 1008), "{frame}");
    }
    // The service continues to serve others.
    let mut live = open(&world, "bob", "after=0").await;
    live.wait_until_caught_up().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_closes_the_connection_with_4401() {
    let world = world_with_bob().await;
    // Clocks may differ by 60 s, so this token is accepted for two more seconds.
    let claims = json!({ "sub": "bob", "exp": token::unix_now() - 58 });
    let token = token::sign(&claims, token::SECRET);
    let opened = LiveSocket::open(&world.address(), &token, "after=0").await;
    let mut live = opened.expect("the token is still valid");
    assert_eq!(live.wait_for_close().await, 4401);
    assert_eq!(live.close_reason, "token_expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_request_gets_no_connection() {
    let world = world_with_bob().await;
    let address = world.address();
    let refused = LiveSocket::open(&address, &token::for_user("bob"), "after=x").await;
    assert_eq!(refused.err(), Some(400));
}

/// Compares what a connection has delivered with a later sync, and returns how many entries were
/// the same.
///
/// A connection delivers what a sync would have returned at that moment. A later sync returns less
/// of conversations that the user has left or cleared since, and less or more of those whose
/// history setting has changed since, or that the user has left and joined again.
fn compare_with_sync(
    user: &str,
    delivered: &[Value],
    synced: &[Value],
    current: &BTreeSet<String>,
) -> usize {
    let live: Vec<FeedEntryKey> = delivered.iter().map(feed::entry_key).collect();
    assert!(
        live.is_sorted_by_key(|entry| entry.position),
        "{user}: out of order"
    );
    let visibility_changes: Vec<FeedEntryKey> = delivered
        .iter()
        .filter(|entry| {
            let has_left = entry["type"] == "member_removed" && entry["data"]["user"] == user;
            let changes = ["conversation_changed", "conversation_cleared"];
            has_left || changes.iter().any(|kind| entry["type"] == *kind)
        })
        .map(feed::entry_key)
        .collect();
    let is_affected = |entry: &FeedEntryKey| {
        visibility_changes.iter().any(|change| {
            change.conversation == entry.conversation && change.position > entry.position
        })
    };
    let live: BTreeSet<_> = live.into_iter().collect();
    let synced: BTreeSet<_> = synced.iter().map(feed::entry_key).collect();
    let missing: Vec<_> = synced
        .difference(&live)
        .filter(|entry| !is_affected(entry))
        .collect();
    assert!(missing.is_empty(), "not delivered to {user}: {missing:?}");
    let foreign: Vec<_> = live
        .difference(&synced)
        .filter(|entry| !is_affected(entry) && current.contains(&entry.conversation))
        .collect();
    assert!(
        foreign.is_empty(),
        "delivered to {user}, but not in a sync: {foreign:?}"
    );
    synced.intersection(&live).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_deliver_what_a_sync_returns_in_random_histories() {
    for threshold in [500, 2] {
        // Given connections that begin at different times, two of which end early,
        let settings = Settings::default().with("TIDINGS_FANOUT_THRESHOLD", threshold);
        let world = World::start_with(settings).await;
        let mut history = RandomHistory::start(seed("live"), |user| world.user(user)).await;
        let mut connections = Vec::new();
        for user in USERS {
            connections.push((user, open(&world, user, "after=0").await));
        }
        history.run_random(150).await;
        for user in USERS {
            connections.push((user, open(&world, user, "after=0").await));
        }
        connections.truncate(connections.len() - 2);
        history.run_random(250).await;

        // then each has delivered what a sync returns.
        let mut same = 0;
        for (user, mut live) in connections {
            let client = history.client(user);
            let synced = feed::read_all(&client, feed::MAX_PAGE_SIZE, history.head).await;
            let last = synced.last().map(feed::entry_key);
            live.wait_for_position(last.map_or(0, |entry| entry.position))
                .await;
            let conversations = history.model.conversations.iter();
            let current = conversations
                .filter(|(_, conversation)| conversation.is_member(user))
                .map(|(id, _)| id.clone())
                .collect();
            same += compare_with_sync(user, &live.entries, &synced, &current);
        }
        assert!(same > 300, "only {same} entries were the same");
    }
}
