//! Every route refuses malformed input: the response is a problem and never a 5xx, the service
//! keeps running, and nothing is appended.

use crate::refusal_status::refusal_status;
use reqwest::Method;
use tests::bad_inputs::{
    HOSTILE_IDS, HUGE_NUMBERS, INVALID_NUMBERS, malformed_bodies, mistyped_bodies,
};
use tests::client::Client;
use tests::log::head;
use tests::response::ApiResponse;
use tests::routes::{Access, ROUTES, Route};
use tests::token;
use tests::world::World;

/// A world in which alice owns the conversation `room` with one message.
async fn world_with_conversation() -> World {
    let world = World::start().await;
    let alice = world.user("alice");
    alice.create_group("room", &["bob"]).await.expect(201);
    let sent = alice.send("room", "m1", "hello").await;
    world.wait_until_projected(sent.position()).await;
    world
}

async fn call(client: &Client, route: &Route, path: &str, body: Option<Vec<u8>>) -> ApiResponse {
    let method = Method::from_bytes(route.method.as_bytes()).expect("a method of the route table");
    let mut request = client.request(&method, path);
    if let Some(body) = body {
        request = request.body("application/json", body);
    }
    request.send().await
}

/// Calls a route with its well-formed body.
async fn call_with_good_body(client: &Client, route: &Route, path: &str) -> ApiResponse {
    let body = route.body.map(|body| body.as_bytes().to_vec());
    call(client, route, path, body).await
}

/// A refusal reveals nothing about the implementation: no SQL, no file, no panic.
fn assert_hides_internals(response: &ApiResponse) {
    let text = String::from_utf8_lossy(&response.body).to_lowercase();
    for word in [
        "panick", "sqlx", "postgres", "select ", "insert ", ".rs:", "/src/", "rust",
    ] {
        assert!(!text.contains(word), "{response} says {word}");
    }
}

fn assert_refused(response: &ApiResponse, status: u16) {
    response.expect_problem(status);
    assert_hides_internals(response);
}

async fn assert_still_serving(world: &mut World) {
    let process = &mut world.service().process;
    assert!(process.is_running(), "{}", process.log_tail());
    assert_eq!(world.anonymous().get("/readyz").await.status, 200);
}

