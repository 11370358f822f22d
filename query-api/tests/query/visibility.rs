//! Who may know what.

use crate::ledger::Ledger;
use crate::world::{World, ask};

/// Every route about one conversation.
fn routes(id: &str) -> Vec<String> {
    let mut routes = vec![format!("/v1/inbox/unread/{id}/explain")];
    let paths = [
        "",
        "/members",
        "/messages",
        "/messages?after=0",
        "/messages?around=1",
        "/messages/1",
        "/messages/1/history",
        "/messages/1/receipts",
    ];
    routes.extend(paths.map(|path| format!("/v1/conversations/{id}{path}")));
    routes
}

fn seqs(page: &serde_json::Value) -> Vec<i64> {
    page["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["seq"].as_i64().unwrap())
        .collect()
}

#[tokio::test]
async fn strangers_former_members_and_unknown_ids_get_the_same_bytes() {
    let mut ledger = Ledger::new(10);
    ledger.group("room", "all", &["ana", "bob", "gone"]);
    ledger.say("room", "ana", "hello");
    ledger.leave("room", "gone");
    ledger.group("other", "all", &["stranger"]);
    let world = World::new(&ledger).await;

    let mut bodies = Vec::new();
    for route in routes("room") {
        assert_eq!(world.get("bob", &route).await.status, 200, "{route}");
        for user in ["stranger", "gone", "nobody ever heard of"] {
            let answer = world.get(user, &route).await;
            assert_eq!(answer.status, 404, "{user} {route}");
            assert_eq!(answer.position(), ledger.position);
            bodies.push(answer.body);
        }
    }
    for id in [
        "unknown",
        "d_0123456789abcdef0123456789abcdef",
        "not%20an%20id",
        &"x".repeat(65),
    ] {
        for route in routes(id) {
            let answer = world.get("bob", &route).await;
            assert_eq!(answer.status, 404, "{route}");
            bodies.push(answer.body);
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "a 404 tells what there is");
}

#[tokio::test]
async fn without_a_token_there_is_nothing() {
    let mut ledger = Ledger::new(10);
    ledger.group("room", "all", &["ana"]);
    let world = World::new(&ledger).await;
    let mut all = routes("room");
    all.extend(
        [
            "/v1/inbox",
            "/v1/inbox/unread",
            "/v1/inbox/entries",
            "/v1/outbox",
            "/v1/blocks",
            "/v1/events",
        ]
        .map(str::to_owned),
    );
    for route in all {
        ask(&world.router, None, &route)
            .await
            .refused(401, "unauthorized");
        ask(&world.router, Some("Bearer nonsense"), &route)
            .await
            .refused(401, "unauthorized");
    }
    world
        .get("ana", "/v1/events")
        .await
        .refused(403, "forbidden");
}

/// bob's stays in `room`: 1-2 and 5-6; 3 and 4 were sent in between, 7 is nobody's yet.
fn two_stays(history: &'static str) -> Ledger {
    let mut ledger = Ledger::new(10);
    ledger.group("room", history, &["ana", "bob"]);
    ledger.say("room", "ana", "one");
    ledger.say("room", "ana", "two");
    ledger.leave("room", "bob");
    ledger.say("room", "ana", "three");
    ledger.say("room", "ana", "four");
    ledger.join("room", "bob");
    ledger.say("room", "ana", "five");
    ledger.say("room", "ana", "six");
    ledger
}

#[tokio::test]
async fn with_history_all_a_member_sees_everything() {
    let world = World::new(&two_stays("all")).await;
    let page = world
        .get("bob", "/v1/conversations/room/messages")
        .await
        .ok();
    assert_eq!(seqs(&page), [6, 5, 4, 3, 2, 1]);
    for seq in 1..=6 {
        world
            .get("bob", &format!("/v1/conversations/room/messages/{seq}"))
            .await
            .ok();
    }
    world
        .get("bob", "/v1/conversations/room/messages/7")
        .await
        .refused(404, "not_found");
}

#[tokio::test]
async fn with_history_since_join_a_member_sees_all_own_stays() {
    let world = World::new(&two_stays("since_join")).await;
    let page = world
        .get("bob", "/v1/conversations/room/messages")
        .await
        .ok();
    assert_eq!(seqs(&page), [6, 5, 2, 1]);
    let page = world
        .get("bob", "/v1/conversations/room/messages?after=1&limit=2")
        .await
        .ok();
    assert_eq!(
        (seqs(&page), page["has_more"].as_bool()),
        (vec![2, 5], Some(true))
    );
    for (seq, status) in [(1, 200), (2, 200), (3, 404), (4, 404), (5, 200), (6, 200)] {
        for path in ["", "/history", "/receipts"] {
            let route = format!("/v1/conversations/room/messages/{seq}{path}");
            assert_eq!(world.get("bob", &route).await.status, status, "{route}");
        }
        let around = format!("/v1/conversations/room/messages?around={seq}");
        assert_eq!(world.get("bob", &around).await.status, status, "{around}");
    }
}

#[tokio::test]
async fn the_rule_is_the_same_for_everybody_everywhere() {
    let ledger = Ledger::random(41, 4, 400);
    let world = World::new(&ledger).await;
    for (index, user) in ledger.users.iter().enumerate() {
        let number = index as i64 + 1;
        for room in &ledger.rooms {
            let route = format!("/v1/conversations/{}/messages?limit=200", room.name);
            let answer = world.get(user, &route).await;
            if !room.is_in(number) {
                assert_eq!(answer.status, 404, "{user} {}", room.name);
                continue;
            }
            let seen: Vec<i64> = (1..=room.head())
                .rev()
                .filter(|seq| room.may_see(number, *seq))
                .collect();
            assert_eq!(seqs(&answer.ok()), seen, "{user} in {}", room.name);
        }
    }
}
