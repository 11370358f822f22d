//! L9: users see only what they may see. Every route of the route table is called by every kind of
//! caller.

use reqwest::Method;
use serde_json::json;
use tests::client::Client;
use tests::response::ApiResponse;
use tests::routes::{Access, ROUTES, Route};
use tests::token;
use tests::world::World;

/// Alice owns the conversation `room`, bob is a member, carol has left it, dave never was in it.
async fn world_with_conversation() -> World {
    let world = World::start().await;
    let alice = world.user("alice");
    alice
        .create_group("room", &["bob", "carol"])
        .await
        .expect(201);
    alice.send("room", "m1", "secret").await.expect(201);
    world
        .user("carol")
        .send("room", "m2", "mine")
        .await
        .expect(201);
    let left = world
        .user("carol")
        .delete("/v1/conversations/room/members/carol")
        .await;
    left.expect(200);
    alice
        .get_ok(&format!("/v1/inbox?min_position={}", left.position()))
        .await;
    world
}

async fn call(client: &Client, route: &Route, path: &str) -> ApiResponse {
    call_with(client, route, path, route.body).await
}

async fn call_with(
    client: &Client,
    route: &Route,
    path: &str,
    body: Option<&'static str>,
) -> ApiResponse {
    let method = Method::from_bytes(route.method.as_bytes()).expect("a method of the route table");
    let mut request = client.request(&method, path);
    if let Some(body) = body {
        request = request.body("application/json", body);
    }
    request.send().await
}

