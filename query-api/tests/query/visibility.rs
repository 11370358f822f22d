//! Tests of the visibility rule.

use crate::fixture::{QueryFixture, send_request};
use crate::fixture_log::FixtureLog;

/// Returns every route about one conversation.
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
        "/messages/1/reactions/heart",
        "/pins",
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
    let mut log = FixtureLog::new(10);
    log.create_group("room", "all", &["ana", "bob", "gone"]);
    log.send_text("room", "ana", "hello");
    log.leave("room", "gone");
    log.create_group("other", "all", &["stranger"]);
    let fixture = QueryFixture::new(&log).await;

    let mut bodies = Vec::new();
    for route in routes("room") {
        assert_eq!(fixture.get("bob", &route).await.status, 200, "{route}");
        for user in ["stranger", "gone", "an unknown user"] {
            let answer = fixture.get(user, &route).await;
            assert_eq!(answer.status, 404, "{user} {route}");
            assert_eq!(answer.position(), log.position);
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
            let answer = fixture.get("bob", &route).await;
            assert_eq!(answer.status, 404, "{route}");
            bodies.push(answer.body);
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "all 404 responses must be identical");
}

#[tokio::test]
async fn every_route_requires_a_token() {
    let mut log = FixtureLog::new(10);
    log.create_group("room", "all", &["ana"]);
    let fixture = QueryFixture::new(&log).await;
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
        send_request(&fixture.router, None, &route)
            .await
            .expect_problem(401, "token_missing");
        send_request(&fixture.router, Some("Bearer nonsense"), &route)
            .await
            .expect_problem(401, "token_invalid");
    }
    fixture
        .get("ana", "/v1/events")
        .await
        .expect_problem(403, "forbidden");
}

/// A log in which bob is a member of `room` during messages 1-2 and 5-6. Messages 3 and 4 were sent
/// in between; message 7 does not exist.
fn log_with_two_stays(history: &'static str) -> FixtureLog {
    let mut log = FixtureLog::new(10);
    log.create_group("room", history, &["ana", "bob"]);
    log.send_text("room", "ana", "one");
    log.send_text("room", "ana", "two");
    log.leave("room", "bob");
    log.send_text("room", "ana", "three");
    log.send_text("room", "ana", "four");
    log.join("room", "bob");
    log.send_text("room", "ana", "five");
    log.send_text("room", "ana", "six");
    log
}

#[tokio::test]
async fn with_history_all_a_member_sees_everything() {
    let fixture = QueryFixture::new(&log_with_two_stays("all")).await;
    let page = fixture
        .get("bob", "/v1/conversations/room/messages")
        .await
        .expect_ok();
    assert_eq!(seqs(&page), [6, 5, 4, 3, 2, 1]);
    for seq in 1..=6 {
        fixture
            .get("bob", &format!("/v1/conversations/room/messages/{seq}"))
            .await
            .expect_ok();
    }
    fixture
        .get("bob", "/v1/conversations/room/messages/7")
        .await
        .expect_problem(404, "not_found");
}

#[tokio::test]
async fn with_history_since_join_a_member_sees_all_own_periods() {
    let fixture = QueryFixture::new(&log_with_two_stays("since_join")).await;
    let page = fixture
        .get("bob", "/v1/conversations/room/messages")
        .await
        .expect_ok();
    assert_eq!(seqs(&page), [6, 5, 2, 1]);
    let page = fixture
        .get("bob", "/v1/conversations/room/messages?after=1&limit=2")
        .await
        .expect_ok();
    assert_eq!(
        (seqs(&page), page["has_more"].as_bool()),
        (vec![2, 5], Some(true))
    );
    for (seq, status) in [(1, 200), (2, 200), (3, 404), (4, 404), (5, 200), (6, 200)] {
        for path in ["", "/history", "/receipts", "/reactions/heart"] {
            let route = format!("/v1/conversations/room/messages/{seq}{path}");
            assert_eq!(fixture.get("bob", &route).await.status, status, "{route}");
        }
        let around = format!("/v1/conversations/room/messages?around={seq}");
        assert_eq!(fixture.get("bob", &around).await.status, status, "{around}");
    }
}

#[tokio::test]
async fn the_rule_matches_the_reference_model_for_every_user() {
    let log = FixtureLog::random(41, 4, 400);
    let fixture = QueryFixture::new(&log).await;
    for (index, user) in log.users.iter().enumerate() {
        let number = index as i64 + 1;
        for room in &log.rooms {
            let route = format!("/v1/conversations/{}/messages?limit=200", room.name);
            let answer = fixture.get(user, &route).await;
            if !room.is_in(number) {
                assert_eq!(answer.status, 404, "{user} {}", room.name);
                continue;
            }
            let visible: Vec<i64> = (1..=room.head_seq())
                .rev()
                .filter(|seq| room.can_see(number, *seq))
                .collect();
            assert_eq!(
                seqs(&answer.expect_ok()),
                visible,
                "{user} in {}",
                room.name
            );
        }
    }
}
