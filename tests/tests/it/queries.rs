//! Every query: the shape, the order and the pages of its responses.

use eventually::eventually;
use serde_json::{Value, json};
use tests::feed::cursor_position;
use tests::routes::{Access, ROUTES, Route};
use tests::world::World;

/// Alice and bob share the conversation `room` with 25 messages and the control message 26. Returns
/// the last position.
async fn world_with_messages() -> (World, i64) {
    let world = World::start().await;
    let alice = world.user("alice");
    alice.create_group("room", &["bob"]).await.expect(201);
    for n in 1..=25 {
        alice
            .send("room", &format!("m{n}"), &format!("message {n}"))
            .await
            .expect(201);
    }
    let control = json!({ "client_message_id": "c", "type": "control", "body": { "sync": true } });
    let last = alice.send_message("room", control).await.position();
    world
        .user("bob")
        .get_ok(&format!("/v1/inbox?min_position={last}"))
        .await;
    (world, last)
}

fn seqs(page: &Value) -> Vec<i64> {
    page["messages"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|message| message["seq"].as_i64())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_is_paged_backwards_forwards_and_around_a_message() {
    let (world, _) = world_with_messages().await;
    let bob = world.user("bob");
    let page = async |query: &str| {
        bob.get_ok(&format!("/v1/conversations/room/messages{query}"))
            .await
    };
    let newest = page("").await;
    assert_eq!(
        (seqs(&newest), &newest["has_more"]),
        ((7..=26).rev().collect(), &json!(true))
    );
    let before = page("?before=4&limit=2").await;
    assert_eq!(
        (seqs(&before), &before["has_more"]),
        (vec![3, 2], &json!(true))
    );
    let first = page("?before=3").await;
    assert_eq!(
        (seqs(&first), &first["has_more"]),
        (vec![2, 1], &json!(false))
    );
    let after = page("?after=23&limit=2").await;
    assert_eq!(
        (seqs(&after), &after["has_more"]),
        (vec![24, 25], &json!(true))
    );
    let end = page("?after=25").await;
    assert_eq!((seqs(&end), &end["has_more"]), (vec![26], &json!(false)));
    assert_eq!(seqs(&page("?after=26").await), Vec::<i64>::new());
    let around = page("?around=10&limit=5").await;
    assert_eq!(
        (seqs(&around), &around["has_more"]),
        ((8..=12).collect(), &json!(true))
    );
    let all = page("?around=13&limit=200").await;
    assert_eq!(
        (seqs(&all), &all["has_more"]),
        ((1..=26).collect(), &json!(false))
    );
    let fields: Vec<_> = newest["messages"][0]
        .as_object()
        .expect("an object")
        .keys()
        .cloned()
        .collect();
    for field in [
        "conversation_id",
        "seq",
        "position",
        "sender",
        "type",
        "body",
        "reply_to",
        "mentions",
        "sent_at",
        "edited_at",
        "recalled",
        "reactions",
    ] {
        assert!(
            fields.iter().any(|name| name == field),
            "no {field} in {fields:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_and_its_members_are_served() {
    let (world, _) = world_with_messages().await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let shown = bob.get_ok("/v1/conversations/room").await;
    let expected = json!({ "role": "member", "read_seq": 0, "joined_seq": 0, "muted": false, "pinned": false, "archived": false });
    assert_eq!(shown["my"], expected);
    assert_eq!(
        (&shown["kind"], &shown["head_seq"], &shown["member_count"]),
        (&json!("group"), &json!(26), &json!(2))
    );
    assert!(
        shown["created_at"]
            .as_str()
            .is_some_and(|at| at.len() == 24 && at.ends_with('Z')),
        "{shown}"
    );
    let users: Vec<_> = (0..7).map(|n| format!("u{n}")).collect();
    let added = alice
        .post("/v1/conversations/room/members", json!({ "users": users }))
        .await;
    let mut all = Vec::new();
    let mut path = format!(
        "/v1/conversations/room/members?limit=4&min_position={}",
        added.position()
    );
    loop {
        let page = bob.get_ok(&path).await;
        let members = page["members"].as_array().expect("a list").clone();
        assert!(members.len() <= 4);
        all.extend(members);
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("/v1/conversations/room/members?limit=4&after={next}");
    }
    let names: Vec<_> = all
        .iter()
        .filter_map(|member| member["user"].as_str())
        .collect();
    assert_eq!(
        names,
        ["alice", "bob", "u0", "u1", "u2", "u3", "u4", "u5", "u6"]
    );
    assert_eq!(all[0]["read_seq"], 26);
    assert_eq!(all[8]["read_seq"], 26, "a new member has read everything");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inbox_is_ordered_and_paged() {
    let world = World::start().await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    for n in 0..5 {
        alice
            .create_group(&format!("g{n}"), &["bob"])
            .await
            .expect(201);
    }
    alice.send("g1", "a", "new").await.expect(201);
    let control = json!({ "client_message_id": "c", "type": "control", "body": {} });
    alice.send_message("g0", control).await.expect(201);
    bob.patch(
        "/v1/conversations/g2/preferences",
        json!({ "pinned": true }),
    )
    .await
    .expect(200);
    bob.patch(
        "/v1/conversations/g3/preferences",
        json!({ "archived": true }),
    )
    .await
    .expect(200);
    let muted = bob
        .patch("/v1/conversations/g1/preferences", json!({ "muted": true }))
        .await;
    let ids = |page: &Value| -> Vec<String> {
        let rows = page["conversations"].as_array().expect("a list");
        rows.iter()
            .filter_map(|row| Some(row["id"].as_str()?.to_owned()))
            .collect()
    };
    let whole = bob
        .get_ok(&format!("/v1/inbox?min_position={}", muted.position()))
        .await;
    assert_eq!(
        ids(&whole),
        ["g2", "g1", "g4", "g0"],
        "pinned first, then by activity; a control message is no activity"
    );
    assert_eq!(ids(&bob.get_ok("/v1/inbox?archived=true").await), ["g3"]);
    assert_eq!(bob.get_ok("/v1/inbox?archived=false").await, whole);
    assert_eq!(
        (&whole["total_unread"], &whole["conversations"][1]["unread"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(whole["conversations"][3]["last_message"], Value::Null);
    let mut paged = Vec::new();
    let mut path = "/v1/inbox?limit=1".to_owned();
    loop {
        let page = bob.get_ok(&path).await;
        paged.extend(ids(&page));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("/v1/inbox?limit=1&after={next}");
    }
    assert_eq!(paged, ["g2", "g1", "g4", "g0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn min_position_waits_or_is_refused_with_projection_behind() {
    let (world, last) = world_with_messages().await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    for n in 0..50 {
        let sent = alice
            .send("room", &format!("w{n}"), "read your write")
            .await;
        let response = bob
            .get(&format!(
                "/v1/conversations/room/messages/{}?min_position={}",
                sent.number("seq"),
                sent.position()
            ))
            .await;
        response.expect(200);
        let at: i64 = response
            .header("tidings-position")
            .parse()
            .expect("a position");
        assert!(at >= sent.position(), "{response} is at {at}");
    }
    let behind = bob
        .get(&format!("/v1/inbox?min_position={}", last + 1_000_000))
        .await;
    assert_eq!(behind.expect_problem(503), "projection_behind");
    assert!(!behind.header("retry-after").is_empty(), "{behind}");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_served_as_the_log_has_them() {
    let (world, last) = world_with_messages().await;
    world.user("bob").read("room", 3).await.expect(200);
    let admin = world.admin();
    let events = async |query: &str| -> Vec<Value> {
        let response = admin.get(&format!("/v1/events{query}")).await;
        assert_eq!(response.status, 200, "{response}");
        assert_eq!(response.header("content-type"), "application/x-ndjson");
        String::from_utf8_lossy(&response.body)
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    };
    let all = events("").await;
    assert_eq!(all.len() as i64, last + 1);
    for (position, event) in (1..).zip(&all) {
        assert_eq!(event["position"], position);
        assert_eq!(cursor_position(&event["id"]), position);
        assert_eq!(event["specversion"], "1.0");
    }
    assert_eq!(
        (&all[1]["type"], &all[1]["source"]),
        (
            &json!("tidings.message_sent.v1"),
            &json!("/conversations/room")
        )
    );
    let read = all.last().expect("a read");
    assert_eq!(
        (&read["type"], &read["source"]),
        (
            &json!("tidings.conversation_read.v1"),
            &json!("/mailboxes/bob")
        )
    );
    assert_eq!(events("?after=5&limit=3").await, all[5..8]);
    for (query, nearest) in [
        (
            "type=message_sent,message_send",
            "did you mean message_sent?",
        ),
        ("type=nosuch", "expected one of conversation_created,"),
        ("type=tidings.message_sent.v1", "did you mean message_sent?"),
    ] {
        let refused = world.admin().get(&format!("/v1/events?{query}")).await;
        assert_eq!(refused.expect_problem(400), "malformed");
        let message = refused.json()["errors"][0]["message"].to_string();
        assert!(message.contains(nearest), "{query}: {message}");
    }
    assert_eq!(
        events("?type=conversation_created,conversation_read").await,
        [all[0].clone(), read.clone()]
    );
    assert_eq!(
        events("?source=/mailboxes/bob").await,
        std::slice::from_ref(read)
    );
    let at = all[10]["time"].as_str().expect("a time");
    let count = |from: &str, to: &str| {
        all.iter()
            .filter(|event| {
                event["time"].as_str() >= Some(from) && event["time"].as_str() < Some(to)
            })
            .count()
    };
    assert_eq!(events(&format!("?since={at}")).await.len(), count(at, "9"));
    assert_eq!(events(&format!("?until={at}")).await.len(), count("0", at));
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_metrics_are_served() {
    let (world, last) = world_with_messages().await;
    for path in ["/livez", "/readyz"] {
        assert_eq!(world.anonymous().get(path).await.status, 200);
    }
    let refused = world.user("eve").send("room", "k", "let me in").await;
    assert_eq!(refused.expect_problem(404), "not_found");
    // The head is observed after a commit, not as part of it.
    let head = format!("tidings_log_head {last}");
    let text = eventually("the metrics have the head of the log", async || {
        let metrics = world.anonymous().get("/metrics").await;
        let text = String::from_utf8_lossy(&metrics.body).into_owned();
        text.lines().any(|line| line == head).then_some(text)
    })
    .await;
    for name in [
        "tidings_refused_total{code=\"not_found\"} 1",
        "tidings_command_seconds",
        "tidings_commit_batch_events",
        "tidings_commit_seconds",
        "tidings_mirror_lag_events",
        "tidings_projection_lag_events",
        "tidings_projection_lag_seconds",
        "tidings_connections",
        "tidings_http_requests_total",
        "tidings_pool_connections",
    ] {
        assert!(text.contains(name), "no {name}");
    }
    assert!(
        !text.contains("alice") && !text.contains("room"),
        "metrics must not name users or conversations"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_read_model_every_query_is_unavailable() {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("room", &["bob"]).await.expect(201);
    let sent = ann.send("room", "first", "text").await.position();
    world.wait_until_projected(sent).await;
    let deleted = sqlx::query("DELETE FROM read.checkpoint")
        .execute(&world.pool)
        .await;
    assert_eq!(deleted.expect("a statement").rows_affected(), 1);
    let queries = ROUTES
        .iter()
        .filter(|route| route.method == "GET" && is_answered_from_read_model(route));
    for route in queries {
        let query = match route.template {
            "/v1/search" => "?q=text",
            "/v1/presence" => "?users=bob",
            "/v1/users" => "?q=an",
            _ => "",
        };
        let answer = ann.get(&format!("{}{query}", route.path("room"))).await;
        assert_eq!(answer.status, 503, "{}: {answer}", route.template);
    }
}

/// Whether it answers users from the read model. A live connection waits for it instead, and the
/// key of the server is in none.
fn is_answered_from_read_model(route: &Route) -> bool {
    matches!(route.access, Access::User | Access::Member)
        && !["/v1/live", "/v1/push/webpush-key"].contains(&route.template)
}
