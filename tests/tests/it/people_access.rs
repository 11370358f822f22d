//! Who may call: deactivation, revocation, and services that act for users, in every process.

use std::time::{Duration, Instant};

use eventually::eventually;
use reqwest::Method;
use serde_json::{Value, json};
use tests::client::Client;
use tests::fleet::Fleet;
use tests::live::LiveSocket;
use tests::token;
use tests::world::{Settings, World};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long a decision may take to reach every process and connection, with some time for a busy
/// machine.
const REACH: Duration = Duration::from_secs(3);

async fn open(world: &World, token: &str) -> LiveSocket {
    let mut live = LiveSocket::open(&world.address(), token, "")
        .await
        .expect("open");
    live.wait_until_caught_up().await;
    live
}

/// Waits until a query of the user is refused with this status, and returns the code.
async fn wait_until_refused(client: &Client, status: u16) -> String {
    eventually(format!("{} gets {status}", client.user()), async || {
        let answer = client.get("/v1/inbox").await;
        (answer.status == status).then(|| answer.expect_problem(status))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deactivated_user_is_refused_and_their_connections_close() {
    let mut world = World::start().await;
    let (ann, admin) = (world.user("ann"), world.admin());
    ann.create_group("room", &["bob"]).await.expect(201);
    let mut live = open(&world, &token::for_user("ann")).await;
    let mut other = open(&world, &token::for_user("bob")).await;
    let began = Instant::now();
    let body = json!({ "deactivated": true });
    admin
        .put("/v1/admin/users/ann", Some(body))
        .await
        .expect(200);
    assert_eq!(live.wait_for_close().await, 4403);
    assert!(began.elapsed() < REACH, "{:?}", began.elapsed());
    assert_eq!(wait_until_refused(&ann, 403).await, "deactivated");
    assert_eq!(
        ann.send("room", "k", "hi").await.expect_problem(403),
        "deactivated"
    );
    let mut refused = LiveSocket::open(&world.address(), &token::for_user("ann"), "")
        .await
        .expect("the reason comes over the connection");
    assert_eq!(refused.wait_for_close().await, 4403);
    // The decision survives a restart, and other users notice nothing.
    world.kill();
    assert_eq!(other.wait_for_close().await, 0);
    world.start_service().await;
    let (ann, admin, bob) = (world.user("ann"), world.admin(), world.user("bob"));
    assert_eq!(
        ann.get("/v1/inbox").await.expect_problem(403),
        "deactivated"
    );
    let profile = bob.get_ok("/v1/users/ann").await;
    assert_eq!(profile["deactivated"], true);
    bob.get("/v1/conversations/room/messages").await.expect(200);
    let body = json!({ "deactivated": false });
    admin
        .put("/v1/admin/users/ann", Some(body))
        .await
        .expect(200);
    eventually("ann can call again", async || {
        (ann.get("/v1/inbox").await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn revoked_tokens_are_refused_and_newer_ones_are_not() {
    let world = World::start().await;
    let now = token::unix_now();
    let old = world
        .user("ann")
        .with_token(Some(token::issued_at("ann", now - 60, "")));
    let untimed = world.user("ann");
    old.create_group("room", &["bob"]).await.expect(201);
    let mut live = open(&world, &token::issued_at("ann", now - 60, "")).await;
    let began = Instant::now();
    let revoked = world
        .admin()
        .post("/v1/admin/users/ann/revoke", Value::Null)
        .await;
    assert!(revoked.expect(200)["position"].is_i64());
    assert_eq!(live.wait_for_close().await, 4401);
    assert!(began.elapsed() < REACH, "{:?}", began.elapsed());
    for client in [&old, &untimed] {
        assert_eq!(wait_until_refused(client, 401).await, "revoked");
    }
    let newer = token::issued_at("ann", token::unix_now() + 2, "");
    let newer = world.user("ann").with_token(Some(newer));
    newer.get("/v1/inbox").await.expect(200);
    world.user("bob").get("/v1/inbox").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_reach_every_process() {
    let fleet = Fleet::start(2, &Settings::default()).await;
    let (ann, admin) = (fleet.user("ann", 0), fleet.admin());
    let elsewhere = fleet.user("ann", 1);
    ann.create_group("room", &["bob"]).await.expect(201);
    let body = json!({ "deactivated": true });
    admin
        .put("/v1/admin/users/ann", Some(body))
        .await
        .expect(200);
    assert_eq!(
        wait_until_refused(&ann, 403).await,
        "deactivated",
        "by the query service"
    );
    for client in [&ann, &elsewhere] {
        eventually("the command service refuses the user", async || {
            let answer = client.send("room", "k", "hi").await;
            (answer.status == 403).then(|| answer.expect_problem(403))
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_acts_for_a_user_and_the_event_names_it() {
    let world = World::start().await;
    let (ann, admin) = (world.user("ann"), world.admin());
    ann.create_group("room", &["bob"]).await.expect(201);
    let now = token::unix_now();
    let robot = |scope| {
        world
            .user("robot")
            .with_token(Some(token::issued_at("robot", now, scope)))
    };
    let message = json!({"client_message_id": "k", "type": "text", "body": {"text": "hi"}});
    let send = async |client: &Client, user: &str| {
        let request = client.request(&Method::POST, "/v1/conversations/room/messages");
        request
            .header("Tidings-Act-For", user)
            .json(&message)
            .send()
            .await
    };
    for scope in ["", "moderator"] {
        assert_eq!(
            send(&robot(scope), "bob").await.expect_problem(403),
            "forbidden"
        );
    }
    let sent = send(&robot("service"), "bob").await;
    sent.expect(201);
    let again = send(&robot("service"), "bob").await;
    assert!(again.is_replay(), "the key is the user's: {again}");
    world.wait_until_projected(sent.position()).await;
    let shown = ann.get_ok("/v1/conversations/room/messages/1").await;
    assert_eq!(shown["sender"], "bob");
    let own = robot("admin").request(&Method::GET, "/v1/users/me");
    let own = own.header("Tidings-Act-For", "bob").send().await;
    assert_eq!(own.expect(200)["id"], "bob");
    // The call is the user's: it has none of the rights of the service.
    let events = robot("admin").request(&Method::GET, "/v1/events");
    let events = events.header("Tidings-Act-For", "bob").send().await;
    events.expect_problem(403);
    let malformed = robot("service").request(&Method::GET, "/v1/inbox");
    malformed
        .header("Tidings-Act-For", "")
        .send()
        .await
        .expect_problem(400);
    let log = admin.get("/v1/events?type=message_sent").await;
    let event: Value = serde_json::from_slice(&log.body).expect("one event");
    assert_eq!(
        (&event["actor"], &event["data"]["sender"]),
        (&json!("robot"), &json!("bob"))
    );
    let log = admin.get("/v1/events?type=conversation_created").await;
    let event: Value = serde_json::from_slice(&log.body).expect("one event");
    assert_eq!(event["actor"], Value::Null, "ann called for herself");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_acts_for_a_deactivated_user_or_as_one() {
    let world = World::start().await;
    let admin = world.admin();
    let service = token::issued_at("robot", token::unix_now(), "service");
    let robot = world.user("robot").with_token(Some(service));
    let act = async |user: &str| {
        let request = robot.request(&Method::GET, "/v1/inbox");
        request.header("Tidings-Act-For", user).send().await
    };
    act("ann").await.expect(200);
    let body = json!({ "deactivated": true });
    admin
        .put("/v1/admin/users/ann", Some(body.clone()))
        .await
        .expect(200);
    eventually("nobody acts for ann", async || {
        (act("ann").await.status == 403).then_some(())
    })
    .await;
    act("bob").await.expect(200);
    admin
        .put("/v1/admin/users/robot", Some(body))
        .await
        .expect(200);
    eventually("the robot acts for nobody", async || {
        (act("bob").await.status == 403).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_over_a_connection_that_acts_for_a_user_names_the_service() {
    let world = World::start().await;
    let (ann, admin) = (world.user("ann"), world.admin());
    let created = ann.create_group("room", &["bob"]).await.position();
    world.wait_until_projected(created).await;
    let service = token::issued_at("robot", token::unix_now(), "service");
    let headers = [("tidings-act-for", "bob")];
    let query = "device=phone";
    let opened = LiveSocket::open_with_headers(&world.address(), &service, query, &headers).await;
    let mut live = opened.expect("open").0;
    live.wait_until_caught_up().await;
    live.ack(created).await;
    let event = eventually("the log has the acknowledgement", async || {
        let log = admin.get("/v1/events?type=device_acked").await;
        serde_json::from_slice::<Value>(&log.body).ok()
    })
    .await;
    assert_eq!(
        (&event["actor"], &event["source"]),
        (&json!("robot"), &json!("/mailboxes/bob"))
    );
    let audit = eventually("the audit has it", async || {
        let page = admin.get_ok("/v1/admin/audit?actor=robot").await;
        let entries = page["entries"].as_array().expect("a list");
        let mut acts = entries.iter();
        acts.find(|entry| entry["act"] == "device_acked").cloned()
    })
    .await;
    assert_eq!(audit["target"], "bob");
}

#[tokio::test(flavor = "multi_thread")]
async fn server_sent_events_end_for_those_who_may_no_longer_call() {
    let world = World::start().await;
    let admin = world.admin();
    let ban = json!({ "kind": "banned", "reason": "spam" });
    for (user, method, path, body) in [
        (
            "deactivated",
            Method::PUT,
            "/v1/admin/users/deactivated",
            json!({ "deactivated": true }),
        ),
        (
            "revoked",
            Method::POST,
            "/v1/admin/users/revoked/revoke",
            Value::Null,
        ),
        (
            "banned",
            Method::PUT,
            "/v1/moderation/users/banned/restriction",
            ban,
        ),
    ] {
        world.user(user).create_group(user, &[]).await.expect(201);
        let request = format!(
            "GET /v1/live HTTP/1.0\r\nhost: x\r\naccept: text/event-stream\r\n\
             authorization: Bearer {}\r\n\r\n",
            token::for_user(user)
        );
        let mut stream = TcpStream::connect(world.address()).await.expect("open");
        stream.write_all(request.as_bytes()).await.expect("written");
        let mut text = String::new();
        let mut chunk = [0; 4_096];
        while !text.contains("caught_up") {
            let read = stream.read(&mut chunk).await.expect("read");
            assert!(read > 0, "the stream ended after {text}");
            text.push_str(&String::from_utf8_lossy(&chunk[..read]));
        }
        let began = Instant::now();
        let decided = admin.request(&method, path).json(&body).send().await;
        decided.expect(200);
        let mut rest = Vec::new();
        let end = tokio::time::timeout(REACH, stream.read_to_end(&mut rest)).await;
        assert!(end.is_ok(), "{user} is still connected");
        assert!(began.elapsed() < REACH, "{user}: {:?}", began.elapsed());
    }
}
