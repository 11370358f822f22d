//! `POST .../clear`: removes the beginning of a conversation from the caller's own view, and from
//! nobody else's. L9: what was cleared is asked for by every route, and is never there.

use serde_json::{Value, json};
use tests::client::Client;
use tests::feed;
use tests::live::LiveSocket;
use tests::token;
use tests::world::{Settings, World};

/// The text of every message that is cleared.
const SECRET: &str = "zanzibar";

async fn clear(client: &Client, conversation: &str, up_to: i64) -> i64 {
    let path = format!("/v1/conversations/{conversation}/clear");
    let cleared = client.post(&path, json!({ "up_to": up_to })).await;
    cleared.expect(200);
    cleared.position()
}

/// A world in which ann has sent three messages to bob and cid; each mentions bob. The second one
/// is pinned and has a reaction of bob, and all are edited or answered.
async fn world_with_messages(fanout_threshold: u32) -> World {
    let settings = Settings::default().with("TIDINGS_FANOUT_THRESHOLD", fanout_threshold);
    let world = World::start_with(settings).await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    ann.create_group("room", &["bob", "cid"]).await.expect(201);
    for n in 1..=3 {
        let message = json!({ "client_message_id": format!("m{n}"), "type": "text",
            "body": { "text": format!("{SECRET} {n}") }, "mentions": ["bob"] });
        ann.send_message("room", message).await.expect(201);
    }
    let at = "/v1/conversations/room";
    let edit = json!({ "body": { "text": format!("{SECRET} better") } });
    ann.put(&format!("{at}/messages/1"), Some(edit))
        .await
        .expect(200);
    ann.put(&format!("{at}/pins/2"), None).await.expect(200);
    bob.put(&format!("{at}/messages/2/reactions/heart"), None)
        .await
        .expect(200);
    let reply = json!({ "client_message_id": "b", "type": "text", "reply_to": 2,
        "body": { "text": format!("{SECRET} indeed") } });
    bob.send_message("room", reply).await.expect(201);
    world
}

/// Every route by which a user could see the messages 1 to 4 of the room.
fn routes() -> Vec<String> {
    let at = "/v1/conversations/room";
    let mut routes: Vec<String> = [
        "/v1/inbox",
        "/v1/inbox?archived=true",
        "/v1/inbox/entries?after=0&limit=500",
        "/v1/outbox",
        "/v1/search?q=zanzibar",
        "/v1/search?q=zanzibar+in:room",
        "/v1/search?q=from:ann",
        "/v1/search?q=mentions:bob",
    ]
    .map(str::to_owned)
    .into();
    for query in [
        "",
        "?after=0",
        "?around=2",
        "?before=5",
        "?reactions=summary",
    ] {
        routes.push(format!("{at}/messages{query}"));
    }
    routes.push(format!("{at}/pins"));
    for seq in 1..=4 {
        for route in ["", "/history", "/receipts", "/reactions/heart"] {
            routes.push(format!("{at}/messages/{seq}{route}"));
        }
    }
    routes
}

/// The routes whose answers name a cleared message, or show any of its content.
async fn find_leaks(client: &Client, position: i64) -> Vec<String> {
    let mut leaks = Vec::new();
    for route in routes() {
        let separator = if route.contains('?') { '&' } else { '?' };
        let path = format!("{route}{separator}min_position={position}");
        let answer = client.get(&path).await;
        let text = answer.json().to_string();
        let is_message = route.contains("/messages/") && answer.status != 404;
        let names_message = text.contains("\"seq\":1,") || text.contains("\"seq\":2,");
        if is_message || names_message || text.contains(SECRET) {
            leaks.push(format!("{route}: {text}"));
        }
    }
    leaks
}

async fn open(world: &World, user: &str, query: &str) -> LiveSocket {
    let socket = LiveSocket::open(&world.address(), &token::for_user(user), query).await;
    let mut socket = socket.unwrap_or_else(|status| panic!("{user} gets status {status}"));
    socket.wait_until_caught_up().await;
    socket
}

