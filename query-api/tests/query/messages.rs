//! Tests of single messages, their versions and receipts, and of sent messages.

use serde_json::{Value, json};

use crate::ledger::Ledger;
use crate::model::at;
use crate::world::World;

#[tokio::test]
async fn versions_have_their_bodies_until_the_message_is_recalled() {
    let mut log = Ledger::new(10);
    log.group("room", "all", &["ana", "bob"]);
    log.say("room", "ana", "one"); // position 2
    log.edit("room", 1, r#"{"text":"two"}"#); // 3
    log.edit("room", 1, r#"{"text":"three"}"#); // 4
    log.say("room", "ana", "plain"); // 5
    log.say("room", "ana", "taken back"); // 6
    log.edit("room", 3, r#"{"text":"edited"}"#); // 7
    log.recall("room", 3);
    let fixture = World::new(&log).await;
    let versions = async |seq: i64| {
        let route = format!("/v1/conversations/room/messages/{seq}/history");
        fixture.get("bob", &route).await.ok()["versions"].clone()
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
    let message = fixture
        .get("bob", "/v1/conversations/room/messages/3")
        .await
        .ok();
    assert_eq!(
        (&message["body"], &message["recalled"]),
        (&Value::Null, &json!(true))
    );
}

#[tokio::test]
async fn receipts_cover_members_who_were_present_then_and_now() {
    let mut log = Ledger::new(10);
    log.group(
        "room",
        "all",
        &["ana", "reads", "acks", "neither", "leaves", "breaks"],
    );
    log.say("room", "ana", "early"); // 1
    let position = log.position;
    log.join("room", "late");
    log.mark("room", "reads", 1, false);
    log.mark("room", "reads", 0, true);
    log.ack("acks", "tablet", position - 1, "ana");
    log.ack("acks", "phone", position, "ana");
    log.ack("neither", "phone", position - 1, "ana");
    log.leave("room", "leaves");
    log.leave("room", "breaks");
    log.join("room", "breaks");
    let fixture = World::new(&log).await;
    let receipts = fixture
        .get("late", "/v1/conversations/room/messages/1/receipts")
        .await
        .ok();
    // Joining again moved the mark of `breaks` to the head. Moving the mark of `reads` back does
    // not undo its receipt.
    assert_eq!(
        receipts,
        json!({
            "delivered": ["reads", "acks", "breaks"], "read": ["reads", "breaks"],
            "delivered_count": 3, "read_count": 2, "member_count": 4,
        })
    );
    fixture
        .get("late", "/v1/conversations/room/messages/2/receipts")
        .await
        .refused(404, "not_found");
}

#[tokio::test]
async fn receipts_without_other_members_are_empty() {
    let mut log = Ledger::new(10);
    log.group("room", "all", &["ana"]);
    log.say("room", "ana", "hello?");
    let fixture = World::new(&log).await;
    let receipts = fixture
        .get("ana", "/v1/conversations/room/messages/1/receipts")
        .await
        .ok();
    let empty = json!({"delivered": [], "read": [], "delivered_count": 0, "read_count": 0, "member_count": 0});
    assert_eq!(receipts, empty);
}

#[tokio::test]
async fn the_outbox_lists_sent_messages_of_current_conversations() {
    for seed in 31..=32 {
        let log = Ledger::random(seed, 4, 300);
        let fixture = World::new(&log).await;
        for (index, user) in log.users.iter().enumerate() {
            let number = index as i64 + 1;
            let mut expected: Vec<i64> = log
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
                    let page = fixture.get(user, &route).await.ok();
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
async fn the_outbox_skips_a_busy_former_conversation() {
    let mut log = Ledger::new(10);
    log.group("kept", "all", &["ana"]);
    log.say("kept", "ana", "still here");
    log.group("left", "all", &["ana", "bob"]);
    for _ in 0..2_500 {
        log.say("left", "ana", "gone");
    }
    log.leave("left", "ana");
    let fixture = World::new(&log).await;
    let outbox = fixture.get("ana", "/v1/outbox").await.ok();
    assert_eq!(outbox["messages"][0]["body"]["text"], "still here");
    assert_eq!(outbox["messages"][1], Value::Null);
    assert_eq!(outbox["next"], Value::Null);
}
