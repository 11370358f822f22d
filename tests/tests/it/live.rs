//! `GET /v1/live`: what sync would return arrives by itself, in order, from any cursor.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::feed::{self, FeedEntryKey};
use tests::history::{RandomHistory, USERS};
use tests::live::{LiveSocket, SocketEvent};
use tests::seed::seed;
use tests::token;
use tests::world::{Settings, World};

async fn open(world: &World, user: &str, query: &str) -> LiveSocket {
    let opened = LiveSocket::open(&world.address(), &token::for_user(user), query).await;
    opened.unwrap_or_else(|status| panic!("{user} is answered {status}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_backlog_comes_first_and_then_what_happens() {
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    ann.create_group("c", &["bob"]).await.expect(201);
    for n in 0..450 {
        ann.send("c", &n.to_string(), &format!("message {n}"))
            .await
            .expect(201);
    }
    let mut live = open(&world, "bob", "after=0").await;
    let cursor = live.wait_until_caught_up().await;
    assert_eq!(cursor, 451);
    let sent = ann.send("c", "now", "hello").await.position();
    live.wait_for_position(sent).await;
    assert_eq!(live.entries.len(), 452);
    let entry = live.entries.last().expect("one");
    assert_eq!(entry["data"]["body"]["text"], "hello");
    assert_eq!(
        live.entries,
        feed::read_all(&bob, 100, sent).await,
        "as sync returns it"
    );
    // Resumed anywhere, nothing is missing and nothing comes twice.
    for after in [0, 1, 199, 200, 201, sent - 1, sent] {
        let mut resumed = open(&world, "bob", &format!("after={after}")).await;
        assert_eq!(resumed.wait_until_caught_up().await, sent);
        let expected: Vec<_> = live
            .entry_keys()
            .into_iter()
            .filter(|it| it.position > after)
            .collect();
        assert_eq!(resumed.entry_keys(), expected);
    }
    // Without a cursor, from now on.
    let mut fresh = open(&world, "bob", "").await;
    assert_eq!(fresh.wait_until_caught_up().await, sent);
    let edited = ann
        .put(
            "/v1/conversations/c/messages/1",
            Some(json!({ "body": { "text": "better" } })),
        )
        .await
        .position();
    fresh.wait_for_position(edited).await;
    live.wait_for_position(edited).await;
    assert_eq!(fresh.entries.len(), 1);
    assert_eq!(fresh.entries[0]["type"], "message_edited");
    // Leaving ends it, with the entry that says so.
    let left = bob
        .delete("/v1/conversations/c/members/bob")
        .await
        .position();
    live.wait_for_position(left).await;
    ann.send("c", "after", "bob is gone").await.expect(201);
    ann.create_group("d", &["bob"]).await.expect(201);
    let frame = live.next_frame().await;
    assert_eq!(frame["entry"]["type"], "conversation_created", "{frame}");
}

/// What comes as server-sent events after a position, until the backlog is through.
async fn events(world: &World, user: &str, last: i64) -> String {
    let request = format!(
        "GET /v1/live HTTP/1.0\r\nhost: x\r\naccept: text/event-stream\r\nauthorization: Bearer {}\r\nlast-event-id: {last}\r\n\r\n",
        token::for_user(user)
    );
    let mut stream = tokio::net::TcpStream::connect(world.address())
        .await
        .expect("open");
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes())
        .await
        .expect("written");
    let mut text = String::new();
    let is_through = |text: &str| {
        let last = text.split_once("event: caught_up");
        last.is_some_and(|(_, rest)| rest.contains("\n\n"))
    };
    while !is_through(&text) {
        let mut chunk = [0; 4096];
        let n = tokio::io::AsyncReadExt::read(&mut stream, &mut chunk)
            .await
            .expect("read");
        assert!(n > 0, "ended after {text}");
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
    let text = events(&world, "bob", first).await;
    assert!(text.contains("text/event-stream"), "{text}");
    assert!(
        text.contains(&format!("id: {second}")) && text.contains("event: entry"),
        "{text}"
    );
    assert!(
        text.contains(r#""text":"two""#) && !text.contains(r#""text":"one""#),
        "{text}"
    );
    let text = events(&world, "bob", 0).await;
    assert!(text.contains(&format!("id: {first}")), "{text}");
    world.user("bob").get("/v1/live").await.expect_problem(400);
    world.anonymous().get("/v1/live").await.expect_problem(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_device_does_not_acknowledge_comes_again() {
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    let made = ann.create_group("c", &["bob"]).await.position();
    let mut watch = open(&world, "bob", "after=0&device=watch").await;
    watch.wait_until_caught_up().await;
    let mut phone = open(&world, "bob", "after=0&device=phone").await;
    phone.wait_until_caught_up().await;
    let sent = ann.send("c", "1", "one").await.position();
    watch.wait_for_position(sent).await;
    phone.wait_for_position(sent).await;
    // This one acknowledges as somebody does who listens to server-sent events.
    let body = json!({ "device": "watch", "cursor": sent });
    bob.post("/v1/inbox/ack", body).await.expect(200);
    phone.ack(made).await;
    let start = Instant::now();
    while phone.entries.len() < 3 {
        phone.next_frame().await;
    }
    assert!(start.elapsed() > Duration::from_secs(5), "again too soon");
    assert_eq!(
        phone.entry_keys().last().expect("one").position,
        sent,
        "only what was not acknowledged"
    );
    let told = ann.send("c", "again", "again").await.position();
    watch.wait_for_position(told).await;
    let positions: Vec<i64> = watch.entry_keys().iter().map(|it| it.position).collect();
    assert!(
        positions.is_sorted_by(|one, next| one < next),
        "{positions:?}"
    );
    phone.ack(sent).await;
    eventually::eventually("the acknowledgement is recorded", async || {
        let page = bob.get_ok("/v1/inbox/entries?device=phone").await;
        page["entries"]
            .as_array()
            .is_some_and(|entries| entries.iter().all(|entry| entry["position"] != sent))
            .then_some(())
    })
    .await;
    // The same device again: the first connection is told, the second goes on where it was.
    let mut again = open(&world, "bob", "device=phone").await;
    assert_eq!(phone.wait_for_close().await, 4409);
    again.wait_until_caught_up().await;
    assert!(
        again.entry_keys().iter().all(|it| it.position > sent),
        "{:?}",
        again.entry_keys()
    );
    // Another device is another connection.
    let mut tablet = open(&world, "bob", "device=tablet").await;
    tablet.wait_until_caught_up().await;
    let sent = ann.send("c", "2", "two").await.position();
    again.wait_for_position(sent).await;
    tablet.wait_for_position(sent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_resumes_at_a_position_has_all_of_it() {
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    let mut sent = 0;
    for room in ["c", "d", "e"] {
        ann.create_group(room, &["bob"]).await.expect(201);
        sent = ann.send(room, room, "hello").await.position();
    }
    // One acknowledgement tells ann in three conversations.
    let body = json!({ "device": "phone", "cursor": sent });
    let acked = bob.post("/v1/inbox/ack", body).await.position();
    world.wait_until_projected(acked).await;
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
    let text = events(&world, "ann", sent).await;
    assert_eq!(text.matches("event: entry").count(), 3, "{text}");
    // The last entry, and the end of the backlog.
    assert_eq!(text.matches(&format!("id: {acked}\n")).count(), 2, "{text}");
    assert!(text.rfind("event: entry") < text.find("\nid: "), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_ends_with_a_reason() {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    let mut ahead = open(&world, "bob", "after=1000000").await;
    let frame = ahead.next_frame().await;
    assert_eq!(
        (&frame["type"], &frame["code"]),
        (&json!("problem"), &json!("cursor_ahead")),
        "{frame}"
    );
    assert_eq!(ahead.wait_for_close().await, 4410);
    for junk in [
        "",
        "{",
        "[]",
        "{\"type\":\"dance\"}",
        "{\"type\":\"ack\"}",
        "{\"type\":\"ack\",\"cursor\":\"1\"}",
    ] {
        let mut live = open(&world, "bob", "after=0&device=d").await;
        live.wait_until_caught_up().await;
        live.send(junk).await;
        let mut problems = 0;
        let code = loop {
            match live.next_event().await {
                SocketEvent::Frame(frame) => problems += usize::from(frame["type"] == "problem"),
                SocketEvent::Closed(code) => break code,
            }
        };
        assert_eq!((problems, code), (1, 1008), "{junk}");
    }
    let mut live = open(&world, "bob", "after=0&device=d").await;
    live.wait_until_caught_up().await;
    live.ack(1_000_000).await;
    assert_eq!(live.wait_for_close().await, 1008, "an ack beyond the head");
    let mut live = open(&world, "bob", "after=0").await;
    live.send(&"x".repeat(70_000)).await;
    live.wait_for_close().await;
    // A token that is over, but for the leeway, and two seconds of that.
    let claims = json!({ "sub": "bob", "exp": token::unix_now() - 58 });
    let short = token::sign(&claims, token::SECRET);
    let mut live = LiveSocket::open(&world.address(), &short, "after=0")
        .await
        .expect("still good");
    assert_eq!(live.wait_for_close().await, 4401);
    let address = world.address();
    assert_eq!(
        LiveSocket::open(&address, "nonsense", "after=0")
            .await
            .err(),
        Some(401)
    );
    assert_eq!(
        LiveSocket::open(&address, &token::for_user("bob"), "after=x")
            .await
            .err(),
        Some(400)
    );
    // The service still serves.
    let mut live = open(&world, "bob", "after=0").await;
    live.wait_until_caught_up().await;
}

/// Live tells what sync would have told at that moment. A sync afterwards tells less of conversations that
/// were left since, and less or more of those whose rule for newcomers was changed since, or that were left and
/// joined again. Answers how many entries were the same.
fn compare(user: &str, entries: &[Value], synced: &[Value], present: &BTreeSet<String>) -> usize {
    let live: Vec<FeedEntryKey> = entries.iter().map(feed::entry_key).collect();
    let turns: Vec<FeedEntryKey> = entries
        .iter()
        .filter(|entry| {
            let is_leaving = entry["type"] == "member_removed" && entry["data"]["user"] == user;
            is_leaving || entry["type"] == "conversation_changed"
        })
        .map(feed::entry_key)
        .collect();
    let has_turned = |it: &FeedEntryKey| {
        turns
            .iter()
            .any(|turn| turn.conversation == it.conversation && turn.position > it.position)
    };
    assert!(
        live.is_sorted_by_key(|it| it.position),
        "{user}: out of order"
    );
    let live: BTreeSet<_> = live.iter().cloned().collect();
    let synced: BTreeSet<_> = synced.iter().map(feed::entry_key).collect();
    let differences =
        |of: &BTreeSet<FeedEntryKey>, other: &BTreeSet<FeedEntryKey>| -> Vec<FeedEntryKey> {
            let different = of.difference(other).filter(|it| !has_turned(it));
            different.cloned().collect()
        };
    let missing = differences(&synced, &live);
    assert!(missing.is_empty(), "{user} was not told: {missing:?}");
    let mut foreign = differences(&live, &synced);
    foreign.retain(|it| present.contains(&it.conversation));
    assert!(
        foreign.is_empty(),
        "{user} was told what sync does not: {foreign:?}"
    );
    synced.intersection(&live).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_told_what_sync_returns_whatever_happens() {
    for threshold in [500, 2] {
        let settings = Settings::default().with("TIDINGS_FANOUT_THRESHOLD", threshold);
        let world = World::start_with(settings).await;
        let mut history = RandomHistory::start(seed("live"), |user| world.user(user)).await;
        let (mut connections, mut same) = (Vec::new(), 0);
        for user in USERS {
            connections.push((user, open(&world, user, "after=0").await));
        }
        history.run_random(150).await;
        // Some come later, some go.
        for user in USERS {
            connections.push((user, open(&world, user, "after=0").await));
        }
        connections.truncate(connections.len() - 2);
        history.run_random(250).await;
        for (user, mut live) in connections {
            let client = history.client(user);
            let synced = feed::read_all(&client, feed::MAX_PAGE_SIZE, history.head).await;
            let last = synced
                .last()
                .map_or(0, |entry| feed::entry_key(entry).position);
            live.wait_for_position(last).await;
            let present = history.model.conversations.iter();
            let present = present
                .filter(|(_, conversation)| conversation.is_member(user))
                .map(|(id, _)| id.clone())
                .collect();
            same += compare(user, &live.entries, &synced, &present);
        }
        assert!(same > 300, "only {same} entries were the same");
    }
}
