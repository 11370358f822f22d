//! Tests of the explanation of a message's visibility.

use serde_json::Value;

use crate::fixture::QueryFixture;
use crate::fixture_log::FixtureLog;

async fn explain(fixture: &QueryFixture, user: &str, room: &str, seq: i64) -> Value {
    let user = user.replace(' ', "%20");
    let path = format!("/v1/admin/conversations/{room}/messages/{seq}/explain?as_user={user}");
    fixture.get_as_admin(&path).await.expect_ok()
}

#[tokio::test]
async fn the_explanation_agrees_with_what_the_query_serves_to_every_user() {
    for seed in [7, 8] {
        let log = FixtureLog::random(seed, 4, 250);
        let fixture = QueryFixture::new(&log).await;
        for room in &log.rooms {
            for (index, user) in log.users.iter().enumerate() {
                for seq in 1..=room.head_seq() + 1 {
                    let route = format!("/v1/conversations/{}/messages/{seq}", room.name);
                    let served = fixture.get(user, &route).await;
                    let explained = explain(&fixture, user, &room.name, seq).await;
                    let place = format!("seed {seed}, {user}, {route}: {explained}");
                    assert_eq!(explained["visible"], served.status == 200, "{place}");
                    let has_content = served.status == 200 && !served.json()["body"].is_null();
                    assert_eq!(explained["has_content"], has_content, "{place}");
                    let sees = room.can_see(index as i64 + 1, seq) && seq <= room.head_seq();
                    assert_eq!(explained["visible"], sees, "{place}");
                    let hides = explained["checks"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .any(|check| check["outcome"] == "hides");
                    assert_eq!(hides, !sees, "the checks say so too: {place}");
                    assert!(
                        !explained["summary"].as_str().unwrap().is_empty(),
                        "{place}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn each_rule_is_named_where_it_decides() {
    let mut log = FixtureLog::new(10);
    log.create_group("room", "since_join", &["ana", "bob", "gone"]);
    log.send_text("room", "ana", "before"); // 1
    log.join("room", "cid");
    log.send_text("room", "ana", "recalled"); // 2
    log.recall("room", 2);
    log.leave("room", "gone");
    log.create_group("open", "all", &["ana", "bob"]);
    log.send_text("open", "ana", "hello"); // 1
    let fixture = QueryFixture::new(&log).await;
    for (user, room, seq, why) in [
        ("bob", "room", 1, "stay"),
        ("cid", "room", 1, "before_join"),
        ("cid", "room", 2, "recalled"),
        ("gone", "room", 1, "left"),
        ("nobody", "room", 1, "never_member"),
        ("bob", "room", 3, "no_message"),
        ("bob", "nowhere", 1, "no_conversation"),
        ("bob", "open", 1, "member"),
    ] {
        let explained = explain(&fixture, user, room, seq).await;
        assert_eq!(explained["why"], why, "{user} {room} {seq}: {explained}");
    }
}

#[tokio::test]
async fn only_administrators_may_ask() {
    let mut log = FixtureLog::new(10);
    log.create_group("room", "all", &["ana"]);
    log.send_text("room", "ana", "hello");
    let fixture = QueryFixture::new(&log).await;
    let path = "/v1/admin/conversations/room/messages/1/explain";
    fixture
        .get("ana", path)
        .await
        .expect_problem(403, "forbidden");
    fixture
        .get_as_admin("/v1/admin/conversations/room/messages/x/explain")
        .await
        .expect_problem(400, "malformed");
    fixture
        .get_as_admin("/v1/admin/conversations/a%20b/messages/1/explain")
        .await
        .expect_problem(404, "not_found");
}
