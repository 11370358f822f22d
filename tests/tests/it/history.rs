//! L11: a position is not an identity. The database is replaced by an earlier copy of itself while
//! everything runs, as in a failover to a standby that lags. Afterwards every part holds exactly
//! what the log holds.

use std::fs;

use embedded_servers::process::Signal;
use eventually::eventually;
use serde_json::{Value, json};
use tests::client::Client;
use tests::database_copy::DatabaseCopy;
use tests::feed::cursor_position;
use tests::fleet::{Fleet, FleetRole};
use tests::live::{LiveSocket, SocketEvent};
use tests::log;
use tests::receiver::{SECRET, WebhookReceiver};
use tests::token;
use tests::world::{Settings, World};

/// Messages that are lost.
const LOST: usize = 5;

/// Messages that are sent afterwards: their positions reach beyond those of the lost ones.
const NEW: usize = 8;

/// Sends a message, as a client does: again with the same key until it is accepted.
pub(crate) async fn send_until_accepted(client: &Client, conversation: &str, key: &str) -> Value {
    let message = json!({ "client_message_id": key, "type": "text", "body": { "text": key } });
    let path = format!("/v1/conversations/{conversation}/messages");
    eventually(format!("{key} is accepted"), async || {
        let response = client.post(&path, message.clone()).await;
        matches!(response.status, 200 | 201).then(|| response.json())
    })
    .await
}

/// The texts of a conversation, oldest first.
async fn texts(client: &Client, conversation: &str, min_position: i64) -> Vec<String> {
    let path = format!(
        "/v1/conversations/{conversation}/messages?limit=200&after=0&min_position={min_position}"
    );
    let page = client.get_ok(&path).await;
    let messages = page["messages"].as_array().expect("messages");
    let text = |message: &Value| message["body"]["text"].as_str().unwrap_or("").to_owned();
    messages.iter().map(text).collect()
}

/// Asserts that the mirror and the webhook's receiver have exactly the events of the log, and that
/// the read models are those that the log gives.
async fn check_everything(world: &World, receiver: &WebhookReceiver, head: i64) {
    let events = log::fetch_events(&world.admin()).await.expect("the log");
    assert_eq!(events.len() as i64, head);
    let nats = world.nats.url.clone();
    eventually("the mirror is exact", async || {
        log::check_mirror(&nats, &events).await.ok()
    })
    .await;
    receiver.wait_for_events(&events).await;
    let data = world.dir.join("data").display().to_string();
    world.run_ok(&["log", "verify", "--data", &data]).await;
    world.run_ok(&["verify"]).await;
}

/// Opens a connection of bob that starts after a cursor.
async fn open(world: &World, after: &str) -> LiveSocket {
    let (address, query) = (world.address(), format!("after={after}"));
    let opened = LiveSocket::open(&address, &token::for_user("bob"), &query).await;
    opened.expect("the upgrade succeeds")
}

/// Reads frames until the connection is closed; returns the code of the problem and of the close.
async fn read_until_closed(live: &mut LiveSocket) -> (Value, u16) {
    let mut problem = Value::Null;
    loop {
        match live.next_event().await {
            SocketEvent::Frame(frame) if frame["type"] == "problem" => {
                problem = frame["code"].clone();
            }
            SocketEvent::Frame(_) => {}
            SocketEvent::Closed(code) => return (problem, code),
        }
    }
}

/// Asserts that a cursor of a lost history is refused wherever it is given.
async fn expect_refused_everywhere(world: &World, bob: &Client, cursor: &str) {
    for path in [
        format!("/v1/inbox/entries?after={cursor}"),
        format!("/v1/inbox?min_position={cursor}"),
    ] {
        assert_eq!(
            bob.get(&path).await.expect_problem(410),
            "cursor_expired",
            "{path}"
        );
    }
    let events = world
        .admin()
        .get(&format!("/v1/events?after={cursor}"))
        .await;
    assert_eq!(events.expect_problem(410), "cursor_expired");
    let ack = bob.post(
        "/v1/inbox/ack",
        json!({ "device": "phone", "cursor": cursor }),
    );
    assert_eq!(ack.await.expect_problem(410), "cursor_expired");
    let mut live = open(world, cursor).await;
    assert_eq!(
        read_until_closed(&mut live).await,
        (json!("cursor_expired"), 4410)
    );
}

/// Exports the log to a directory with this name, which may contain an earlier export.
async fn export(world: &World, name: &str) -> Result<String, String> {
    let dir = world.dir.join(name);
    let output = world
        .run(&["log", "export", dir.to_str().expect("UTF-8")])
        .await;
    match output.status.code() {
        Some(0) => Ok(fs::read_to_string(dir.join("manifest.json")).expect("a manifest")),
        Some(2) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        _ => panic!("{output:?}"),
    }
}

