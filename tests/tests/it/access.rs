//! L9: nobody sees what they may not. Every route times every kind of caller, from the route table.

use reqwest::Method;
use serde_json::json;
use tests::client::Client;
use tests::response::ApiResponse;
use tests::routes::{Access, ROUTES, Route};
use tests::token;
use tests::world::World;

/// Alice owns the room, Bob is in it, Carol was, Dave never was.
async fn room() -> World {
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
    let method = Method::from_bytes(route.method.as_bytes()).expect("the table has methods");
    let mut request = client.request(&method, path);
    if let Some(body) = body {
        request = request.body("application/json", body);
    }
    request.send().await
}

/// Everything that a caller can tell two answers apart by.
fn shown(answer: &ApiResponse) -> (u16, Vec<(String, String)>, String) {
    const OWN: [&str; 3] = ["x-request-id", "date", "ratelimit"];
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .filter(|(name, _)| !OWN.contains(&name.as_str()))
        .collect();
    headers.sort();
    (
        answer.status,
        headers,
        String::from_utf8_lossy(&answer.body).into_owned(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_and_former_members_get_the_404_of_an_unknown_id_on_every_route() {
    let world = room().await;
    let members_only = ROUTES.iter().filter(|route| route.access == Access::Member);
    let mut compared = 0;
    for route in members_only {
        let dave = world.user("dave");
        let unknown = call(&dave, route, &route.path("nowhere")).await;
        unknown.expect_problem(404);
        assert!(
            !String::from_utf8_lossy(&unknown.body).contains("nowhere"),
            "{unknown} repeats the id"
        );
        for user in ["dave", "carol"] {
            let refused = call(&world.user(user), route, &route.path("room")).await;
            assert_eq!(
                shown(&refused),
                shown(&unknown),
                "{} by {user}",
                route.pattern()
            );
            // Nor do answers to bad bodies tell whether the conversation exists.
            for body in [r#"{"x":"#, "{}", "[]"] {
                let there =
                    call_with(&world.user(user), route, &route.path("room"), Some(body)).await;
                let nowhere = call_with(&dave, route, &route.path("nowhere"), Some(body)).await;
                assert_eq!(
                    shown(&there),
                    shown(&nowhere),
                    "{} by {user} with {body}",
                    route.pattern()
                );
                assert!(there.status >= 400, "{there}");
            }
            compared += 1;
        }
    }
    assert!(compared >= 30, "only {compared} answers were compared");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_former_member_sees_nothing_anywhere_else() {
    let world = room().await;
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
        "of a left conversation only its end is served"
    );
    let receipts = world
        .user("alice")
        .get_ok("/v1/conversations/room/messages/1/receipts")
        .await;
    assert!(!receipts.to_string().contains("carol"), "{receipts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_let_in_on_every_route() {
    // Destructive routes come last, so that each finds its message.
    let world = room().await;
    let bob = world.user("bob");
    for route in ROUTES
        .iter()
        .filter(|route| route.access == Access::Member && !route.is_command())
    {
        call(&bob, route, &route.path("room")).await.expect(200);
    }
    for route in ROUTES
        .iter()
        .filter(|route| route.access == Access::Member && route.is_command())
    {
        let answer = call(&bob, route, &route.path("room")).await;
        assert!(matches!(answer.status, 200 | 201 | 403), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_answers_without_a_good_token() {
    let world = room().await;
    let bodies = |answer: &ApiResponse| String::from_utf8_lossy(&answer.body).into_owned();
    let none = world.anonymous().get("/v1/inbox").await;
    assert_eq!(none.expect_problem(401), "unauthorized");
    for route in ROUTES {
        let answer = call(&world.anonymous(), route, &route.path("room")).await;
        if route.access == Access::Open {
            assert_eq!(answer.status, 200, "{answer}");
            continue;
        }
        answer.expect_problem(401);
        assert_eq!(bodies(&answer), bodies(&none), "{}", route.pattern());
        assert!(
            !answer.header("www-authenticate").is_empty(),
            "{answer} does not say how to come in"
        );
    }
    for (wrong, token) in token::invalid_tokens() {
        for path in ["/v1/inbox", "/v1/events", "/v1/conversations/room"] {
            let answer = world
                .anonymous()
                .with_token(Some(token.clone()))
                .get(path)
                .await;
            assert_eq!(answer.status, 401, "{wrong}: {answer}");
            assert_eq!(bodies(&answer), bodies(&none), "{wrong}");
        }
    }
    for header in [
        "Basic YWxpY2U6eA==",
        "Bearer",
        "Bearer ",
        "bearer  x y",
        "Token x",
    ] {
        let answer = world
            .anonymous()
            .request(&Method::GET, "/v1/inbox")
            .header("authorization", header)
            .send()
            .await;
        answer.expect_problem(401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_for_admins() {
    let world = room().await;
    for route in ROUTES.iter().filter(|route| route.access == Access::Admin) {
        assert_eq!(
            call(&world.user("alice"), route, &route.path("room"))
                .await
                .expect_problem(403),
            "forbidden"
        );
        let near = token::sign(
            &json!({"sub":"eve","exp":token::unix_now()+99,"scope":"administrator admin2"}),
            token::SECRET,
        );
        call(
            &world.anonymous().with_token(Some(near)),
            route,
            &route.path("room"),
        )
        .await
        .expect_problem(403);
    }
    world.admin().get("/v1/events").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_tells_strangers_no_more_than_single_calls() {
    let world = room().await;
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
        let (there, nowhere) = (batch("room").await, batch("nowhere").await);
        assert_eq!(there.status, 200, "{there}");
        assert_eq!(there.body, nowhere.body, "{user}");
        assert_eq!(
            String::from_utf8_lossy(&there.body)
                .matches("\"status\":404")
                .count(),
            6,
            "{there}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_takes_effect_with_the_next_call() {
    let world = room().await;
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

#[tokio::test(flavor = "multi_thread")]
async fn since_join_shows_own_stays_and_nothing_else() {
    let world = World::start().await;
    let alice = world.user("alice");
    alice.create_group("room", &["bob"]).await.expect(201);
    alice
        .patch("/v1/conversations/room", json!({ "history": "since_join" }))
        .await
        .expect(200);
    let stay = async |user: &str, text: &str| {
        alice
            .post("/v1/conversations/room/members", json!({ "users": [user] }))
            .await
            .expect(200);
        alice.send("room", text, text).await.expect(201);
        alice
            .delete(&format!("/v1/conversations/room/members/{user}"))
            .await
            .expect(200);
    };
    alice.send("room", "before", "before").await.expect(201);
    stay("carol", "first stay").await;
    alice.send("room", "between", "between").await.expect(201);
    stay("carol", "second stay").await;
    let back = alice
        .post(
            "/v1/conversations/room/members",
            json!({ "users": ["carol"] }),
        )
        .await;
    let carol = world.user("carol");
    let page = carol
        .get_ok(&format!(
            "/v1/conversations/room/messages?min_position={}",
            back.position()
        ))
        .await;
    let texts: Vec<_> = page["messages"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|m| m["body"]["text"].clone())
        .collect();
    assert_eq!(texts, ["second stay", "first stay"]);
    for hidden in [1, 3] {
        let at = format!("/v1/conversations/room/messages/{hidden}");
        let unknown = carol.get("/v1/conversations/room/messages/99").await;
        for path in [
            at.clone(),
            format!("{at}/history"),
            format!("{at}/receipts"),
        ] {
            let answer = carol.get(&path).await;
            assert_eq!(
                (answer.status, &answer.body),
                (404, &unknown.body),
                "{answer}"
            );
        }
        carol
            .put(&format!("{at}/reactions/x"), None)
            .await
            .expect_problem(404);
        carol.delete(&at).await.expect_problem(404);
        carol
            .post(
                "/v1/conversations/room/read",
                json!({ "unread_from": hidden }),
            )
            .await
            .expect_problem(422);
    }
    assert!(
        !carol
            .get_ok("/v1/inbox/entries?after=0")
            .await
            .to_string()
            .contains("between")
    );
}