/// Everything by which a caller can distinguish two responses.
fn visible_parts(response: &ApiResponse) -> (u16, Vec<(String, String)>, String) {
    // These differ between any two responses.
    const VARYING: [&str; 3] = ["x-request-id", "date", "ratelimit"];
    let mut headers: Vec<_> = response
        .headers
        .iter()
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .filter(|(name, _)| !VARYING.contains(&name.as_str()))
        .collect();
    headers.sort();
    (
        response.status,
        headers,
        String::from_utf8_lossy(&response.body).into_owned(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_and_former_members_get_the_404_of_an_unknown_id_on_every_route() {
    let world = world_with_conversation().await;
    let members_only = ROUTES.iter().filter(|route| route.access == Access::Member);
    let mut compared = 0;
    for route in members_only {
        let dave = world.user("dave");
        let unknown = call(&dave, route, &route.path("nowhere")).await;
        assert_eq!(unknown.expect_problem(404), "not_found");
        assert!(
            !String::from_utf8_lossy(&unknown.body).contains("nowhere"),
            "{unknown} repeats the id"
        );
        for user in ["dave", "carol"] {
            let refused = call(&world.user(user), route, &route.path("room")).await;
            assert_eq!(
                visible_parts(&refused),
                visible_parts(&unknown),
                "{} by {user}",
                route.pattern()
            );
            compared += 1;
        }
    }
    assert!(compared >= 30, "only {compared} responses were compared");
}

#[tokio::test(flavor = "multi_thread")]
async fn responses_to_bad_bodies_do_not_reveal_whether_a_conversation_exists() {
    let world = world_with_conversation().await;
    let dave = world.user("dave");
    for route in ROUTES.iter().filter(|route| route.access == Access::Member) {
        for (body, statuses) in [
            (r#"{"x":"#, &[400][..]),
            // Some routes have only optional fields.
            ("{}", &[404, 422]),
            ("[]", &[422]),
        ] {
            // A route without a body ignores it.
            let statuses = route.body.map_or(&[404][..], |_| statuses);
            let missing = call_with(&dave, route, &route.path("nowhere"), Some(body)).await;
            assert!(statuses.contains(&missing.status), "{body}: {missing}");
            for user in ["dave", "carol"] {
                let client = world.user(user);
                let existing = call_with(&client, route, &route.path("room"), Some(body)).await;
                assert_eq!(
                    visible_parts(&existing),
                    visible_parts(&missing),
                    "{} by {user} with {body}",
                    route.pattern()
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_former_member_sees_nothing_anywhere_else() {
    let world = world_with_conversation().await;
    let carol = world.user("carol");
    assert_eq!(carol.get_ok("/v1/inbox").await["conversations"], json!([]));
    assert_eq!(
        carol.get_ok("/v1/inbox/unread").await,
        json!({ "total": 0, "conversations": {} })
    );
    assert_eq!(carol.get_ok("/v1/outbox").await["messages"], json!([]));
    let entries = carol.get_ok("/v1/inbox/entries?after=0").await["entries"].clone();
    let kinds: Vec<_> = entries
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| entry["type"].clone())
        .collect();
    assert_eq!(
        kinds,
        ["member_removed"],
        "only the end of the membership is served"
    );
    let receipts = world
        .user("alice")
        .get_ok("/v1/conversations/room/messages/1/receipts")
        .await;
    assert!(!receipts.to_string().contains("carol"), "{receipts}");
}

/// What bob, who is neither an owner nor an admin nor the author of message 1, gets for a call.
fn status_for_bob(route: &Route) -> u16 {
    match route.pattern().as_str() {
        "POST /v1/conversations/{}/messages" => 201,
        // An earlier call has cleared the message.
        "POST /v1/conversations/{}/messages/{}/reports" => 404,
        "PATCH /v1/conversations/{}"
        | "POST /v1/conversations/{}/members"
        | "DELETE /v1/conversations/{}/members/{}"
        | "DELETE /v1/conversations/{}/invitations/{}"
        | "PUT /v1/conversations/{}/messages/{}"
        | "DELETE /v1/conversations/{}/messages/{}"
        | "POST /v1/conversations/{}/messages/{}/restore"
        | "PUT /v1/conversations/{}/pins/{}"
        | "DELETE /v1/conversations/{}/pins/{}"
        | "GET /v1/conversations/{}/invitations"
        | "GET /v1/conversations/{}/join-requests"
        | "PUT /v1/conversations/{}/join-requests/{}"
        | "DELETE /v1/conversations/{}/join-requests/{}"
        | "GET /v1/conversations/{}/links"
        | "POST /v1/conversations/{}/links"
        | "DELETE /v1/conversations/{}/links/{}"
        | "GET /v1/conversations/{}/silences"
        | "GET /v1/conversations/{}/silences/{}"
        | "PUT /v1/conversations/{}/silences/{}"
        | "DELETE /v1/conversations/{}/silences/{}"
        | "GET /v1/conversations/{}/bans"
        | "GET /v1/conversations/{}/bans/{}"
        | "PUT /v1/conversations/{}/bans/{}"
        | "DELETE /v1/conversations/{}/bans/{}" => 403,
        _ => 200,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_have_access_to_every_route() {
    let world = world_with_conversation().await;
    let bob = world.user("bob");
    let member_routes = || ROUTES.iter().filter(|route| route.access == Access::Member);
    for route in member_routes().filter(|route| !route.is_command()) {
        let response = call(&bob, route, &route.path("room")).await;
        assert_eq!(response.status, status_for_bob(route), "{response}");
    }
    for route in member_routes().filter(|route| route.is_command()) {
        let response = call(&bob, route, &route.path("room")).await;
        assert_eq!(response.status, status_for_bob(route), "{response}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_responds_without_a_valid_token() {
    let world = world_with_conversation().await;
    let body = |response: &ApiResponse| String::from_utf8_lossy(&response.body).into_owned();
    let none = world.anonymous().get("/v1/inbox").await;
    assert_eq!(none.expect_problem(401), "token_missing");
    for route in ROUTES {
        let response = call(&world.anonymous(), route, &route.path("room")).await;
        if route.access == Access::Open {
            assert_eq!(response.status, 200, "{response}");
            continue;
        }
        if route.access == Access::Account {
            assert_eq!(response.expect_problem(404), "not_found");
            continue;
        }
        response.expect_problem(401);
        assert_eq!(body(&response), body(&none), "{}", route.pattern());
        assert!(
            !response.header("www-authenticate").is_empty(),
            "{response} does not say how to authenticate"
        );
    }
    for (fault, token) in token::invalid_tokens() {
        for path in ["/v1/inbox", "/v1/events", "/v1/conversations/room"] {
            let response = world
                .anonymous()
                .with_token(Some(token.clone()))
                .get(path)
                .await;
            let code = match fault {
                "expired" => "token_expired",
                _ => "token_invalid",
            };
            assert_eq!(response.expect_problem(401), code, "{fault}: {response}");
            let challenge = response.header("www-authenticate");
            assert!(challenge.contains("invalid_token"), "{fault}: {challenge}");
        }
    }
    for header in [
        "Basic YWxpY2U6eA==",
        "Bearer",
        "Bearer ",
        "bearer  x y",
        "Token x",
    ] {
        let response = world
            .anonymous()
            .request(&Method::GET, "/v1/inbox")
            .header("authorization", header)
            .send()
            .await;
        response.expect_problem(401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_admins_have_access_to_the_log() {
    let world = world_with_conversation().await;
    for route in ROUTES.iter().filter(|route| route.access == Access::Admin) {
        assert_eq!(
            call(&world.user("alice"), route, &route.path("room"))
                .await
                .expect_problem(403),
            "forbidden"
        );
        let similar_scope = token::sign(
            &json!({"sub":"eve","exp":token::unix_now()+99,"scope":"administrator admin2"}),
            token::SECRET,
        );
        call(
            &world.anonymous().with_token(Some(similar_scope)),
            route,
            &route.path("room"),
        )
        .await
        .expect_problem(403);
    }
    world.admin().get("/v1/events").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_reveals_no_more_than_single_calls() {
    let world = world_with_conversation().await;
    let lines = |id: &str| {
        [
            json!({"op":"send","conversation_id":id,"client_message_id":"b1","type":"text","body":{"text":"x"}}),
            json!({"op":"edit","conversation_id":id,"seq":1,"body":{"text":"x"}}),
            json!({"op":"recall","conversation_id":id,"seq":1}),
            json!({"op":"react","conversation_id":id,"seq":1,"key":"+1"}),
            json!({"op":"unreact","conversation_id":id,"seq":1,"key":"+1"}),
            json!({"op":"read","conversation_id":id,"up_to":1}),
        ]
        .map(|line| line.to_string())
        .join("\n")
    };
    for user in ["dave", "carol"] {
        let client = world.user(user);
        let batch = async |id: &str| {
            let request = client
                .request(&Method::POST, "/v1/batch")
                .body("application/x-ndjson", lines(id));
            request.send().await
        };
        let (existing, missing) = (batch("room").await, batch("nowhere").await);
        assert_eq!(existing.status, 200, "{existing}");
        assert_eq!(existing.body, missing.body, "{user}");
        assert_eq!(
            String::from_utf8_lossy(&existing.body)
                .matches("\"status\":404")
                .count(),
            6,
            "{existing}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_takes_effect_with_the_next_call() {
    let world = world_with_conversation().await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let removed = alice.delete("/v1/conversations/room/members/bob").await;
    let min = format!("min_position={}", removed.position());
    bob.send("room", "late", "still here?")
        .await
        .expect_problem(404);
    bob.get(&format!("/v1/conversations/room/messages?{min}"))
        .await
        .expect_problem(404);
    bob.get(&format!("/v1/inbox/unread/room/explain?{min}"))
        .await
        .expect_problem(404);
    let entries = bob
        .get_ok(&format!("/v1/inbox/entries?after=0&{min}"))
        .await;
    assert!(!entries.to_string().contains("secret"), "{entries}");
}

/// A conversation with `since_join` in which carol is a member for the third time. Its messages 2
/// and 4 were sent while she was a member, 1 and 3 while she was not.
async fn world_with_returning_member() -> (World, Client) {
    let world = World::start().await;
    let alice = world.user("alice");
    alice.create_group("room", &["bob"]).await.expect(201);
    let since_join = json!({ "history": "since_join" });
    alice
        .patch("/v1/conversations/room", since_join)
        .await
        .expect(200);
    let members = "/v1/conversations/room/members";
    let join = async || alice.post(members, json!({ "users": ["carol"] })).await;
    for (hidden, visible) in [("before", "first period"), ("between", "second period")] {
        alice.send("room", hidden, hidden).await.expect(201);
        join().await.expect(200);
        alice.send("room", visible, visible).await.expect(201);
        let left = alice.delete(&format!("{members}/carol")).await;
        left.expect(200);
    }
    let returned = join().await;
    world.wait_until_projected(returned.position()).await;
    let carol = world.user("carol");
    (world, carol)
}

#[tokio::test(flavor = "multi_thread")]
async fn since_join_shows_the_messages_of_all_own_membership_periods() {
    let (_world, carol) = world_with_returning_member().await;
    let page = carol.get_ok("/v1/conversations/room/messages").await;
    let messages = page["messages"].as_array().expect("a list").iter();
    let texts: Vec<_> = messages
        .map(|message| message["body"]["text"].clone())
        .collect();
    assert_eq!(texts, ["second period", "first period"]);
    let entries = carol.get_ok("/v1/inbox/entries?after=0").await.to_string();
    assert!(entries.contains("second period"), "{entries}");
    for hidden in ["before", "between"] {
        assert!(!entries.contains(&format!("\"{hidden}\"")), "{entries}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn since_join_treats_other_messages_like_missing_ones() {
    let (_world, carol) = world_with_returning_member().await;
    let missing = carol.get("/v1/conversations/room/messages/99").await;
    for hidden in [1, 3] {
        let at = format!("/v1/conversations/room/messages/{hidden}");
        for path in [
            at.clone(),
            format!("{at}/history"),
            format!("{at}/receipts"),
        ] {
            let response = carol.get(&path).await;
            response.expect_problem(404);
            assert_eq!(response.body, missing.body, "{response}");
        }
        let reaction = format!("{at}/reactions/x");
        carol.put(&reaction, None).await.expect_problem(404);
        carol.delete(&at).await.expect_problem(404);
        let unread = json!({ "unread_from": hidden });
        carol
            .post("/v1/conversations/room/read", unread)
            .await
            .expect_problem(422);
    }
}
