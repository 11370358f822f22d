//! Joining: open groups, join requests, and links.

use reqwest::Method;
use serde_json::{Value, json};
use tests::client::Client;
use tests::feed;
use tests::response::ApiResponse;
use tests::world::World;

const JOIN: &str = "/v1/conversations/room/join";
const REQUESTS: &str = "/v1/conversations/room/join-requests";
const LINKS: &str = "/v1/conversations/room/links";

/// Alice owns `room`, bob is an admin, carol is a member.
async fn world_with_room(join: &str) -> World {
    let world = World::start().await;
    let alice = world.user("alice");
    alice.create_group("room", &["carol"]).await.expect(201);
    let bob = json!({ "members": ["bob"], "role": "admin" });
    let members = "/v1/conversations/room/members";
    alice.post(members, bob).await.expect(200);
    let change = json!({ "join": join, "avatar": "https://example.org/a", "title": "Room" });
    let changed = alice.patch("/v1/conversations/room", change).await;
    world.wait_until_projected(changed.position()).await;
    world
}

async fn post(client: &Client, path: &str) -> ApiResponse {
    client.request(&Method::POST, path).send().await
}

async fn create_link(client: &Client, limits: Value) -> String {
    let created = client.post(LINKS, limits).await.expect(201);
    created["code"].as_str().expect("a code").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn anyone_who_has_the_id_joins_an_open_group() {
    let world = world_with_room("open").await;
    let zoe = world.user("zoe");
    // Without a body, as with an empty one.
    let joined = post(&zoe, JOIN).await;
    assert_eq!(joined.expect(200)["state"], "joined");
    let again = zoe.post(JOIN, json!({ "note": "hi" })).await;
    assert_eq!(again.position(), joined.position());
    zoe.send("room", "1", "hello").await.expect(201);
    let path = format!("/v1/conversations/room?min_position={}", joined.position());
    let shown = zoe.get_ok(&path).await;
    assert_eq!(
        (&shown["member_count"], &shown["my"]["role"]),
        (&json!(4), &json!("member"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_group_does_not_exist_for_others() {
    let world = world_with_room("added").await;
    let zoe = world.user("zoe");
    let closed = zoe.post(JOIN, json!({})).await;
    assert_eq!(closed.expect_problem(404), "not_found");
    let unknown = zoe.post("/v1/conversations/nowhere/join", json!({})).await;
    assert_eq!(closed.body, unknown.body);
    // Not even an invalid note tells them apart.
    let invalid = json!({ "note": "x".repeat(301) });
    let closed = zoe.post(JOIN, invalid.clone()).await;
    assert_eq!(closed.body, unknown.body);
    let own = world.user("carol").post(JOIN, json!({})).await;
    assert_eq!(own.expect(200)["state"], "joined");
    let alice = world.user("alice");
    let direct = alice.create_direct("carol").await;
    let join = format!("/v1/conversations/{direct}/join");
    zoe.post(&join, json!({})).await.expect_problem(404);
    let open = json!({ "join": "open" });
    alice
        .patch("/v1/conversations/room", open)
        .await
        .expect(200);
    let refused = zoe.post(JOIN, invalid).await;
    assert_eq!(refused.expect_problem(422), "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_join_request_is_admitted_or_declined() {
    let world = world_with_room("asked").await;
    let (alice, bob, carol) = (world.user("alice"), world.user("bob"), world.user("carol"));
    let mut asked = 0;
    for user in ["zoe", "yan", "xia"] {
        let answer = world.user(user).post(JOIN, json!({ "note": user })).await;
        assert_eq!(answer.expect(202)["state"], "asked");
        asked = answer.position();
        let again = world.user(user).post(JOIN, json!({ "note": user })).await;
        assert_eq!((again.status, again.position()), (202, asked));
    }
    // Nobody but the owner and admins sees them, page by page, oldest first.
    let first = alice
        .get_ok(&format!("{REQUESTS}?limit=2&min_position={asked}"))
        .await;
    let users: Vec<_> = first["requests"]
        .as_array()
        .expect("a list")
        .iter()
        .collect();
    assert_eq!(
        (&users[0]["user"], &users[1]["user"], &users[1]["note"]),
        (&json!("zoe"), &json!("yan"), &json!("yan"))
    );
    assert!(users[0]["at"].is_string(), "{first}");
    let next = first["next"].as_str().expect("a cursor");
    // The cursor is the caller's own.
    let foreign = bob.get(&format!("{REQUESTS}?limit=2&after={next}")).await;
    foreign.expect_problem(400);
    let rest = alice.get_ok(&format!("{REQUESTS}?after={next}")).await;
    assert_eq!(rest["requests"][0]["user"], "xia");
    assert_eq!(rest["next"], Value::Null);
    assert_eq!(carol.get(REQUESTS).await.expect_problem(403), "forbidden");
    world.user("zoe").get(REQUESTS).await.expect_problem(404);
    let entries = carol.get_ok("/v1/inbox/entries?after=0").await;
    assert!(!entries.to_string().contains("join_request"), "{entries}");

    let of = |user: &str| format!("{REQUESTS}/{user}");
    carol.put(&of("zoe"), None).await.expect_problem(403);
    let admitted = bob.put(&of("zoe"), None).await;
    admitted.expect(200);
    let again = bob.put(&of("zoe"), None).await;
    assert_eq!(again.position(), admitted.position());
    world.user("zoe").send("room", "1", "hi").await.expect(201);
    let declined = alice.delete(&of("yan")).await;
    declined.expect(200);
    let again = alice.delete(&of("yan")).await;
    assert_eq!(again.position(), declined.position());
    alice.put(&of("yan"), None).await.expect_problem(404);
    // The user who asked may withdraw.
    let withdrawn = world.user("xia").delete(&of("xia")).await;
    let left = alice
        .get_ok(&format!("{REQUESTS}?min_position={}", withdrawn.position()))
        .await;
    assert_eq!(left["requests"], json!([]));
}

/// Whether a user finds the profile of zoe: by her id, by a list of ids, and by her name. The ways
/// must agree.
async fn sees_zoe(client: &Client, position: i64) -> bool {
    let min = format!("min_position={position}");
    let one = client.get(&format!("/v1/users/zoe?{min}")).await.status == 200;
    for query in ["ids=zoe", "q=zed"] {
        let page = client.get_ok(&format!("/v1/users?{query}&{min}")).await;
        let found = page["users"].as_array().expect("a list");
        assert_eq!(found.len(), usize::from(one), "{query}: {page}");
        assert!(found.iter().all(|user| user["display_name"] == "Zed"));
    }
    one
}

#[tokio::test(flavor = "multi_thread")]
async fn a_join_request_shows_who_asks_to_those_who_decide_and_to_nobody_else() {
    let world = world_with_room("asked").await;
    let [alice, bob, carol, zoe] = ["alice", "bob", "carol", "zoe"].map(|user| world.user(user));
    // Dan decides about another group.
    let dan = world.user("dan");
    dan.create_group("other", &[]).await.expect(201);
    let profile = json!({ "display_name": "Zed", "about": "sings" });
    let named = zoe.patch("/v1/users/me", profile).await.position();
    for user in [&alice, &bob, &carol, &dan] {
        assert!(!sees_zoe(user, named).await, "{}", user.user());
    }
    // When she asks, then the owner and the admin see her as a fellow member would
    let asked = zoe.post(JOIN, json!({})).await;
    asked.expect(202);
    let asked = asked.position();
    for user in [&alice, &bob] {
        assert!(sees_zoe(user, asked).await, "{}", user.user());
    }
    let shown = alice.get_ok("/v1/users/zoe").await;
    assert_eq!(shown["about"], "sings");
    // Members do not, and she does not see those who decide
    for user in [&carol, &dan] {
        assert!(!sees_zoe(user, asked).await, "{}", user.user());
    }
    zoe.get("/v1/users/alice").await.expect_problem(404);
    // An admin who becomes a member sees her no longer
    let members = "/v1/conversations/room/members";
    let demoted = json!({ "users": ["bob"], "role": "member" });
    let demoted = alice.post(members, demoted).await;
    demoted.expect(200);
    assert!(!sees_zoe(&bob, demoted.position()).await);
    // When the request ends, then nobody sees her
    let request = format!("{REQUESTS}/zoe");
    let declined = alice.delete(&request).await.position();
    assert!(!sees_zoe(&alice, declined).await);
    // When she is admitted, everybody does
    let again = zoe.post(JOIN, json!({})).await.position();
    assert!(sees_zoe(&alice, again).await);
    let admitted = alice.put(&request, None).await.position();
    for user in [&alice, &bob, &carol] {
        assert!(sees_zoe(user, admitted).await, "{}", user.user());
    }
    world.run_ok(&["verify"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_lets_users_join_until_it_is_used_up() {
    let world = world_with_room("added").await;
    let alice = world.user("alice");
    let created = alice
        .post(LINKS, json!({ "max_uses": 3, "expires_in": "7d" }))
        .await;
    let body = created.expect(201);
    assert_eq!(body["max_uses"], 3);
    assert!(body["expires_at"].is_string(), "{created}");
    let code = body["code"].as_str().expect("a code").to_owned();
    let link = format!("/v1/links/{code}");
    let min = format!("?min_position={}", created.position());
    let target = world.user("zoe").get_ok(&format!("{link}{min}")).await;
    assert_eq!(
        target,
        json!({ "title": "Room", "avatar": "https://example.org/a", "member_count": 3 })
    );
    // Ten users race for three uses.
    let racers = (0..10).map(|n| {
        let (user, link) = (world.user(&format!("u{n}")), link.clone());
        tokio::spawn(async move { post(&user, &link).await })
    });
    let mut last = 0;
    let mut joined = 0;
    for racer in racers.collect::<Vec<_>>() {
        let answer = racer.await.expect("an answer");
        if answer.status == 200 {
            assert_eq!(answer.json()["conversation_id"], "room");
            joined += 1;
            last = last.max(answer.position());
        } else {
            answer.expect_problem(404);
        }
    }
    assert_eq!(joined, 3);
    world.wait_until_projected(last).await;
    let listed = alice.get_ok(LINKS).await;
    let [shown] = &listed["links"].as_array().expect("a list")[..] else {
        panic!("{listed}");
    };
    assert_eq!(
        (
            &shown["code"],
            &shown["uses"],
            &shown["is_live"],
            &shown["by"]
        ),
        (&json!(code), &json!(3), &json!(false), &json!("alice"))
    );
    world.user("zoe").get(&link).await.expect_problem(404);
    // A member who follows the link uses nothing.
    post(&world.user("carol"), &link).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_over_is_unknown() {
    let world = world_with_room("added").await;
    let (alice, zoe) = (world.user("alice"), world.user("zoe"));
    let code = create_link(&alice, json!({})).await;
    let of = |code: &str| format!("{LINKS}/{code}");
    world
        .user("carol")
        .delete(&of(&code))
        .await
        .expect_problem(403);
    zoe.delete(&of(&code)).await.expect_problem(404);
    let ended = world.user("bob").delete(&of(&code)).await;
    ended.expect(200);
    let again = alice.delete(&of(&code)).await;
    assert_eq!(again.position(), ended.position());
    alice.delete(&of("nonsense")).await.expect(200);
    let short = create_link(&alice, json!({ "expires_in": "3s" })).await;
    for (moment, status) in [("is shown", 200), ("expires", 404)] {
        eventually::eventually(format!("the link {moment}"), async || {
            let answer = zoe.get(&format!("/v1/links/{short}")).await;
            (answer.status == status).then_some(())
        })
        .await;
    }
    world.wait_until_projected(ended.position()).await;
    let guess = format!("{}.room", "0".repeat(32));
    for code in [code.as_str(), &short, &guess, "nonsense", "a.room"] {
        let link = format!("/v1/links/{code}");
        let (posted, shown) = (post(&zoe, &link).await, zoe.get(&link).await);
        assert_eq!(posted.expect_problem(404), "not_found");
        assert_eq!(shown.expect_problem(404), "not_found");
    }
    let listed = alice.get_ok(LINKS).await;
    assert_eq!(
        listed["links"].as_array().map(Vec::len),
        Some(1),
        "{listed}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_for_the_owner_and_admins_and_within_their_limits() {
    let world = world_with_room("added").await;
    let (alice, carol) = (world.user("alice"), world.user("carol"));
    carol.post(LINKS, json!({})).await.expect_problem(403);
    carol.get(LINKS).await.expect_problem(403);
    let zoe = world.user("zoe");
    zoe.post(LINKS, json!({})).await.expect_problem(404);
    zoe.get(LINKS).await.expect_problem(404);
    for (field, value) in [
        ("max_uses", json!(0)),
        ("max_uses", json!(1_000_001)),
        ("expires_in", json!("soon")),
        ("expires_in", json!("0s")),
    ] {
        let answer = alice.post(LINKS, json!({ field: value })).await;
        assert_eq!(answer.expect_problem(422), "invalid");
        assert_eq!(answer.json()["errors"][0]["field"], field);
    }
    // The same key gives the same code.
    let with_key = async || {
        let request = alice.request(&Method::POST, LINKS).json(&json!({}));
        request.header("Idempotency-Key", "one").send().await
    };
    let (first, replay) = (with_key().await, with_key().await);
    assert!(replay.is_replay());
    assert_eq!(first.json()["code"], replay.json()["code"]);
    for _ in 1..100 {
        create_link(&alice, json!({})).await;
    }
    let refused = alice.post(LINKS, json!({})).await;
    assert_eq!(refused.expect_problem(422), "too_many_links");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_events_say_of_a_link_lets_nobody_join() {
    let world = world_with_room("added").await;
    let (alice, admin) = (world.user("alice"), world.admin());
    let code = create_link(&alice, json!({})).await;
    let joined = post(&world.user("zoe"), &format!("/v1/links/{code}")).await;
    joined.expect(200);
    // Neither the creation nor the join says the code, only the id of the link.
    let links: Vec<Value> = sqlx::query_scalar(
        "SELECT payload->'link' FROM events WHERE type = 'link_created'
         OR type = 'member_added' AND payload->>'user' = 'zoe' ORDER BY position",
    )
    .fetch_all(&world.pool)
    .await
    .expect("the links of the events");
    let id = links[0].as_str().expect("an id");
    assert_eq!(links, [json!(id), json!(id)]);
    let events = admin.get("/v1/events").await;
    let events = String::from_utf8_lossy(&events.body).into_owned();
    assert!(events.contains(id) && !events.contains(&code), "{events}");
    let yan = world.user("yan");
    for guess in [
        id.to_owned(),
        format!("{id}.room"),
        format!("{id}{id}.room"),
        code.replace(".room", ".other"),
    ] {
        let link = format!("/v1/links/{guess}");
        assert_eq!(yan.get(&link).await.expect_problem(404), "not_found");
        let joined = post(&yan, &link).await;
        assert_eq!(joined.expect_problem(404), "not_found", "{guess}");
    }
    // The owner still sees it.
    let list = alice
        .get_ok(&format!("{LINKS}?min_position={}", joined.position()))
        .await;
    assert_eq!(list["links"][0]["code"], json!(code));
    post(&yan, &format!("/v1/links/{code}")).await.expect(200);
}

/// Type and data of the entries about join requests.
async fn request_entries(client: &Client, up_to: i64) -> Vec<(String, Value)> {
    let entries = feed::read_all(client, 100, up_to).await;
    let about_requests = entries.into_iter().filter_map(|entry| {
        let kind = entry["type"].as_str().unwrap_or_default().to_owned();
        kind.starts_with("join_request").then(|| {
            assert!(entry["conversation_id"].is_null(), "{entry}");
            (kind, entry["data"].clone())
        })
    });
    about_requests.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn owner_and_admins_learn_of_a_request_and_of_its_end() {
    let world = world_with_room("asked").await;
    let [alice, bob, carol, zoe] = ["alice", "bob", "carol", "zoe"].map(|user| world.user(user));
    let asked = zoe.post(JOIN, json!({ "note": "I am Zoe." })).await;
    asked.expect(202);
    let requested = |note: Value| {
        let data = json!({ "id": "room", "user": "zoe", "note": note });
        ("join_requested".to_owned(), data)
    };
    let ended = |outcome: &str| {
        let data = json!({ "id": "room", "user": "zoe", "outcome": outcome });
        ("join_request_ended".to_owned(), data)
    };
    for user in [&alice, &bob, &zoe] {
        let entries = request_entries(user, asked.position()).await;
        assert_eq!(entries, [requested(json!("I am Zoe."))], "{}", user.user());
    }

    // Once it is declined, nobody gets the note any more.
    let declined = bob.delete(&format!("{REQUESTS}/zoe")).await;
    declined.expect(200);
    for user in [&alice, &bob, &zoe] {
        let entries = request_entries(user, declined.position()).await;
        assert_eq!(entries, [requested(Value::Null), ended("declined")]);
    }
    zoe.post(JOIN, json!({})).await.expect(202);
    let withdrawn = zoe.delete(&format!("{REQUESTS}/zoe")).await;
    withdrawn.expect(200);
    let entries = request_entries(&alice, withdrawn.position()).await;
    assert_eq!(entries.last(), Some(&ended("withdrawn")));
    assert_eq!(request_entries(&carol, withdrawn.position()).await, []);

    // An admin who is none any more does not get the notes of requests that wait.
    let asked = zoe.post(JOIN, json!({ "note": "Again" })).await;
    asked.expect(202);
    let left = bob.delete("/v1/conversations/room/members/bob").await;
    left.expect(200);
    let entries = request_entries(&bob, left.position()).await;
    assert_eq!(entries.last(), Some(&requested(Value::Null)));
    let entries = request_entries(&alice, left.position()).await;
    assert_eq!(entries.last(), Some(&requested(json!("Again"))));
    world.run_ok(&["verify"]).await;
}