/// A user who may call a route.
fn authorized_caller(world: &World, route: &Route) -> Client {
    match route.access {
        Access::Admin | Access::Case | Access::Desk => world.admin(),
        _ => world.user("alice"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_cannot_be_parsed_are_400() {
    let mut world = world_with_conversation().await;
    let before = head(&world.pool).await.expect("a head");
    let mut tried = 0;
    for route in ROUTES {
        let Some(good) = route.body else { continue };
        let caller = authorized_caller(&world, route);
        for (name, body) in malformed_bodies(good) {
            let response = call(&caller, route, &route.path("room"), Some(body)).await;
            assert_eq!(response.status, 400, "{name}: {response}");
            assert_refused(&response, 400);
            tried += 1;
        }
    }
    assert!(tried > 300, "only {tried} bodies were tried");
    let after = head(&world.pool).await.expect("a head");
    assert_eq!(after, before, "something was appended");
    assert_still_serving(&mut world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_of_the_wrong_type_are_refused_and_never_cause_a_failure() {
    let mut world = world_with_conversation().await;
    let mut refused = 0;
    let mut wrong = Vec::new();
    for route in ROUTES {
        let Some(good) = route.body else { continue };
        let caller = authorized_caller(&world, route);
        for (name, body, must_be_refused) in mistyped_bodies(good) {
            let before = head(&world.pool).await.expect("a head");
            let response = call(&caller, route, &route.path("room"), Some(body)).await;
            let is_accepted = matches!(response.status, 200 | 201);
            if is_accepted && !must_be_refused {
                continue;
            }
            if response.status != refusal_status(route, &name) {
                wrong.push(format!(
                    "{} {}, {name}: {response}",
                    route.method, route.template
                ));
                continue;
            }
            assert_refused(&response, response.status);
            let after = head(&world.pool).await.expect("a head");
            assert_eq!(after, before, "{name}: {response}, and it appended");
            refused += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(refused > 300, "only {refused} bodies were refused");
    assert_still_serving(&mut world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn message_numbers_in_paths_must_be_positive_integers() {
    let mut world = world_with_conversation().await;
    let (alice, admin) = (world.user("alice"), world.admin());
    let routes = ROUTES
        .iter()
        .filter(|route| route.template.contains("{seq}"));
    for route in routes {
        let client = match route.access {
            Access::Admin | Access::Case | Access::Desk => &admin,
            _ => &alice,
        };
        for seq in INVALID_NUMBERS {
            let path = route.message_path("room", seq);
            let response = call_with_good_body(client, route, &path).await;
            assert_refused(&response, 400);
        }
        for seq in HUGE_NUMBERS {
            let path = route.message_path("room", seq);
            let response = call_with_good_body(client, route, &path).await;
            // No message has such a number, even if it does not fit into 64 bits.
            assert_refused(&response, 404);
        }
    }
    assert_still_serving(&mut world).await;
}

/// A numeric parameter of a query.
struct NumericParameter {
    path: &'static str,
    name: &'static str,
    /// The largest value, for a page size.
    max: Option<i64>,
    /// The status for the largest 64-bit integer, and for anything beyond.
    huge: [u16; 2],
}

const fn page_size(path: &'static str, max: i64) -> NumericParameter {
    NumericParameter {
        path,
        name: "limit",
        max: Some(max),
        huge: [400, 400],
    }
}

const fn bound(path: &'static str, name: &'static str, huge: [u16; 2]) -> NumericParameter {
    NumericParameter {
        path,
        name,
        max: None,
        huge,
    }
}

const NUMERIC_PARAMETERS: [NumericParameter; 11] = [
    page_size("/v1/inbox", 200),
    page_size("/v1/inbox/entries", 1_000),
    page_size("/v1/conversations/room/messages", 200),
    page_size("/v1/conversations/room/members", 1_000),
    page_size("/v1/outbox", 200),
    page_size("/v1/events", 10_000),
    bound("/v1/inbox/entries", "after", [410, 400]),
    // No message has such a number: `before` does not restrict the page, `around` finds nothing.
    bound("/v1/conversations/room/messages", "before", [200, 200]),
    bound("/v1/conversations/room/messages", "around", [404, 404]),
    bound("/v1/events", "after", [200, 400]),
    bound("/v1/inbox", "min_position", [503, 400]),
];

#[tokio::test(flavor = "multi_thread")]
async fn numbers_in_queries_must_be_in_range() {
    let mut world = world_with_conversation().await;
    let alice = world.user("alice");
    let alice = alice.with_token(Some(token::for_admin("alice")));
    for parameter in NUMERIC_PARAMETERS {
        let NumericParameter { path, name, .. } = parameter;
        let get = async |value: &str| alice.get(&format!("{path}?{name}={value}")).await;
        for value in INVALID_NUMBERS {
            // A page cannot be empty, but it can begin after 0.
            if value != "0" || parameter.max.is_some() {
                assert_refused(&get(value).await, 400);
            }
        }
        for value in HUGE_NUMBERS {
            let response = get(value).await;
            let is_beyond = value.parse::<i64>().is_err();
            let expected = parameter.huge[usize::from(is_beyond)];
            assert_eq!(response.status, expected, "{response}");
        }
        if let Some(max) = parameter.max {
            get(&max.to_string()).await.expect(200);
            assert_refused(&get(&(max + 1).to_string()).await, 400);
        }
    }
    assert_still_serving(&mut world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_query_parameters_must_be_valid() {
    let mut world = world_with_conversation().await;
    let alice = world.user("alice");
    let alice = alice.with_token(Some(token::for_admin("alice")));
    for path in [
        "/v1/conversations/room/messages?before=2&after=1",
        "/v1/inbox?archived=perhaps",
        "/v1/events?since=yesterday",
    ] {
        assert_refused(&alice.get(path).await, 400);
    }
    for cursor in ["x", "%00", "AAAA", "%7B%7D", "9999999999999999999999"] {
        for path in [
            "/v1/inbox?after=",
            "/v1/conversations/room/members?after=",
            "/v1/outbox?before=",
        ] {
            assert_refused(&alice.get(&format!("{path}{cursor}")).await, 400);
        }
    }
    assert_still_serving(&mut world).await;
}

/// Whether the id is U+0000 or not UTF-8, so that it cannot be the id of anything.
fn is_undecodable(id: &str) -> bool {
    ["%00", "%FF", "%C0%80", "%F4%90"]
        .iter()
        .any(|bytes| id.contains(bytes))
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_conversation_ids_are_unknown_or_malformed() {
    let mut world = world_with_conversation().await;
    let alice = world.user("alice");
    for id in HOSTILE_IDS {
        let status = if is_undecodable(id) { 400 } else { 404 };
        for route in ROUTES.iter().filter(|route| route.access == Access::Member) {
            let path = route.path(id);
            // The client resolves dots in a path, so these are calls of other routes.
            let mut others = ["/invitations", "/links/"].iter();
            if id.starts_with("%2E") && others.any(|part| path.contains(part)) {
                continue;
            }
            let response = call_with_good_body(&alice, route, &path).await;
            assert_refused(&response, status);
        }
    }
    assert_still_serving(&mut world).await;
}

/// The statuses of a call with such a user name or reaction key.
fn statuses_for_name(route: &Route, name: &str) -> &'static [u16] {
    let is_reaction = route.template.contains("{key}");
    let is_query = route.method == "GET";
    let has_control = ["%0D", "%1B"].iter().any(|byte| name.contains(byte));
    match route.template {
        _ if is_undecodable(name) => &[400],
        // The client resolves dots in a path, and there is no such route.
        _ if name.starts_with("%2E") => &[404],
        _ if is_reaction && has_control => &[422],
        "/v1/users/{user}" => &[404],
        _ if is_query && has_control => &[404],
        _ if has_control => &[400],
        // The caller sees no such user.
        "/v1/users/{user}/reports" => &[404],
        // Nobody asked to join.
        "/v1/conversations/{id}/join-requests/{user}" if route.method == "PUT" => &[404],
        // The read model may still have what the calls before have ended.
        "/v1/conversations/{id}/silences/{user}" | "/v1/conversations/{id}/bans/{user}"
            if is_query =>
        {
            &[200, 404]
        }
        _ => &[200],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_user_names_and_reaction_keys_never_cause_a_failure() {
    let mut world = world_with_conversation().await;
    let mut wrong = Vec::new();
    let alice = world.user("alice");
    for name in HOSTILE_IDS {
        for route in ROUTES.iter().filter(|route| route.access != Access::Admin) {
            let path = route.template.replace("{id}", "room").replace("{seq}", "1");
            let path = path.replace("{user}", name).replace("{key}", name);
            if !path.contains(name) {
                continue;
            }
            let response = call_with_good_body(&alice, route, &path).await;
            let expected = statuses_for_name(route, name);
            if !expected.contains(&response.status) {
                wrong.push(format!("{name}, not {expected:?}: {response}"));
            } else if response.status != 200 {
                assert_refused(&response, response.status);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_still_serving(&mut world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_by_the_http_layer_are_problems_too() {
    let world = world_with_conversation().await;
    let alice = world.user("alice");
    let unknown = alice.get("/v1/nothing").await;
    assert_eq!(unknown.expect_problem(404), "no_such_path");
    assert_eq!(alice.get("/nothing").await.status, 404);
    alice.delete("/v1/inbox").await.expect_problem(405);
    for response in [alice.get("/v1/inbox").await, alice.get("/v1/nothing").await] {
        let request_id = response.header("x-request-id");
        assert!(!request_id.is_empty(), "{response} has no X-Request-Id");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_must_have_a_json_content_type() {
    let world = world_with_conversation().await;
    let alice = world.user("alice");
    let ack = || alice.request(&Method::POST, "/v1/inbox/ack");
    let body = r#"{"device":"d","cursor":0}"#;
    for content_type in ["text/plain", "application/x-www-form-urlencoded"] {
        let response = ack().body(content_type, body).send().await;
        response.expect_problem(415);
    }
    let content_type = "application/json; charset=utf-8";
    ack().body(content_type, body).send().await.expect(200);
    let without = ack().header("content-length", "0").send().await;
    without.expect_problem(415);
}