/// Asserts that an export of the common history resumes, and one with lost events does not.
async fn check_exports(world: &World, stale: &str) {
    let refused = export(world, "lost").await.expect_err("refused");
    assert!(refused.contains(stale), "{refused}");
    let resumed = export(world, "kept").await.expect("resumed");
    let resumed: Value = serde_json::from_str(&resumed).expect("JSON");
    let parts = resumed["parts"].as_array().expect("parts").iter();
    let exported = parts.flat_map(|part| {
        let path = part["path"].as_str().expect("a path");
        let text = fs::read_to_string(world.dir.join("kept").join(path)).expect("a part");
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    });
    let logged = log::fetch_events(&world.admin()).await.expect("the log");
    let logged = logged.iter().map(|event| String::from_utf8_lossy(event));
    assert!(exported.eq(logged), "the export is not the log");
    let tail = world.run(&["log", "tail", "--after", stale]).await;
    assert_eq!(tail.status.code(), Some(2), "{tail:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_client_holds_what_the_log_holds_after_events_were_lost() {
    // Given clients, a webhook and a stream that have events which the log then loses
    let settings = Settings::default()
        .with("TIDINGS_WEBHOOK_ALLOW", "127.0.0.0/8")
        .with("TIDINGS_WEBHOOK_SECRET", SECRET);
    let world = World::start_with(settings).await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let receiver = WebhookReceiver::start().await;
    let url = receiver.url();
    world
        .run_ok(&["webhooks", "add", &url, "--events", "all", "--from", "1"])
        .await;
    alice.create_group("room", &["bob"]).await.expect(201);
    let kept = alice.send_texts("room", "kept", 3).await;
    world.wait_until_projected(kept).await;
    let shared = bob.get_ok("/v1/inbox/entries").await["cursor"].clone();
    export(&world, "kept").await.expect("an export");
    let copy = DatabaseCopy::create(&world.pool).await;
    send_until_accepted(&alice, "room", "lost").await;
    let lost = alice.send_texts("room", "lost", LOST).await;
    receiver.wait_for_position(lost).await;
    export(&world, "lost").await.expect("an export");
    let page = bob
        .get_ok(&format!("/v1/inbox/entries?min_position={lost}"))
        .await;
    let stale = page["cursor"].as_str().expect("a cursor").to_owned();
    assert_eq!(cursor_position(&page["cursor"]), lost);
    let mut live = open(&world, &stale).await;
    live.wait_until_caught_up().await;

    // When an earlier copy takes the place of the database, and the log grows past what was lost,
    copy.take_over().await;
    assert_eq!(
        read_until_closed(&mut live).await,
        (json!("cursor_expired"), 4410)
    );
    send_until_accepted(&alice, "room", "new").await;
    let head = alice.send_texts("room", "new", NEW).await;
    assert!(head > lost, "{head} is not beyond {lost}");
    world.wait_until_projected(head).await;

    // then the cursors of the lost history are refused,
    expect_refused_everywhere(&world, &bob, &stale).await;
    check_exports(&world, &stale).await;

    // those of the common history are valid, and nobody sees what was lost.
    let shared = shared.as_str().expect("a cursor");
    let rest = bob
        .get_ok(&format!("/v1/inbox/entries?after={shared}&limit=1000"))
        .await;
    let entries = rest["entries"].as_array().expect("entries");
    let sent = entries
        .iter()
        .filter(|entry| entry["type"] == "message_sent");
    assert_eq!(sent.count(), NEW + 1, "{rest}");
    let found = texts(&bob, "room", head).await;
    assert!(
        !found.iter().any(|text| text.starts_with("lost")),
        "{found:?}"
    );
    assert_eq!(found.len(), 3 + 1 + NEW);
    check_everything(&world, &receiver, head).await;
}

/// A fleet with two command services. The first one knows the conversation `room`, and events that
/// are lost while it is frozen. In the meantime the second one writes as many.
async fn fleet_with_stale_writer(lose: impl AsyncFnOnce(&Fleet) -> usize) -> Fleet {
    let mut fleet = Fleet::start(2, &Settings::default()).await;
    make_writer_stale(&mut fleet, lose).await;
    fleet
}

/// The same with a fleet of two command services that has just started. Each text begins with its
/// conversation.
pub(crate) async fn make_writer_stale(fleet: &mut Fleet, lose: impl AsyncFnOnce(&Fleet) -> usize) {
    let (ann, cat) = (fleet.user("ann", 0), fleet.user("cat", 1));
    ann.create_group("room", &["bob"]).await.expect(201);
    ann.send_texts("room", "room/kept", 3).await;
    cat.create_group("elsewhere", &["dan"]).await.expect(201);
    let copy = DatabaseCopy::create(&fleet.pool).await;
    send_until_accepted(&ann, "room", "room/again").await;
    let lost = lose(fleet).await + 1;
    fleet.freeze_service(FleetRole::Command(0), Signal::Stop);
    copy.take_over().await;
    for n in 0..lost {
        send_until_accepted(&cat, "elsewhere", &format!("elsewhere/new{n}")).await;
    }
    fleet.freeze_service(FleetRole::Command(0), Signal::Continue);
}

/// The messages of the conversation `room` that were not lost, and one that is sent afterwards.
const KEPT_AND_AFTER: [&str; 4] = ["room/kept0", "room/kept1", "room/kept2", "after"];

/// Asserts that all messages with these texts are shown, in order and without a gap, and that the
/// read models and the log agree.
async fn check_room(fleet: &Fleet, expected: &[&str]) {
    let bob = fleet.user("bob", 0);
    let head = log::head(&fleet.pool).await.expect("a head");
    let path = format!("/v1/conversations/room/messages?after=0&limit=200&min_position={head}");
    // On a busy machine, a reconnection takes longer than a query waits.
    let page = eventually("the read model is at the head", async || {
        let page = bob.get(&path).await;
        (page.status == 200).then(|| page.json())
    })
    .await;
    let messages = page["messages"].as_array().expect("messages");
    let seqs: Vec<i64> = messages.iter().filter_map(|m| m["seq"].as_i64()).collect();
    assert_eq!(seqs, (1..=expected.len() as i64).collect::<Vec<_>>());
    assert_eq!(texts(&bob, "room", head).await, expected);
    log::check_positions(&fleet.pool).await.expect("no hole");
    let parked: i64 = sqlx::query_scalar("SELECT count(*) FROM read.parked")
        .fetch_one(&fleet.pool)
        .await
        .expect("a count");
    assert_eq!(parked, 0, "events wait behind a hole");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_with_a_stale_cache_leaves_no_hole() {
    let fleet = fleet_with_stale_writer(async |fleet: &Fleet| {
        fleet.user("ann", 0).send_texts("room", "lost", 4).await;
        4
    })
    .await;
    let sent = send_until_accepted(&fleet.user("ann", 0), "room", "after").await;
    assert_eq!(sent["seq"], 4, "{sent}");
    check_room(&fleet, &KEPT_AND_AFTER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_forgets_a_member_whose_joining_was_lost() {
    let fleet = fleet_with_stale_writer(async |fleet: &Fleet| {
        let added = json!({ "users": ["eve"] });
        let ann = fleet.user("ann", 0);
        ann.post("/v1/conversations/room/members", added)
            .await
            .expect(200);
        1
    })
    .await;
    send_until_accepted(&fleet.user("ann", 0), "room", "after").await;
    let eve = fleet.user("eve", 0);
    let message = json!({ "client_message_id": "e", "type": "text", "body": { "text": "hi" } });
    let refused = eve.post("/v1/conversations/room/messages", message).await;
    assert_eq!(refused.expect_problem(404), "not_found");
    check_room(&fleet, &KEPT_AND_AFTER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_a_lost_conversation_reach_nobody_else() {
    // Given a private group that is lost, and a group of others that gets its stream number
    let fleet = fleet_with_stale_writer(async |fleet: &Fleet| {
        let ann = fleet.user("ann", 0);
        ann.create_group("private", &["bob"]).await.expect(201);
        ann.send("private", "first", "first").await.expect(201);
        2
    })
    .await;
    let cat = fleet.user("cat", 1);
    for n in 0..80 {
        cat.create_group(&format!("other{n}"), &["dan"])
            .await
            .expect(201);
    }
    // when ann goes on in it,
    let ann = fleet.user("ann", 0);
    let secret = json!({ "client_message_id": "s", "type": "text", "body": { "text": "secret" } });
    let refused = ann.post("/v1/conversations/private/messages", secret).await;
    // then the group does not exist, and its text is nowhere in the log.
    assert_eq!(refused.expect_problem(404), "not_found");
    let events = log::fetch_events(&fleet.admin()).await.expect("the log");
    let leaked = events
        .iter()
        .any(|event| String::from_utf8_lossy(event).contains("secret"));
    assert!(!leaked);
    ann.create_group("private", &["bob"]).await.expect(201);
    send_until_accepted(&ann, "private", "second").await;
    let head = log::head(&fleet.pool).await.expect("a head");
    assert_eq!(
        texts(&fleet.user("bob", 0), "private", head).await,
        ["second"]
    );
    log::check_positions(&fleet.pool).await.expect("no hole");
}
