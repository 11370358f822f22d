//! Tests of single conversations, their members, and blocks.

use serde_json::{Value, json};

use crate::ledger::Ledger;
use crate::model::at;
use crate::world::World;

#[tokio::test]
async fn a_conversation_includes_the_membership_of_the_caller() {
    let mut log = Ledger::new(10);
    log.group("room", "since_join", &["ana"]);
    log.say("room", "ana", "hello");
    log.join("room", "bob");
    log.prefer("room", "bob", true, true, false);
    log.create("d_x", "direct", "all", None, &["ana", "bob"]);
    let fixture = World::new(&log).await;
    let room = fixture.get("bob", "/v1/conversations/room").await.ok();
    assert_eq!(
        room,
        json!({
            "id": "room", "kind": "group", "title": "Room room", "history": "since_join",
            "created_at": at(1), "member_count": 2, "head_seq": 1,
            "my": {"role": "member", "read_seq": 1, "joined_seq": 1, "muted": true, "pinned": true,
                "archived": false},
        })
    );
    let direct = fixture.get("bob", "/v1/conversations/d_x").await.ok();
    assert_eq!(
        (&direct["kind"], &direct["title"]),
        (&json!("direct"), &Value::Null)
    );
}

#[tokio::test]
async fn members_are_listed_in_the_order_of_joining() {
    let mut log = Ledger::new(10);
    log.group("room", "all", &["zoe", "ana", "bob", "cleo"]);
    log.say("room", "zoe", "hello");
    log.leave("room", "ana");
    log.join("room", "ana");
    log.leave("room", "bob");
    let fixture = World::new(&log).await;
    let all = fixture
        .get("ana", "/v1/conversations/room/members")
        .await
        .ok();
    assert_eq!(
        all,
        json!({
            "members": [
                {"user": "zoe", "role": "owner", "joined_at": at(1), "read_seq": 1},
                {"user": "cleo", "role": "member", "joined_at": at(1), "read_seq": 0},
                {"user": "ana", "role": "member", "joined_at": at(4), "read_seq": 1},
            ],
            "next": null,
        })
    );
    let mut users = Vec::new();
    let mut route = "/v1/conversations/room/members?limit=1".to_owned();
    loop {
        let page = fixture.get("ana", &route).await.ok();
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
    let mut log = Ledger::new(10);
    let (ana, bob, zoe) = (log.user("ana"), log.user("bob"), log.user("zoe"));
    log.blocks = vec![(ana, zoe), (ana, bob), (zoe, ana)];
    let fixture = World::new(&log).await;
    assert_eq!(
        fixture.get("ana", "/v1/blocks").await.ok(),
        json!({"users": ["bob", "zoe"]})
    );
    assert_eq!(
        fixture.get("bob", "/v1/blocks").await.ok(),
        json!({"users": []})
    );
}
