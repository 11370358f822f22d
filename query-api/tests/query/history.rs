//! Pages of history.

use serde_json::{Value, json};

use crate::ledger::Ledger;
use crate::model::at;
use crate::world::World;

fn seqs(page: &Value) -> Vec<i64> {
    page["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["seq"].as_i64().unwrap())
        .collect()
}

fn thirty() -> Ledger {
    let mut ledger = Ledger::new(10);
    ledger.group("room", "all", &["ana", "bob"]);
    for n in 1..=30 {
        ledger.say("room", "ana", &format!("message {n}"));
    }
    ledger
}

async fn page(world: &World, query: &str) -> (Vec<i64>, bool) {
    let page = world
        .get("bob", &format!("/v1/conversations/room/messages{query}"))
        .await
        .ok();
    (seqs(&page), page["has_more"].as_bool().unwrap())
}

#[tokio::test]
async fn newest_first_without_a_bound_or_with_before_oldest_first_with_after() {
    let world = World::new(&thirty()).await;
    assert_eq!(page(&world, "").await, ((11..=30).rev().collect(), true));
    assert_eq!(
        page(&world, "?limit=30").await,
        ((1..=30).rev().collect(), false)
    );
    assert_eq!(page(&world, "?before=4&limit=2").await, (vec![3, 2], true));
    assert_eq!(page(&world, "?before=3&limit=2").await, (vec![2, 1], false));
    assert_eq!(page(&world, "?before=1").await, (vec![], false));
    assert_eq!(
        page(&world, "?before=99999999999999999999&limit=1").await,
        (vec![30], true)
    );
    assert_eq!(
        page(&world, "?after=27&limit=2").await,
        (vec![28, 29], true)
    );
    assert_eq!(
        page(&world, "?after=28&limit=2").await,
        (vec![29, 30], false)
    );
    assert_eq!(page(&world, "?after=30").await, (vec![], false));
    assert_eq!(page(&world, "?after=0&limit=1").await, (vec![1], true));
}

#[tokio::test]
async fn around_is_in_the_middle() {
    let world = World::new(&thirty()).await;
    assert_eq!(
        page(&world, "?around=15&limit=5").await,
        (vec![13, 14, 15, 16, 17], true)
    );
    assert_eq!(
        page(&world, "?around=15&limit=4").await,
        (vec![13, 14, 15, 16], true)
    );
    assert_eq!(page(&world, "?around=15&limit=1").await, (vec![15], true));
    assert_eq!(
        page(&world, "?around=1&limit=5").await,
        (vec![1, 2, 3], true)
    );
    assert_eq!(
        page(&world, "?around=30&limit=5").await,
        (vec![28, 29, 30], true)
    );
    assert_eq!(
        page(&world, "?around=15&limit=200").await,
        ((1..=30).collect(), false)
    );
    for missing in ["31", "99999999999999999999"] {
        let route = format!("/v1/conversations/room/messages?around={missing}");
        world.get("bob", &route).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn pages_of_any_size_add_up_in_both_directions() {
    let ledger = Ledger::random(23, 4, 300);
    let world = World::new(&ledger).await;
    let room = ledger
        .rooms
        .iter()
        .max_by_key(|room| room.messages.len())
        .unwrap();
    for (index, user) in ledger.users.iter().enumerate() {
        let number = index as i64 + 1;
        let seen: Vec<i64> = (1..=room.head())
            .filter(|seq| room.may_see(number, *seq))
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
                    let page = world.get(user, &route).await.ok();
                    all.extend(seqs(&page));
                    bound = all.last().copied().unwrap_or(bound);
                    if page["has_more"] == false {
                        break;
                    }
                }
                if direction == "before" {
                    all.reverse();
                }
                assert_eq!(all, seen, "{user} {direction} {limit}");
            }
        }
    }
}

#[tokio::test]
async fn a_message_is_as_the_contract_says() {
    let mut ledger = Ledger::new(10);
    ledger.group("room", "all", &["ana", "bob", "cleo"]);
    ledger.say("room", "ana", "first");
    let body = r#"{"text":"a \"quoted\" \\ 😀 text","n":1.50,"z":{"b":1,"a":2}}"#;
    ledger.send("room", "bob", "text", body, &["ana", "cleo"]);
    ledger.message("room", 2).reply_to = Some(1);
    ledger.react("room", 2, "cleo", "zebra");
    ledger.react("room", 2, "bob", "+1");
    ledger.react("room", 2, "ana", "zebra");
    ledger.edit("room", 1, r#"{"text":"edited"}"#);
    let world = World::new(&ledger).await;
    let answer = world.get("cleo", "/v1/conversations/room/messages/2").await;
    let text = String::from_utf8(answer.body.clone()).unwrap();
    assert!(
        text.contains(body),
        "the body is passed on byte for byte: {text}"
    );
    assert!(
        text.find("zebra").unwrap() < text.find("+1").unwrap(),
        "reactions stand in their order"
    );
    assert_eq!(
        answer.ok(),
        json!({
            "conversation_id": "room", "seq": 2, "position": 3, "sender": "bob", "type": "text",
            "body": {"text": "a \"quoted\" \\ 😀 text", "n": 1.50, "z": {"b": 1, "a": 2}}, "reply_to": 1,
            "mentions": ["ana", "cleo"], "sent_at": at(3), "edited_at": null, "recalled": false,
            "reactions": {"zebra": ["cleo", "ana"], "+1": ["bob"]},
        })
    );
    let first = world
        .get("cleo", "/v1/conversations/room/messages/1")
        .await
        .ok();
    assert_eq!(
        (&first["edited_at"], &first["body"]["text"]),
        (&json!(at(7)), &json!("edited"))
    );
    assert_eq!(
        (&first["reactions"], &first["mentions"]),
        (&json!({}), &json!([]))
    );
    let page = world
        .get("cleo", "/v1/conversations/room/messages?after=0")
        .await
        .ok();
    assert_eq!(page["messages"][0], first);
}
