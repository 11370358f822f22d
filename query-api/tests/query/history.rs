//! Tests of the pages of messages.

use serde_json::{Value, json};

use crate::fixture::QueryFixture;
use crate::fixture_log::FixtureLog;
use crate::model::time_at;

fn seqs(page: &Value) -> Vec<i64> {
    page["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["seq"].as_i64().unwrap())
        .collect()
}

fn log_with_thirty_messages() -> FixtureLog {
    let mut log = FixtureLog::new(10);
    log.create_group("room", "all", &["ana", "bob"]);
    for n in 1..=30 {
        log.send_text("room", "ana", &format!("message {n}"));
    }
    log
}

async fn page(fixture: &QueryFixture, query: &str) -> (Vec<i64>, bool) {
    let page = fixture
        .get("bob", &format!("/v1/conversations/room/messages{query}"))
        .await
        .expect_ok();
    (seqs(&page), page["has_more"].as_bool().unwrap())
}

#[tokio::test]
async fn the_order_depends_on_the_bound() {
    let fixture = QueryFixture::new(&log_with_thirty_messages()).await;
    assert_eq!(page(&fixture, "").await, ((11..=30).rev().collect(), true));
    assert_eq!(
        page(&fixture, "?limit=30").await,
        ((1..=30).rev().collect(), false)
    );
    assert_eq!(
        page(&fixture, "?before=4&limit=2").await,
        (vec![3, 2], true)
    );
    assert_eq!(
        page(&fixture, "?before=3&limit=2").await,
        (vec![2, 1], false)
    );
    assert_eq!(page(&fixture, "?before=1").await, (vec![], false));
    assert_eq!(
        page(&fixture, "?before=99999999999999999999&limit=1").await,
        (vec![30], true)
    );
    assert_eq!(
        page(&fixture, "?after=27&limit=2").await,
        (vec![28, 29], true)
    );
    assert_eq!(
        page(&fixture, "?after=28&limit=2").await,
        (vec![29, 30], false)
    );
    assert_eq!(page(&fixture, "?after=30").await, (vec![], false));
    assert_eq!(page(&fixture, "?after=0&limit=1").await, (vec![1], true));
}

#[tokio::test]
async fn the_message_of_around_is_in_the_middle() {
    let fixture = QueryFixture::new(&log_with_thirty_messages()).await;
    assert_eq!(
        page(&fixture, "?around=15&limit=5").await,
        (vec![13, 14, 15, 16, 17], true)
    );
    assert_eq!(
        page(&fixture, "?around=15&limit=4").await,
        (vec![13, 14, 15, 16], true)
    );
    assert_eq!(page(&fixture, "?around=15&limit=1").await, (vec![15], true));
    assert_eq!(
        page(&fixture, "?around=1&limit=5").await,
        (vec![1, 2, 3], true)
    );
    assert_eq!(
        page(&fixture, "?around=30&limit=5").await,
        (vec![28, 29, 30], true)
    );
    assert_eq!(
        page(&fixture, "?around=15&limit=200").await,
        ((1..=30).collect(), false)
    );
    for missing in ["31", "99999999999999999999"] {
        let route = format!("/v1/conversations/room/messages?around={missing}");
        fixture
            .get("bob", &route)
            .await
            .expect_problem(404, "not_found");
    }
}

#[tokio::test]
async fn pages_of_any_size_add_up_in_both_directions() {
    let log = FixtureLog::random(23, 4, 300);
    let fixture = QueryFixture::new(&log).await;
    let room = log
        .rooms
        .iter()
        .max_by_key(|room| room.messages.len())
        .unwrap();
    for (index, user) in log.users.iter().enumerate() {
        let number = index as i64 + 1;
        let visible: Vec<i64> = (1..=room.head_seq())
            .filter(|seq| room.can_see(number, *seq))
            .collect();
        if !room.is_in(number) {
            continue;
        }
        for limit in [1, 7, 200] {
            for (direction, start) in [("before", i64::MAX), ("after", 0)] {
                let (mut all, mut bound) = (Vec::new(), start);
                loop {
                    let route = format!(
                        "/v1/conversations/{}/messages?limit={limit}&{direction}={bound}",
                        room.name
                    );
                    let page = fixture.get(user, &route).await.expect_ok();
                    all.extend(seqs(&page));
                    bound = all.last().copied().unwrap_or(bound);
                    if page["has_more"] == false {
                        break;
                    }
                }
                if direction == "before" {
                    all.reverse();
                }
                assert_eq!(all, visible, "{user} {direction} {limit}");
            }
        }
    }
}

#[tokio::test]
async fn a_message_has_the_documented_shape() {
    let mut log = FixtureLog::new(10);
    log.create_group("room", "all", &["ana", "bob", "cleo"]);
    log.send_text("room", "ana", "first");
    let body = r#"{"text":"a \"quoted\" \\ 😀 text","n":1.50,"z":{"b":1,"a":2}}"#;
    log.send("room", "bob", "text", body, &["ana", "cleo"]);
    log.message("room", 2).reply_to = Some(1);
    log.react("room", 2, "cleo", "zebra");
    log.react("room", 2, "bob", "+1");
    log.react("room", 2, "ana", "zebra");
    log.edit("room", 1, r#"{"text":"edited"}"#);
    let fixture = QueryFixture::new(&log).await;
    let answer = fixture
        .get("cleo", "/v1/conversations/room/messages/2")
        .await;
    let text = String::from_utf8(answer.body.clone()).unwrap();
    assert!(
        text.contains(body),
        "the body is returned byte for byte: {text}"
    );
    assert!(
        text.find("zebra").unwrap() < text.find("+1").unwrap(),
        "reactions keep their order"
    );
    assert_eq!(
        answer.expect_ok(),
        json!({
            "conversation_id": "room", "seq": 2, "position": 3, "sender": "bob", "type": "text",
            "body": {"text": "a \"quoted\" \\ 😀 text", "n": 1.50, "z": {"b": 1, "a": 2}}, "reply_to": 1,
            "mentions": ["ana", "cleo"], "sent_at": time_at(3), "edited_at": null, "recalled": false,
            "reactions": {"zebra": ["cleo", "ana"], "+1": ["bob"]}, "thread": null,
        })
    );
    let first = fixture
        .get("cleo", "/v1/conversations/room/messages/1")
        .await
        .expect_ok();
    assert_eq!(
        (&first["edited_at"], &first["body"]["text"]),
        (&json!(time_at(7)), &json!("edited"))
    );
    assert_eq!(
        (&first["reactions"], &first["mentions"]),
        (&json!({}), &json!([]))
    );
    let page = fixture
        .get("cleo", "/v1/conversations/room/messages?after=0")
        .await
        .expect_ok();
    assert_eq!(page["messages"][0], first);
}
