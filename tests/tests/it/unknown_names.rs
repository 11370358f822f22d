//! Fields and parameters that a request does not have.

use reqwest::Method;
use serde_json::{Value, json};
use tests::client::Client;
use tests::log::head;
use tests::routes::{Access, ROUTES, Route};
use tests::world::{Settings, World};

async fn world_with_group() -> World {
    let world = World::start().await;
    let created = world.user("ann").create_group("room", &["bob"]).await;
    world.wait_until_projected(created.position()).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_field_is_refused_with_the_nearest_name() {
    // Given a group,
    let world = world_with_group().await;
    let ann = world.user("ann");
    // when a field is misspelt,
    let path = "/v1/conversations/room";
    let refused = ann.patch(path, json!({ "titel": "Team" })).await;
    // then nothing changes, and the answer names the field that was meant.
    assert_eq!(refused.expect_problem(422), "invalid");
    let errors = refused.json()["errors"].clone();
    assert_eq!(
        errors,
        json!([{ "field": "titel", "message": "unknown; did you mean title?" }])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_parameter_is_refused_with_the_nearest_name() {
    let world = world_with_group().await;
    for path in [
        "/v1/inbox?limt=3",
        "/v1/conversations/room/messages?limt=3",
        "/v1/search?q=tea&limt=3",
    ] {
        let refused = world.user("ann").get(path).await;
        assert_eq!(refused.status, 400, "{refused}");
        let error = &refused.json()["errors"][0];
        assert_eq!(error["field"], "limt", "{refused}");
        let message = error["message"].as_str().expect("a message");
        assert!(message.ends_with("did you mean limit?"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_refuses_unknown_fields_of_a_lenient_request_too() {
    // Given a message,
    let world = world_with_group().await;
    let (ann, admin) = (world.user("ann"), world.admin());
    let sent = ann.send("room", "1", "hello").await.position();
    // when an erasure of it misspells the field that narrows it,
    let erasure = admin.request(&Method::POST, "/v1/admin/erasures");
    let erasure = erasure.header("prefer", "handling=lenient");
    let body = json!({ "conversation_id": "room", "seqq": 1 });
    let refused = erasure.json(&body).send().await;
    // then it is refused, rather than erase the whole conversation.
    assert_eq!(refused.expect_problem(422), "invalid");
    let errors = refused.json()["errors"].clone();
    assert_eq!(
        errors,
        json!([{ "field": "seqq", "message": "unknown; did you mean seq?" }])
    );
    let path = format!("/v1/conversations/room/messages/1?min_position={sent}");
    assert_eq!(ann.get_ok(&path).await["body"]["text"], "hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_of_another_type_is_described_in_the_words_of_json() {
    let world = world_with_group().await;
    let ann = world.user("ann");
    for (body, field, message) in [
        (
            json!({ "kind": "grup", "members": [] }),
            "kind",
            "unknown value \"grup\"; expected one of direct, group",
        ),
        (
            json!({ "kind": 5, "members": [] }),
            "kind",
            "expected a string",
        ),
        (
            json!({ "kind": "group", "members": "bob" }),
            "members",
            "expected an array, found the string \"bob\"",
        ),
        (json!({ "members": [] }), "kind", "required, but missing"),
    ] {
        let refused = ann.post("/v1/conversations", body.clone()).await;
        assert_eq!(refused.expect_problem(422), "invalid", "{body}");
        let errors = refused.json()["errors"].clone();
        assert_eq!(errors, json!([{ "field": field, "message": message }]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lenient_request_lists_what_was_ignored() {
    let world = world_with_group().await;
    let ann = world.user("ann");
    // When a client prefers that unknown names are ignored,
    let query = ann.request(&Method::GET, "/v1/inbox?limt=3");
    let query = query.header("prefer", "handling=lenient").send().await;
    let command = ann.request(&Method::PATCH, "/v1/conversations/room");
    let command = command.header("prefer", "handling=lenient");
    let body = json!({ "title": "Team", "colour": "red" });
    let command = command.json(&body).send().await;
    // then the rest of the request is done, and the answer lists them.
    assert_eq!(query.status, 200, "{query}");
    assert_eq!(query.header("tidings-ignored"), "limt");
    assert_eq!(command.status, 200, "{command}");
    assert_eq!(command.header("tidings-ignored"), "colour");
}

/// A user who may call a route.
fn authorized_caller(world: &World, route: &Route) -> Client {
    match route.access {
        Access::Admin => world.admin(),
        _ => world.user("ann"),
    }
}

/// The method of a route.
fn method(route: &Route) -> Method {
    Method::from_bytes(route.method.as_bytes()).expect("a method of the route table")
}

/// A group, in a system in which all routes exist.
async fn world_with_accounts() -> World {
    let world = World::start_with(Settings::default().with("TIDINGS_ACCOUNTS", "open")).await;
    let ann = world.user("ann");
    ann.create_group("room", &["bob"]).await.expect(201);
    let sent = ann.send("room", "m1", "hello").await.position();
    world.wait_until_projected(sent).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn every_body_refuses_a_field_that_it_does_not_have() {
    let world = world_with_accounts().await;
    let before = head(&world.pool).await.expect("a head");
    let mut tried = 0;
    for route in ROUTES {
        let Some(good) = route.body else { continue };
        let mut body: Value = serde_json::from_str(good).expect("an object");
        body["zebra"] = json!(1);
        let caller = authorized_caller(&world, route);
        let request = caller.request(&method(route), &route.path("room"));
        let refused = request.json(&body).send().await;
        assert_eq!(refused.expect_problem(422), "invalid", "{refused}");
        assert_eq!(refused.json()["errors"][0]["field"], "zebra", "{refused}");
        tried += 1;
    }
    assert!(tried > 20, "only {tried} bodies were tried");
    let after = head(&world.pool).await.expect("a head");
    assert_eq!(after, before, "something was appended");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_refuses_a_parameter_that_it_does_not_have() {
    let world = world_with_accounts().await;
    let before = head(&world.pool).await.expect("a head");
    let mut tried = 0;
    for route in ROUTES {
        // The routes for operators are not in the API document.
        if route.access == Access::Open {
            continue;
        }
        let path = format!("{}?zebra=1", route.path("room"));
        let caller = authorized_caller(&world, route);
        let request = caller.request(&method(route), &path);
        let request = match route.body {
            Some(body) => request.body("application/json", body),
            None => request,
        };
        let refused = request.send().await;
        assert_eq!(refused.expect_problem(400), "malformed", "{refused}");
        assert_eq!(refused.json()["errors"][0]["field"], "zebra", "{refused}");
        tried += 1;
    }
    assert!(tried > 80, "only {tried} routes were tried");
    let after = head(&world.pool).await.expect("a head");
    assert_eq!(after, before, "something was appended");
}
