//! L6: cursors never lie. `GET /v1/inbox/entries` skips no entry, with pages of any size and while
//! others write.

use eventually::eventually;
use serde_json::{Value, json};
use tests::client::Client;
use tests::feed::{self, Poller, entry_key};
use tests::history::{RandomHistory, USERS};
use tests::seed::{Rng, seed};
use tests::world::{Settings, World};

fn entry_types(entries: &[Value]) -> Vec<&str> {
    entries
        .iter()
        .filter_map(|entry| entry["type"].as_str())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_any_size_give_the_same_feed() {
    let seed = seed("pages_of_any_size_give_the_same_feed");
    let world = World::start().await;
    let admin = world.admin();
    let history = RandomHistory::start_with_desks(seed, |user| world.user(user), &admin);
    let mut history = history.await;
    history.run_random(200).await;
    for user in USERS {
        let client = history.client(user);
        let acked = client
            .post(
                "/v1/inbox/ack",
                json!({ "device": "phone", "cursor": history.head }),
            )
            .await;
        acked.expect(200);
        history.head = history.head.max(acked.position());
    }
    let mut compared = 0;
    for user in USERS {
        let client = history.client(user);
        let largest = feed::read_all(&client, feed::MAX_PAGE_SIZE, history.head).await;
        compared += largest.len();
        for size in [1, 2, 50] {
            let paged = feed::read_all(&client, size, history.head).await;
            assert_eq!(paged.len(), largest.len(), "{user}, pages of {size}");
            for (paged, largest) in paged.iter().zip(&largest) {
                assert_eq!(paged, largest, "{user}, pages of {size}");
            }
        }
    }
    assert!(compared > 100, "only {compared} entries were compared");
}

/// Sends messages to random conversations, and changes or reads each of them.
async fn write_randomly(client: Client, mut rng: Rng, sends: usize) {
    for n in 0..sends {
        let id = *rng.pick(&["small", "large"]);
        let key = format!("{}{n}", client.user());
        let seq = client.send(id, &key, "x").await.number("seq");
        let at = format!("/v1/conversations/{id}/messages/{seq}");
        let response = match rng.below(4) {
            0 => {
                let body = json!({ "body": { "text": "y" } });
                client.put(&at, Some(body)).await
            }
            1 => client.delete(&at).await,
            2 => client.put(&format!("{at}/reactions/ok"), None).await,
            _ => client.read(id, seq).await,
        };
        response.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_appears_behind_a_served_cursor_while_writers_run() {
    const WRITERS: usize = 6;
    const SENDS: usize = 60;
    // Given a reader in two conversations, one of which is fanned out: their entries are merged,
    let mut rng = Rng::new(seed(
        "nothing_appears_behind_a_served_cursor_while_writers_run",
    ));
    let settings = Settings::default().with("TIDINGS_FANOUT_THRESHOLD", 9);
    let world = World::start_with(settings).await;
    let writers: Vec<_> = (0..WRITERS).map(|n| format!("writer{n}")).collect();
    let mut members: Vec<&str> = writers.iter().map(String::as_str).collect();
    members.push("reader");
    let owner = world.user("owner");
    owner.create_group("small", &members).await.expect(201);
    members.extend(["more", "and more"]);
    owner.create_group("large", &members).await.expect(201);

    // when it polls with pages of several sizes while others write,
    let mut tasks = tokio::task::JoinSet::new();
    for writer in &writers {
        tasks.spawn(write_randomly(world.user(writer), rng.fork(), SENDS));
    }
    let mut pollers: Vec<_> = [1, 2, 50, feed::MAX_PAGE_SIZE]
        .map(|size| Poller::new(world.user("reader"), size))
        .into();
    while !tasks.is_empty() {
        for poller in &mut pollers {
            poller.poll_once().await;
        }
        while let Some(done) = tasks.try_join_next() {
            done.expect("a writer ends");
        }
    }

    // then each poller has received the same as one that begins now.
    let head = tests::log::head(&world.pool).await.expect("a head");
    for poller in &mut pollers {
        eventually("a poller is at the head", async || {
            while poller.poll_once().await {}
            (poller.cursor() >= head).then_some(())
        })
        .await;
        let checked = poller.check_against_feed().await;
        checked.expect("nothing has appeared behind the cursor");
        let entries = poller.entries.len();
        assert!(entries > WRITERS * SENDS, "only {entries} entries");
        assert_eq!(poller.failures, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_resumes_at_the_cursor_that_it_acknowledged() {
    let world = World::start().await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    alice.create_group("room", &["bob"]).await.expect(201);
    let first = alice.send("room", "a", "1").await.position();
    let second = alice.send("room", "b", "2").await.position();
    let acked = bob
        .post(
            "/v1/inbox/ack",
            json!({ "device": "phone", "cursor": first }),
        )
        .await
        .position();
    let page = bob
        .get_ok(&format!(
            "/v1/inbox/entries?device=phone&min_position={acked}"
        ))
        .await;
    let positions: Vec<_> = page["entries"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| entry_key(entry).position)
        .collect();
    assert_eq!(positions.first(), Some(&second));
    let other = bob.get_ok("/v1/inbox/entries?device=tablet").await;
    assert_eq!(
        other["entries"][0]["type"], "conversation_created",
        "a device that never acknowledged starts at 0"
    );
    let explicit = bob.get_ok("/v1/inbox/entries?device=phone&after=0").await;
    assert_eq!(
        explicit["entries"][0]["type"], "conversation_created",
        "`after` takes precedence"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_preferences_and_receipts_are_entries() {
    let world = World::start().await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    alice.create_group("room", &["bob"]).await.expect(201);
    let sent = alice.send("room", "a", "1").await.position();
    bob.post(
        "/v1/inbox/ack",
        json!({ "device": "phone", "cursor": sent }),
    )
    .await
    .expect(200);
    bob.patch(
        "/v1/conversations/room/preferences",
        json!({ "muted": true }),
    )
    .await
    .expect(200);
    let read = bob.read("room", 1).await.position();
    let of_alice = feed::read_all(&alice, 200, read).await;
    assert_eq!(
        entry_types(&of_alice),
        [
            "conversation_created",
            "message_sent",
            "delivered",
            "conversation_read"
        ]
    );
    assert_eq!(
        of_alice[2]["data"],
        json!({ "user": "bob", "position": sent })
    );
    assert_eq!(of_alice[3]["data"], json!({ "user": "bob", "read_seq": 1 }));
    let of_bob = feed::read_all(&bob, 200, read).await;
    let expected = [
        "conversation_created",
        "message_sent",
        "preferences_changed",
        "conversation_read",
    ];
    assert_eq!(
        entry_types(&of_bob),
        expected,
        "only bob sees his preferences"
    );
    assert_eq!(
        of_bob[2]["data"],
        json!({ "muted": true, "pinned": false, "archived": false })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_covers_the_own_membership_periods() {
    let world = World::start().await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    alice.create_group("room", &["bob"]).await.expect(201);
    let created = alice.create_group("other", &["bob"]).await.position();
    alice.send("room", "a", "first period").await.expect(201);
    let left = bob
        .delete("/v1/conversations/room/members/bob")
        .await
        .position();
    alice.send("room", "b", "between").await.expect(201);
    let (entries, cursor) = feed::read_after(&bob, 0, 2, left).await;
    let served: Vec<_> = entries
        .iter()
        .map(entry_key)
        .map(|entry| (entry.conversation, entry.kind))
        .collect();
    let pair = |conversation: &str, kind: &str| (conversation.to_owned(), kind.to_owned());
    assert_eq!(
        served,
        [
            pair("other", "conversation_created"),
            pair("room", "member_removed")
        ]
    );
    assert_eq!(entries[0]["position"], created);
    let returned = alice
        .post(
            "/v1/conversations/room/members",
            json!({ "users": ["bob"] }),
        )
        .await
        .position();
    alice.send("room", "c", "second period").await.expect(201);
    let head = alice.send("other", "d", "x").await.position();
    let (since, _) = feed::read_after(&bob, cursor, 1, head).await;
    assert_eq!(
        entry_types(&since),
        ["member_added", "message_sent", "message_sent"]
    );
    assert_eq!(since[0]["position"], returned);
    let whole = feed::read_all(&bob, 3, head).await;
    let text = serde_json::to_string(&whole).expect("JSON");
    assert!(
        text.contains("first period")
            && text.contains("second period")
            && !text.contains("between"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_beyond_the_head_is_410_cursor_ahead() {
    let world = World::start().await;
    let alice = world.user("alice");
    let head = alice.create_group("room", &[]).await.position();
    alice
        .get_ok(&format!(
            "/v1/inbox/entries?after={head}&min_position={head}"
        ))
        .await;
    for beyond in [head + 1_000, i64::MAX] {
        let response = alice
            .get(&format!("/v1/inbox/entries?after={beyond}"))
            .await;
        assert_eq!(response.expect_problem(410), "cursor_ahead");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_older_than_the_offline_window_is_410_cursor_expired() {
    let mut world =
        World::start_with(Settings::default().with("TIDINGS_OFFLINE_WINDOW", "1s")).await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let created = alice.create_group("room", &["bob"]).await.position();
    alice.send("room", "first", "old").await.expect(201);
    eventually("the first entries are older than the window", async || {
        let is_old = "SELECT now() - occurred_at > interval '1.5 seconds' FROM log.head";
        sqlx::query_scalar(is_old)
            .fetch_one(&world.pool)
            .await
            .is_ok_and(|is_old: bool| is_old)
            .then_some(())
    })
    .await;
    let head = alice.send("room", "second", "new").await.position();
    // Old entries are removed at intervals, and at the start of the projector.
    world.kill();
    world.start_service().await;
    let expired = eventually("the first entries are removed", async || {
        let response = bob
            .get(&format!("/v1/inbox/entries?after={created}&limit=1"))
            .await;
        (response.status == 410).then_some(response)
    })
    .await;
    assert_eq!(expired.expect_problem(410), "cursor_expired");
    let oldest = expired.number("oldest");
    assert!(oldest > created, "{expired}");
    bob.get(&format!("/v1/inbox/entries?after={created}&device=phone"))
        .await
        .expect_problem(410);
    let inbox = bob.get("/v1/inbox").await;
    let cursor = inbox.header("tidings-position");
    bob.get(&format!("/v1/inbox/entries?after={cursor}"))
        .await
        .expect(200);
    let history = feed::read_history(&bob, "room", head).await;
    assert_eq!(
        history[0]["body"]["text"], "old",
        "the history itself never expires"
    );
}
