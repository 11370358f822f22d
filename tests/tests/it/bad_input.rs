//! Every call refuses what is malformed: nothing gives a 5xx, nothing stops the process, nothing is
//! appended.

use reqwest::Method;
use tests::bad_inputs::{
    HOSTILE_IDS, HUGE_NUMBERS, INVALID_NUMBERS, malformed_bodies, mistyped_bodies,
};
use tests::client::Client;
use tests::log::head;
use tests::response::ApiResponse;
use tests::routes::{Access, ROUTES, Route};
use tests::world::World;

async fn room() -> World {
    let world = World::start().await;
    let alice = world.user("alice");
    alice.create_group("room", &["bob"]).await.expect(201);
    let sent = alice.send("room", "m1", "hello").await;
    world.wait_until_projected(sent.position()).await;
    world
}

async fn call(client: &Client, route: &Route, path: &str, body: Option<Vec<u8>>) -> ApiResponse {
    let method = Method::from_bytes(route.method.as_bytes()).expect("the table has methods");
    let mut request = client.request(&method, path);
    if let Some(body) = body {
        request = request.body("application/json", body);
    }
    request.send().await
}

/// A refusal tells nothing of what is behind: no SQL, no file, no panic.
fn keeps_quiet(answer: &ApiResponse) {
    let text = String::from_utf8_lossy(&answer.body).to_lowercase();
    for word in [
        "panick", "sqlx", "postgres", "select ", "insert ", ".rs:", "/src/", "rust",
    ] {
        assert!(!text.contains(word), "{answer} says {word}");
    }
}

async fn still_well(world: &mut World) {
    assert!(
        world.service().process.is_running(),
        "{}",
        world.service().process.log_tail()
    );
    assert_eq!(world.anonymous().get("/readyz").await.status, 200);
}

