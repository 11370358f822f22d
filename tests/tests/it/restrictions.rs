//! Restrictions of users everywhere: a silenced user reads and does not write, a banned user may do
//! nothing, in every process, until the restriction ends or is lifted.

use std::time::{Duration, Instant};

use domain::time::Timestamp;
use eventually::eventually;
use reqwest::Method;
use serde_json::{Value, json};
use tests::client::Client;
use tests::fleet::Fleet;
use tests::live::LiveSocket;
use tests::token;
use tests::world::{Settings, World};

/// How long a decision may take to reach every process and connection, with some time for a busy
/// machine.
const REACH: Duration = Duration::from_secs(3);

fn path(user: &str) -> String {
    format!("/v1/moderation/users/{user}/restriction")
}

fn moderator(world: &World) -> Client {
    let token = token::issued_at("mod", token::unix_now(), "moderator");
    world.user("mod").with_token(Some(token))
}

/// Restricts a user, and returns the position.
async fn restrict(by: &Client, user: &str, body: Value) -> i64 {
    let answer = by.put(&path(user), Some(body)).await;
    answer.expect(200);
    answer.position()
}

/// Waits until a send of the user is refused, and returns the problem.
async fn wait_until_silenced(user: &Client) -> Value {
    let mut attempt = 0;
    eventually("sends are refused", async || {
        attempt += 1;
        let sent = user.send("room", &format!("try {attempt}"), "hi").await;
        (sent.status == 403).then(|| sent.json())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silenced_user_reads_everywhere_and_writes_nowhere() {
    // Given bob, who has written in a group, and a direct conversation
    let world = World::start().await;
    let (ann, bob, moderator) = (world.user("ann"), world.user("bob"), moderator(&world));
    ann.create_group("room", &["bob"]).await.expect(201);
    let direct = bob.create_direct("ann").await;
    bob.send("room", "first", "hello").await.expect(201);
    let message = "/v1/conversations/room/messages/1";

    // When a moderator who is a member of neither silences bob everywhere
    let until = Timestamp::from_millis(token::unix_now() * 1_000 + 3_600_000);
    let body = json!({ "kind": "silenced", "until": until, "reason": "spam" });
    let position = restrict(&moderator, "bob", body.clone()).await;
    assert_eq!(
        restrict(&moderator, "bob", body).await,
        position,
        "nothing is appended twice"
    );

    // Then bob writes nothing, and learns until when
    let refused = wait_until_silenced(&bob).await;
    assert_eq!(
        (&refused["code"], &refused["until"]),
        (&json!("silenced"), &json!(until))
    );
    for refused in [
        bob.send(&direct, "k", "hi").await,
        bob.put(message, Some(json!({ "body": { "text": "x" } })))
            .await,
        bob.delete(message).await,
        bob.put(&format!("{message}/reactions/x"), None).await,
        bob.create_group("own", &["ann"]).await,
        bob.post(
            "/v1/batch",
            json!([{ "op": "send", "conversation_id": "room", "client_message_id": "b",
                     "type": "text", "body": { "text": "hi" } }]),
        )
        .await,
    ] {
        let code = match refused.status {
            200 => refused.json()[0]["code"].clone(),
            _ => json!(refused.expect_problem(403)),
        };
        assert_eq!(code, "silenced", "{refused}");
    }
    // But reads, and a retry of what was accepted gets its first answer
    bob.get("/v1/conversations/room/messages").await.expect(200);
    bob.read("room", 1).await.expect(200);
    assert!(bob.send("room", "first", "hello").await.is_replay());
    assert_eq!(
        bob.send("nowhere", "k", "hi").await.expect_problem(404),
        "not_found"
    );

    // When it is lifted, twice, then bob writes again
    moderator.delete(&path("bob")).await.expect(200);
    let again = moderator.delete(&path("bob")).await;
    again.expect(200);
    eventually("bob writes again", async || {
        (bob.send("room", "last", "hi").await.status == 201).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_banned_user_may_do_nothing_and_their_connections_close() {
    let mut world = World::start().await;
    let (ann, bob, moderator) = (world.user("ann"), world.user("bob"), moderator(&world));
    ann.create_group("room", &["bob"]).await.expect(201);
    let address = world.address();
    let live = LiveSocket::open(&address, &token::for_user("bob"), "").await;
    let mut live = live.expect("open");
    live.wait_until_caught_up().await;
    let robot = token::issued_at("robot", token::unix_now(), "service");
    let robot = world.user("robot").with_token(Some(robot));

    // When bob is banned everywhere
    let began = Instant::now();
    let body = json!({ "kind": "banned", "reason": "abuse" });
    restrict(&moderator, "bob", body).await;

    // Then the connection closes, every call is refused, and no service calls as bob
    assert_eq!(live.wait_for_close().await, 4403);
    assert!(began.elapsed() < REACH, "{:?}", began.elapsed());
    for call in [
        bob.get("/v1/inbox").await,
        bob.get("/v1/users/me").await,
        bob.send("room", "k", "hi").await,
    ] {
        assert_eq!(call.expect_problem(403), "banned", "{call}");
        assert_eq!(call.json().get("until"), Some(&Value::Null));
    }
    let acting = robot.request(&Method::GET, "/v1/inbox");
    let acting = acting.header("Tidings-Act-For", "bob").send().await;
    assert_eq!(acting.expect_problem(403), "banned");

    // And it is so after a crash
    world.kill();
    world.start_service().await;
    let (bob, moderator) = (world.user("bob"), self::moderator(&world));
    assert_eq!(bob.get("/v1/inbox").await.expect_problem(403), "banned");

    // But a token of an administrator is not subject to moderators
    let admin = token::issued_at("bob", token::unix_now(), "admin");
    let admin = bob.with_token(Some(admin));
    admin.get("/v1/admin/switches").await.expect(200);

    // When it is replaced by one that ends, then it ends by itself
    let until = Timestamp::from_millis(token::unix_now() * 1_000 + 2_500);
    let body = json!({ "kind": "banned", "until": until, "reason": "abuse" });
    restrict(&moderator, "bob", body).await;
    eventually("the ban says when it ends", async || {
        (bob.get("/v1/inbox").await.json()["until"] == json!(until)).then_some(())
    })
    .await;
    eventually("the ban ends", async || {
        (bob.get("/v1/inbox").await.status == 200).then_some(())
    })
    .await;
    assert!(token::unix_now() * 1_000 + 1_000 >= until.millis());
    let head = moderator.delete(&path("bob")).await;
    head.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ban_reaches_every_process() {
    let fleet = Fleet::start(2, &Settings::default()).await;
    let (bob, admin) = (fleet.user("bob", 0), fleet.admin());
    let elsewhere = fleet.user("bob", 1);
    bob.create_group("room", &["ann"]).await.expect(201);
    let body = json!({ "kind": "banned", "reason": "abuse" });
    restrict(&admin, "bob", body).await;
    let began = Instant::now();
    for client in [&bob, &elsewhere] {
        eventually("the user is banned", async || {
            let answer = client.send("room", "k", "hi").await;
            (answer.status == 403).then(|| assert_eq!(answer.expect_problem(403), "banned"))
        })
        .await;
    }
    assert!(began.elapsed() < REACH, "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_moderators_restrict_and_say_why() {
    let world = World::start().await;
    let (ann, moderator) = (world.user("ann"), moderator(&world));
    let body = json!({ "kind": "banned", "reason": "abuse" });
    let refused = ann.put(&path("bob"), Some(body)).await;
    assert_eq!(refused.expect_problem(403), "forbidden");
    assert_eq!(
        ann.delete(&path("bob")).await.expect_problem(403),
        "forbidden"
    );
    for body in [
        json!({ "kind": "banned" }),
        json!({ "kind": "banned", "reason": " " }),
        json!({ "kind": "banned", "reason": "x".repeat(501) }),
        json!({ "kind": "muted", "reason": "abuse" }),
        json!({ "kind": "banned", "reason": "abuse", "until": "soon" }),
        json!({ "kind": "banned", "reason": "abuse", "until": "2020-01-01T00:00:00Z" }),
    ] {
        let refused = moderator.put(&path("bob"), Some(body.clone())).await;
        assert_eq!(refused.status, 422, "{body}: {refused}");
    }
    world.user("bob").get("/v1/inbox").await.expect(200);
}