async fn live_texts(world: &World, user: &str) -> String {
    let socket = open(world, user, "after=0").await;
    Value::from(socket.entries.clone()).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_shows_what_the_caller_has_cleared() {
    check_all_routes(500).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_shows_it_in_a_conversation_that_is_merged_on_read() {
    check_all_routes(1).await;
}

async fn check_all_routes(fanout_threshold: u32) {
    // Given messages that bob sees by many routes,
    let world = world_with_messages(fanout_threshold).await;
    let (ann, bob, cid) = (world.user("ann"), world.user("bob"), world.user("cid"));
    let before = cid.get_ok("/v1/inbox?min_position=8").await;
    let seen = find_leaks(&bob, 8).await;
    assert!(seen.len() > 20, "{seen:?}");
    let annas = find_leaks(&ann, 8).await;
    let routes = |leaks: &[String]| {
        let path = |leak: &String| leak.split(": ").next().map(str::to_owned);
        leaks.iter().map(path).collect::<Vec<_>>()
    };

    // when he clears them, no route shows any,
    let cleared = clear(&bob, "room", 4).await;
    assert_eq!(find_leaks(&bob, cleared).await, Vec::<String>::new());
    assert!(!live_texts(&world, "bob").await.contains(SECRET));
    let data = world.dir.join("data").display().to_string();
    let exported = world.run_ok(&["export-user", "bob", "--data", &data]).await;
    assert!(
        !exported.contains(SECRET) && !exported.contains("heart"),
        "{exported}"
    );
    let compact = exported.replace(" ", "");
    assert!(compact.contains("\"cleared_seq\":4"), "{exported}");

    // and others see what they saw.
    let still = find_leaks(&ann, cleared).await;
    assert_eq!(routes(&still), routes(&annas));
    assert_eq!(cid.get_ok("/v1/inbox").await, before);
    assert!(live_texts(&world, "cid").await.contains(SECRET));
    let exported = world.run_ok(&["export-user", "ann", "--data", &data]).await;
    assert!(exported.contains(SECRET));

    // Leaving and rejoining does not bring them back.
    let members = "/v1/conversations/room/members";
    bob.delete(&format!("{members}/bob")).await.expect(200);
    let rejoined = ann.post(members, json!({ "users": ["bob"] })).await;
    rejoined.expect(200);
    let rejoined = rejoined.position();
    assert_eq!(find_leaks(&bob, rejoined).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_a_cleared_message_later_is_not_delivered() {
    for fanout_threshold in [500, 1] {
        let world = world_with_messages(fanout_threshold).await;
        let (ann, bob) = (world.user("ann"), world.user("bob"));
        let cleared = clear(&bob, "room", 3).await;
        world.wait_until_projected(cleared).await;
        let mut live = open(&world, "bob", "").await;
        let at = "/v1/conversations/room";
        let edit = json!({ "body": { "text": format!("{SECRET} again") } });
        ann.put(&format!("{at}/messages/1"), Some(edit))
            .await
            .expect(200);
        let heart = format!("{at}/messages/1/reactions/heart");
        ann.put(&heart, None).await.expect(200);
        ann.put(&format!("{at}/pins/3"), None).await.expect(200);
        ann.delete(&format!("{at}/messages/1")).await.expect(200);
        ann.post(&format!("{at}/messages/1/restore"), json!({}))
            .await
            .expect(200);
        let sent = ann.send("room", "later", "later").await.position();
        live.wait_for_position(sent).await;
        let kinds: Vec<&Value> = live.entries.iter().map(|entry| &entry["type"]).collect();
        assert_eq!(kinds, ["message_sent"], "{:?}", live.entries);
        let (synced, _) = feed::read_after(&bob, cleared, 100, sent).await;
        assert_eq!(synced, live.entries);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_on_a_cleared_message_are_refused_as_on_one_that_does_not_exist() {
    let world = world_with_messages(500).await;
    let (ann, cid) = (world.user("ann"), world.user("cid"));
    clear(&ann, "room", 3).await;
    let at = "/v1/conversations/room";
    let body = json!({ "body": { "text": "x" } });
    for seq in [2, 9] {
        let message = format!("{at}/messages/{seq}");
        let heart = format!("{message}/reactions/heart");
        let pin = format!("{at}/pins/{seq}");
        for answer in [
            ann.put(&message, Some(body.clone())).await,
            ann.delete(&message).await,
            ann.post(&format!("{message}/restore"), json!({})).await,
            ann.put(&heart, None).await,
            ann.delete(&heart).await,
            ann.put(&pin, None).await,
            ann.delete(&pin).await,
        ] {
            assert_eq!(answer.expect_problem(404), "not_found", "{answer}");
        }
        for field in ["reply_to", "thread"] {
            let reply = json!({ "client_message_id": format!("{field}{seq}"), "type": "text",
                field: seq, "body": { "text": "x" } });
            let answer = ann.send_message("room", reply).await;
            assert_eq!(answer.expect_problem(422), "invalid");
            assert_eq!(answer.json()["errors"][0]["field"], field);
        }
        let follow = format!("{message}/thread/follow");
        assert_eq!(
            ann.put(&follow, None).await.expect_problem(404),
            "not_found"
        );
        let unread = ann
            .post(&format!("{at}/read"), json!({ "unread_from": seq }))
            .await;
        unread.expect_problem(422);
    }
    // For others the message is there.
    cid.put(&format!("{at}/messages/2/reactions/heart"), None)
        .await
        .expect(200);
    ann.put(&format!("{at}/messages/4/reactions/heart"), None)
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn clearing_never_goes_back_and_repeats_change_nothing() {
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    let room = ann.create_direct("bob").await;
    for n in 0..4 {
        ann.send(&room, &n.to_string(), "hello").await.expect(201);
    }
    let cleared = clear(&bob, &room, 2).await;
    for up_to in [1, 2] {
        assert_eq!(clear(&bob, &room, up_to).await, cleared);
    }
    let history = feed::read_history(&bob, &room, cleared).await;
    assert_eq!((history.len(), &history[0]["seq"]), (2, &json!(3)));
    let unread = bob.get_ok("/v1/inbox/unread").await;
    assert_eq!(unread["total"], 2);
    // Other devices learn it from the feed; the other user does not.
    let entries = feed::read_all(&bob, 100, cleared).await;
    let entry = entries.last().expect("an entry");
    assert_eq!(
        (&entry["type"], &entry["data"]),
        (&json!("conversation_cleared"), &json!({ "up_to": 2 }))
    );
    let others = feed::read_all(&ann, 100, cleared).await;
    assert!(
        others
            .iter()
            .all(|entry| entry["type"] != "conversation_cleared")
    );
    // A seq beyond the last message means the last message: later ones are seen.
    let all = clear(&bob, &room, 1_000).await;
    assert_eq!(clear(&bob, &room, 1_000).await, all);
    let sent = ann.send(&room, "later", "later").await.position();
    let history = feed::read_history(&bob, &room, sent).await;
    assert_eq!(history.len(), 1);
    assert_eq!(bob.get_ok("/v1/inbox/unread").await["total"], 1);
    for invalid in [json!({ "up_to": 0 }), json!({ "up_to": -1 })] {
        let path = format!("/v1/conversations/{room}/clear");
        bob.post(&path, invalid).await.expect_problem(422);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_as_of_an_earlier_position_shows_what_was_cleared_later() {
    let world = World::start().await;
    let admin = world.user("ann").with_token(Some(token::for_admin("ann")));
    admin.create_group("room", &["bob"]).await.expect(201);
    let sent = admin.send("room", "m", SECRET).await.position();
    let cleared = clear(&world.user("bob"), "room", 1).await;
    world.wait_until_projected(cleared).await;
    let then = async |path: &str, position: i64| {
        let separator = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{separator}as_of={position}&as_user=bob");
        admin.get(&path).await
    };
    for path in [
        "/v1/inbox",
        "/v1/conversations/room/messages",
        "/v1/conversations/room/messages/1",
    ] {
        let before = then(path, sent).await.expect(200).to_string();
        assert!(before.contains(SECRET), "{path}: {before}");
        let after = then(path, cleared).await.json().to_string();
        assert!(!after.contains(SECRET), "{path}: {after}");
    }
    let explain = "/v1/admin/conversations/room/messages/1/explain";
    let before = then(explain, sent).await.expect(200);
    assert_eq!(
        (&before["visible"], &before["why"]),
        (&json!(true), &json!("member"))
    );
    let after = then(explain, cleared).await.expect(200);
    assert_eq!(
        (&after["visible"], &after["why"]),
        (&json!(false), &json!("cleared"))
    );
}