/// Somebody who may call a route.
fn caller(world: &World, route: &Route) -> Client {
    match route.access {
        Access::Admin => world.admin(),
        _ => world.user("alice"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_cannot_be_read_are_400() {
    let mut world = room().await;
    let before = head(&world.pool).await.expect("a head");
    let mut tried = 0;
    for route in ROUTES {
        let Some(good) = route.body else { continue };
        let caller = caller(&world, route);
        for (name, body) in malformed_bodies(good) {
            let answer = call(&caller, route, &route.path("room"), Some(body)).await;
            assert_eq!(answer.status, 400, "{name}: {answer}");
            answer.expect_problem(400);
            keeps_quiet(&answer);
            tried += 1;
        }
    }
    assert!(tried > 300, "only {tried} bodies were tried");
    assert_eq!(
        head(&world.pool).await.expect("a head"),
        before,
        "something was appended"
    );
    still_well(&mut world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_of_the_wrong_type_are_refused_and_never_fail() {
    let mut world = room().await;
    let mut refused = 0;
    for route in ROUTES {
        let Some(good) = route.body else { continue };
        let caller = caller(&world, route);
        for (name, body, certain) in mistyped_bodies(good) {
            let before = head(&world.pool).await.expect("a head");
            let answer = call(&caller, route, &route.path("room"), Some(body)).await;
            assert!(answer.status < 500, "{name}: {answer}");
            assert!(
                !certain || matches!(answer.status, 400 | 422),
                "{name}: {answer}"
            );
            if answer.status >= 400 {
                answer.expect_problem(answer.status);
                keeps_quiet(&answer);
                assert_eq!(
                    head(&world.pool).await.expect("a head"),
                    before,
                    "{name}: {answer}, and appended"
                );
                refused += 1;
            }
        }
    }
    assert!(refused > 300, "only {refused} bodies were refused");
    still_well(&mut world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_in_paths() {
    let mut world = room().await;
    let alice = world.user("alice");
    for route in ROUTES
        .iter()
        .filter(|route| route.template.contains("{seq}"))
    {
        let body = || route.body.map(|body| body.as_bytes().to_vec());
        for seq in INVALID_NUMBERS {
            let answer = call(&alice, route, &route.message_path("room", seq), body()).await;
            answer.expect_problem(400);
            keeps_quiet(&answer);
        }
        for seq in HUGE_NUMBERS {
            let answer = call(&alice, route, &route.message_path("room", seq), body()).await;
            assert!(matches!(answer.status, 400 | 404), "{answer}");
        }
    }
    still_well(&mut world).await;
}

/// The queries that take numbers: path, parameter, and the largest limit where it is one.
const NUMBERS: [(&str, &str, Option<i64>); 11] = [
    ("/v1/inbox", "limit", Some(200)),
    ("/v1/inbox/entries", "limit", Some(1_000)),
    ("/v1/conversations/room/messages", "limit", Some(200)),
    ("/v1/conversations/room/members", "limit", Some(1_000)),
    ("/v1/outbox", "limit", Some(200)),
    ("/v1/events", "limit", Some(10_000)),
    ("/v1/inbox/entries", "after", None),
    ("/v1/conversations/room/messages", "before", None),
    ("/v1/conversations/room/messages", "around", None),
    ("/v1/events", "after", None),
    ("/v1/inbox", "min_position", None),
];

#[tokio::test(flavor = "multi_thread")]
async fn numbers_in_queries() {
    let mut world = room().await;
    let alice = world
        .user("alice")
        .with_token(Some(tests::token::for_admin("alice")));
    for (path, parameter, largest) in NUMBERS {
        for value in INVALID_NUMBERS
            .into_iter()
            .filter(|value| *value != "0" || largest.is_some())
        {
            let answer = alice.get(&format!("{path}?{parameter}={value}")).await;
            answer.expect_problem(400);
            keeps_quiet(&answer);
        }
        for value in HUGE_NUMBERS {
            let answer = alice.get(&format!("{path}?{parameter}={value}")).await;
            assert!(
                matches!(answer.status, 200 | 400 | 404 | 410 | 503),
                "{answer}"
            );
            assert!(largest.is_none() || answer.status == 400, "{answer}");
            assert!(
                answer.status != 503 || parameter == "min_position",
                "{answer}"
            );
        }
        if let Some(largest) = largest {
            alice
                .get(&format!("{path}?{parameter}={largest}"))
                .await
                .expect(200);
            alice
                .get(&format!("{path}?{parameter}={}", largest + 1))
                .await
                .expect_problem(400);
        }
    }
    alice
        .get("/v1/conversations/room/messages?before=2&after=1")
        .await
        .expect_problem(400);
    alice
        .get("/v1/inbox?archived=perhaps")
        .await
        .expect_problem(400);
    alice
        .get("/v1/events?since=yesterday")
        .await
        .expect_problem(400);
    for cursor in ["x", "%00", "AAAA", "%7B%7D", "9999999999999999999999"] {
        for path in [
            "/v1/inbox?after=",
            "/v1/conversations/room/members?after=",
            "/v1/outbox?before=",
        ] {
            let answer = alice.get(&format!("{path}{cursor}")).await;
            assert!(matches!(answer.status, 200 | 400), "{answer}");
            keeps_quiet(&answer);
        }
    }
    still_well(&mut world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strange_ids_and_names() {
    let mut world = room().await;
    let alice = world.user("alice");
    for strange in HOSTILE_IDS {
        for route in ROUTES.iter().filter(|route| route.template.contains('{')) {
            let body = || route.body.map(|body| body.as_bytes().to_vec());
            if route.access == Access::Member {
                let answer = call(&alice, route, &route.path(strange), body()).await;
                assert!(matches!(answer.status, 400 | 404 | 405), "{answer}");
                keeps_quiet(&answer);
            }
            let other = route.template.replace("{id}", "room").replace("{seq}", "1");
            let other = other.replace("{user}", strange).replace("{key}", strange);
            if other.contains(strange) {
                let answer = call(&alice, route, &other, body()).await;
                assert!(answer.status < 500, "{answer}");
            }
        }
    }
    still_well(&mut world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_framework_refuses_is_a_problem_too() {
    let world = room().await;
    let alice = world.user("alice");
    assert_eq!(
        alice.get("/v1/nothing").await.expect_problem(404),
        "not_found"
    );
    assert_eq!(alice.get("/nothing").await.status, 404);
    alice.delete("/v1/inbox").await.expect_problem(405);
    let typed = |content_type: &'static str| {
        alice
            .request(&Method::POST, "/v1/inbox/ack")
            .body(content_type, r#"{"device":"d","cursor":0}"#)
    };
    typed("text/plain").send().await.expect_problem(415);
    typed("application/x-www-form-urlencoded")
        .send()
        .await
        .expect_problem(415);
    typed("application/json; charset=utf-8")
        .send()
        .await
        .expect(200);
    let untyped = alice
        .request(&Method::POST, "/v1/inbox/ack")
        .header("content-length", "0")
        .send()
        .await;
    assert!(matches!(untyped.status, 400 | 415), "{untyped}");
    for answer in [alice.get("/v1/inbox").await, alice.get("/v1/nothing").await] {
        assert!(
            !answer.header("x-request-id").is_empty(),
            "{answer} has no X-Request-Id"
        );
    }
}
