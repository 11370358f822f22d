//! Tests of single conversations, their members, and blocks.

use serde_json::{Value, json};

use crate::fixture::QueryFixture;
use crate::fixture_log::FixtureLog;
use crate::model::time_at;

#[tokio::test]
async fn a_conversation_includes_the_membership_of_the_caller() {
    let mut log = FixtureLog::new(10);
    log.create_group("room", "since_join", &["ana"]);
    log.send_text("room", "ana", "hello");
    log.join("room", "bob");
    log.set_preferences("room", "bob", true, true, false);
    log.create("d_x", "direct", "all", None, &["ana", "bob"]);
    let fixture = QueryFixture::new(&log).await;
    let room = fixture
        .get("bob", "/v1/conversations/room")
        .await
        .expect_ok();
    assert_eq!(
        room,
        json!({
            "id": "room", "kind": "group", "title": "Room room", "history": "since_join",
            "created_at": time_at(1), "member_count": 2, "head_seq": 1,
            "policy": {"post": "members", "join": "added", "slow_mode": 0, "retention_days": null,
                "frozen": false, "topic": null, "avatar": null, "custom": null},
            "my": {"role": "member", "read_seq": 1, "joined_seq": 1, "muted": true, "pinned": true,
                "archived": false},
        })
    );
    let direct = fixture
        .get("bob", "/v1/conversations/d_x")
        .await
        .expect_ok();
    assert_eq!(
        (&direct["kind"], &direct["title"]),
        (&json!("direct"), &Value::Null)
    );
}

#[tokio::test]
async fn the_policy_is_the_newest_one() {
    let mut log = FixtureLog::new(10);
    log.create_group("room", "all", &["ana"]);
    log.send_text("room", "ana", "one");
    log.send_text("room", "ana", "two");
    let fixture = QueryFixture::new(&log).await;
    let policy = |join: &str| {
        json!({"post": "members", "join": join, "slow_mode": 0, "retention_days": null,
            "frozen": false, "topic": null, "avatar": null, "custom": {"a": 2.5}})
    };
    for (position, join) in [(2, "asked"), (3, "open")] {
        sqlx::query("INSERT INTO read.policies SELECT id, $1, $2 FROM read.conversations")
            .bind(position)
            .bind(policy(join).to_string())
            .execute(&fixture.admin_pool)
            .await
            .unwrap();
    }
    let shown = fixture
        .get("ana", "/v1/conversations/room")
        .await
        .expect_ok();
    assert_eq!(shown["policy"], policy("open"));
}

#[tokio::test]
async fn members_are_listed_in_the_order_of_joining() {
    let mut log = FixtureLog::new(10);
    log.create_group("room", "all", &["zoe", "ana", "bob", "cleo"]);
    log.send_text("room", "zoe", "hello");
    log.leave("room", "ana");
    log.join("room", "ana");
    log.leave("room", "bob");
    let fixture = QueryFixture::new(&log).await;
    let all = fixture
        .get("ana", "/v1/conversations/room/members")
        .await
        .expect_ok();
    assert_eq!(
        all,
        json!({
            "members": [
                {"user": "zoe", "role": "owner", "joined_at": time_at(1), "read_seq": 1},
                {"user": "cleo", "role": "member", "joined_at": time_at(1), "read_seq": 0},
                {"user": "ana", "role": "member", "joined_at": time_at(4), "read_seq": 1},
            ],
            "next": null,
        })
    );
    let mut users = Vec::new();
    let mut route = "/v1/conversations/room/members?limit=1".to_owned();
    loop {
        let page = fixture.get("ana", &route).await.expect_ok();
        users.extend(
            page["members"]
                .as_array()
                .unwrap()
                .iter()
                .map(|member| member["user"].clone()),
        );
        let Some(next) = page["next"].as_str() else {
            break;
        };
        route = format!("/v1/conversations/room/members?limit=1&after={next}");
    }
    assert_eq!(json!(users), json!(["zoe", "cleo", "ana"]));
}

#[tokio::test]
async fn blocks_are_those_of_the_caller() {
    let mut log = FixtureLog::new(10);
    let (ana, bob, zoe) = (log.user_id("ana"), log.user_id("bob"), log.user_id("zoe"));
    log.blocks = vec![(ana, zoe), (ana, bob), (zoe, ana)];
    let fixture = QueryFixture::new(&log).await;
    assert_eq!(
        fixture.get("ana", "/v1/blocks").await.expect_ok(),
        json!({"users": ["bob", "zoe"]})
    );
    assert_eq!(
        fixture.get("bob", "/v1/blocks").await.expect_ok(),
        json!({"users": []})
    );
}
