//! Tests of single messages, their versions and receipts, and of sent messages.

use serde_json::{Value, json};

use crate::fixture::QueryFixture;
use crate::fixture_log::FixtureLog;
use crate::model::time_at;

#[tokio::test]
async fn versions_have_their_bodies_until_the_message_is_recalled() {
    let mut log = FixtureLog::new(10);
    log.create_group("room", "all", &["ana", "bob"]);
    log.send_text("room", "ana", "one"); // position 2
    log.edit("room", 1, r#"{"text":"two"}"#); // 3
    log.edit("room", 1, r#"{"text":"three"}"#); // 4
    log.send_text("room", "ana", "plain"); // 5
    log.send_text("room", "ana", "taken back"); // 6
    log.edit("room", 3, r#"{"text":"edited"}"#); // 7
    log.recall("room", 3);
    let fixture = QueryFixture::new(&log).await;
    let versions = async |seq: i64| {
        let route = format!("/v1/conversations/room/messages/{seq}/history");
        fixture.get("bob", &route).await.expect_ok()["versions"].clone()
    };
    assert_eq!(
        versions(1).await,
        json!([
            {"body": {"text": "one"}, "at": time_at(2), "position": 2},
            {"body": {"text": "two"}, "at": time_at(3), "position": 3},
            {"body": {"text": "three"}, "at": time_at(4), "position": 4},
        ])
    );
    assert_eq!(
        versions(2).await,
        json!([{"body": {"text": "plain"}, "at": time_at(5), "position": 5}])
    );
    assert_eq!(
        versions(3).await,
        json!([{"body": null, "at": time_at(6), "position": 6}, {"body": null, "at": time_at(7), "position": 7}])
    );
    let message = fixture
        .get("bob", "/v1/conversations/room/messages/3")
        .await
        .expect_ok();
    assert_eq!(
        (&message["body"], &message["recalled"]),
        (&Value::Null, &json!(true))
    );
}

#[tokio::test]
async fn receipts_cover_members_who_were_present_then_and_now() {
    let mut log = FixtureLog::new(10);
    log.create_group(
        "room",
        "all",
        &["ana", "reads", "acks", "neither", "leaves", "breaks"],
    );
    log.send_text("room", "ana", "early"); // 1
    let position = log.position;
    log.join("room", "late");
    log.set_read_mark("room", "reads", 1, false);
    log.set_read_mark("room", "reads", 0, true);
    log.ack("acks", "tablet", position - 1, "ana");
    log.ack("acks", "phone", position, "ana");
    log.ack("neither", "phone", position - 1, "ana");
    log.leave("room", "leaves");
    log.leave("room", "breaks");
    log.join("room", "breaks");
    let fixture = QueryFixture::new(&log).await;
    let receipts = fixture
        .get("late", "/v1/conversations/room/messages/1/receipts")
        .await
        .expect_ok();
    // Joining again moved the mark of `breaks` to the head. Moving the mark of `reads` back does
    // not undo its receipt.
    assert_eq!(
        receipts,
        json!({
            "delivered": ["reads", "acks", "breaks"], "read": ["reads", "breaks"],
            "delivered_count": 3, "read_count": 2, "member_count": 4, "recipient_count": 4, "next": null,
        })
    );
    fixture
        .get("late", "/v1/conversations/room/messages/2/receipts")
        .await
        .expect_problem(404, "not_found");
}

#[tokio::test]
async fn receipts_without_other_members_are_empty() {
    let mut log = FixtureLog::new(10);
    log.create_group("room", "all", &["ana"]);
    log.send_text("room", "ana", "hello?");
    let fixture = QueryFixture::new(&log).await;
    let receipts = fixture
        .get("ana", "/v1/conversations/room/messages/1/receipts")
        .await
        .expect_ok();
    let empty = json!({
        "delivered": [], "read": [], "delivered_count": 0, "read_count": 0, "member_count": 0,
        "recipient_count": 0,
        "next": null,
    });
    assert_eq!(receipts, empty);
}

#[tokio::test]
async fn the_outbox_lists_sent_messages_of_current_conversations() {
    for seed in 31..=32 {
        let log = FixtureLog::random(seed, 4, 300);
        let fixture = QueryFixture::new(&log).await;
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
                        .filter(|message| room.can_see(number, message.seq))
                })
                .map(|message| message.position)
                .collect();
            expected.sort_unstable_by_key(|position| std::cmp::Reverse(*position));
            for limit in [3, 200] {
                let first = format!("/v1/outbox?limit={limit}");
                let (mut route, mut all) = (first.clone(), Vec::new());
                loop {
                    let page = fixture.get(user, &route).await.expect_ok();
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
    let mut log = FixtureLog::new(10);
    log.create_group("kept", "all", &["ana"]);
    log.send_text("kept", "ana", "still here");
    log.create_group("left", "all", &["ana", "bob"]);
    for _ in 0..2_500 {
        log.send_text("left", "ana", "gone");
    }
    log.leave("left", "ana");
    let fixture = QueryFixture::new(&log).await;
    let outbox = fixture.get("ana", "/v1/outbox").await.expect_ok();
    assert_eq!(outbox["messages"][0]["body"]["text"], "still here");
    assert_eq!(outbox["messages"][1], Value::Null);
    assert_eq!(outbox["next"], Value::Null);
}
