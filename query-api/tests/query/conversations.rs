//! One conversation, its members, and blocks.

use serde_json::{Value, json};

use crate::ledger::Ledger;
use crate::model::at;
use crate::world::World;

#[tokio::test]
async fn a_conversation_is_shown_with_ones_own_place_in_it() {
    let mut ledger = Ledger::new(10);
    ledger.group("room", "since_join", &["ana"]);
    ledger.say("room", "ana", "hello");
    ledger.join("room", "bob");
    ledger.prefer("room", "bob", true, true, false);
    ledger.create("d_x", "direct", "all", None, &["ana", "bob"]);
    let world = World::new(&ledger).await;
    let room = world.get("bob", "/v1/conversations/room").await.ok();
    assert_eq!(
        room,
        json!({
            "id": "room", "kind": "group", "title": "Room room", "history": "since_join",
            "created_at": at(1), "member_count": 2, "head_seq": 1,
            "my": {"role": "member", "read_seq": 1, "joined_seq": 1, "muted": true, "pinned": true,
                "archived": false},
        })
    );
    let direct = world.get("bob", "/v1/conversations/d_x").await.ok();
    assert_eq!(
        (&direct["kind"], &direct["title"]),
        (&json!("direct"), &Value::Null)
    );
}

#[tokio::test]
async fn members_stand_in_the_order_of_joining() {
    let mut ledger = Ledger::new(10);
    ledger.group("room", "all", &["zoe", "ana", "bob", "cleo"]);
    ledger.say("room", "zoe", "hello");
    ledger.leave("room", "ana");
    ledger.join("room", "ana");
    ledger.leave("room", "bob");
    let world = World::new(&ledger).await;
    let all = world
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
        let page = world.get("ana", &route).await.ok();
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
async fn blocks_are_ones_own() {
    let mut ledger = Ledger::new(10);
    let (ana, bob, zoe) = (ledger.user("ana"), ledger.user("bob"), ledger.user("zoe"));
    ledger.blocks = vec![(ana, zoe), (ana, bob), (zoe, ana)];
    let world = World::new(&ledger).await;
    assert_eq!(
        world.get("ana", "/v1/blocks").await.ok(),
        json!({"users": ["bob", "zoe"]})
    );
    assert_eq!(
        world.get("bob", "/v1/blocks").await.ok(),
        json!({"users": []})
    );
}
