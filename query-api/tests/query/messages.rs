//! One message: its versions and its receipts; and one's own messages.

use serde_json::{Value, json};

use crate::ledger::Ledger;
use crate::model::at;
use crate::world::World;

#[tokio::test]
async fn a_message_tells_its_versions_until_it_is_recalled() {
    let mut ledger = Ledger::new(10);
    ledger.group("room", "all", &["ana", "bob"]);
    ledger.say("room", "ana", "one"); // position 2
    ledger.edit("room", 1, r#"{"text":"two"}"#); // 3
    ledger.edit("room", 1, r#"{"text":"three"}"#); // 4
    ledger.say("room", "ana", "plain"); // 5
    ledger.say("room", "ana", "taken back"); // 6
    ledger.edit("room", 3, r#"{"text":"edited"}"#); // 7
    ledger.recall("room", 3);
    let world = World::new(&ledger).await;
    let versions = async |seq: i64| {
        let route = format!("/v1/conversations/room/messages/{seq}/history");
        world.get("bob", &route).await.ok()["versions"].clone()
    };
    assert_eq!(
        versions(1).await,
        json!([
            {"body": {"text": "one"}, "at": at(2), "position": 2},
            {"body": {"text": "two"}, "at": at(3), "position": 3},
            {"body": {"text": "three"}, "at": at(4), "position": 4},
        ])
    );
    assert_eq!(
        versions(2).await,
        json!([{"body": {"text": "plain"}, "at": at(5), "position": 5}])
    );
    assert_eq!(
        versions(3).await,
        json!([{"body": null, "at": at(6), "position": 6}, {"body": null, "at": at(7), "position": 7}])
    );
    let message = world
        .get("bob", "/v1/conversations/room/messages/3")
        .await
        .ok();
    assert_eq!(
        (&message["body"], &message["recalled"]),
        (&Value::Null, &json!(true))
    );
}

#[tokio::test]
async fn receipts_speak_of_those_who_were_in_and_are_in() {
    let mut ledger = Ledger::new(10);
    ledger.group(
        "room",
        "all",
        &["ana", "reads", "acks", "neither", "leaves", "breaks"],
    );
    ledger.say("room", "ana", "early"); // 1
    let position = ledger.position;
    ledger.join("room", "late");
    ledger.mark("room", "reads", 1, false);
    ledger.mark("room", "reads", 0, true);
    ledger.ack("acks", "tablet", position - 1, "ana");
    ledger.ack("acks", "phone", position, "ana");
    ledger.ack("neither", "phone", position - 1, "ana");
    ledger.leave("room", "leaves");
    ledger.leave("room", "breaks");
    ledger.join("room", "breaks");
    let world = World::new(&ledger).await;
    let receipts = world
        .get("late", "/v1/conversations/room/messages/1/receipts")
        .await
        .ok();
    // Joining again put the mark of `breaks` at the head; the read of `reads` was not taken back.
    assert_eq!(
        receipts,
        json!({
            "delivered": ["reads", "acks", "breaks"], "read": ["reads", "breaks"],
            "delivered_count": 3, "read_count": 2, "member_count": 4,
        })
    );
    world
        .get("late", "/v1/conversations/room/messages/2/receipts")
        .await
        .refused(404, "not_found");
}

#[tokio::test]
async fn receipts_of_a_monologue_are_empty() {
    let mut ledger = Ledger::new(10);
    ledger.group("room", "all", &["ana"]);
    ledger.say("room", "ana", "hello?");
    let world = World::new(&ledger).await;
    let receipts = world
        .get("ana", "/v1/conversations/room/messages/1/receipts")
        .await
        .ok();
    let nothing = json!({"delivered": [], "read": [], "delivered_count": 0, "read_count": 0, "member_count": 0});
    assert_eq!(receipts, nothing);
}

#[tokio::test]
async fn the_outbox_holds_what_one_sent_where_one_still_is() {
    for seed in 31..=32 {
        let ledger = Ledger::random(seed, 4, 300);
        let world = World::new(&ledger).await;
        for (index, user) in ledger.users.iter().enumerate() {
            let number = index as i64 + 1;
            let mut expected: Vec<i64> = ledger
                .rooms
                .iter()
                .filter(|room| room.is_in(number))
                .flat_map(|room| {
                    room.messages
                        .iter()
                        .filter(|message| message.sender == number)
                })
                .map(|message| message.position)
                .collect();
            expected.sort_unstable_by_key(|position| std::cmp::Reverse(*position));
            for limit in [3, 200] {
                let first = format!("/v1/outbox?limit={limit}");
                let (mut route, mut all) = (first.clone(), Vec::new());
                loop {
                    let page = world.get(user, &route).await.ok();
                    let messages = page["messages"].as_array().unwrap();
                    all.extend(
                        messages
                            .iter()
                            .map(|message| message["position"].as_i64().unwrap()),
                    );
                    assert!(messages.iter().all(|message| message["sender"] == *user));
                    match page["next"].as_str() {
                        Some(next) => route = format!("{first}&before={next}"),
                        None => break,
                    }
                }
                assert_eq!(all, expected, "{user} by {limit}");
            }
        }
    }
}

#[tokio::test]
async fn the_outbox_passes_over_a_busy_conversation_that_one_left() {
    let mut ledger = Ledger::new(10);
    ledger.group("kept", "all", &["ana"]);
    ledger.say("kept", "ana", "still here");
    ledger.group("left", "all", &["ana", "bob"]);
    for _ in 0..2_500 {
        ledger.say("left", "ana", "gone");
    }
    ledger.leave("left", "ana");
    let world = World::new(&ledger).await;
    let outbox = world.get("ana", "/v1/outbox").await.ok();
    assert_eq!(outbox["messages"][0]["body"]["text"], "still here");
    assert_eq!(outbox["messages"][1], Value::Null);
    assert_eq!(outbox["next"], Value::Null);
}
