//! Tests of unread counts: the fast formula compared with counting by brute force.

use serde_json::{Value, json};

use crate::fixture::QueryFixture;
use crate::fixture_log::FixtureLog;
use crate::model::FixtureRoom;

async fn check_counts(fixture: &QueryFixture, log: &FixtureLog) {
    for (index, user) in log.users.iter().enumerate() {
        let number = index as i64 + 1;
        let mine: Vec<&FixtureRoom> = log.rooms.iter().filter(|room| room.is_in(number)).collect();
        let mut counts = serde_json::Map::new();
        let mut total = 0;
        for room in &mine {
            let unread = room.unread(number);
            let member = &room.members[&number];
            if unread > 0 {
                counts.insert(room.name.clone(), json!(unread));
            }
            if !member.muted && !member.archived {
                total += unread;
            }
            check_explanation(fixture, user, number, room).await;
        }
        let with_zeros = fixture.get(user, "/v1/inbox/unread?all=true").await;
        let zeros = with_zeros.expect_ok()["conversations"].clone();
        let zeros: serde_json::Map<String, Value> = serde_json::from_value(zeros).unwrap();
        assert_eq!(zeros.len(), mine.len(), "{user}");
        let above: serde_json::Map<_, _> = zeros.into_iter().filter(|(_, n)| *n != 0).collect();
        assert_eq!(above, counts, "{user}");
        let answer = fixture.get(user, "/v1/inbox/unread").await.expect_ok();
        assert_eq!(
            answer,
            json!({"total": total, "conversations": counts}),
            "{user}"
        );
        check_inbox(fixture, user, number, &mine, total).await;
    }
}

async fn check_explanation(fixture: &QueryFixture, user: &str, number: i64, room: &FixtureRoom) {
    let route = format!("/v1/inbox/unread/{}/explain", room.name);
    let explained = fixture.get(user, &route).await.expect_ok();
    let newest: Vec<_> = room.messages.iter().rev().take(200).rev().collect();
    let counted: Vec<i64> = newest
        .iter()
        .filter(|message| room.is_unread(number, message))
        .map(|message| message.seq)
        .collect();
    assert_eq!(
        explained["counted"],
        json!(counted),
        "{user} in {}",
        room.name
    );
    assert_eq!(
        explained["unread"],
        room.unread(number),
        "{user} in {}",
        room.name
    );
    assert_eq!(explained["head_seq"], room.head_seq());
    assert_eq!(explained["read_seq"], room.members[&number].read_seq);
    assert_eq!(
        explained["excluded"].as_array().unwrap().len(),
        newest.len() - counted.len()
    );
}

async fn check_inbox(
    fixture: &QueryFixture,
    user: &str,
    number: i64,
    mine: &[&FixtureRoom],
    total: i64,
) {
    for (archived, route) in [(false, "/v1/inbox"), (true, "/v1/inbox?archived=true")] {
        let inbox = fixture.get(user, route).await.expect_ok();
        assert_eq!(inbox["total_unread"], total, "{user}");
        let listed: Vec<Value> = inbox["conversations"].as_array().unwrap().clone();
        let expected = mine
            .iter()
            .filter(|room| room.members[&number].archived == archived)
            .count();
        assert_eq!(listed.len(), expected, "{user}");
        for conversation in listed {
            let room = mine
                .iter()
                .find(|room| conversation["id"] == *room.name)
                .unwrap();
            let mentions = room.messages.iter().filter(|message| {
                room.is_unread(number, message) && message.mentions.contains(&number)
            });
            assert_eq!(
                conversation["unread"],
                room.unread(number),
                "{user} in {}",
                room.name
            );
            assert_eq!(
                conversation["mentions"],
                mentions.count(),
                "{user} in {}",
                room.name
            );
        }
    }
}

#[tokio::test]
async fn the_formula_matches_counting_by_brute_force() {
    for seed in 1..=4 {
        let log = FixtureLog::random(seed, 4, 350);
        let fixture = QueryFixture::new(&log).await;
        check_counts(&fixture, &log).await;
    }
}

#[tokio::test]
async fn a_long_conversation_is_counted_correctly_beyond_the_explanation() {
    let mut log = FixtureLog::new(10);
    log.create_group("room", "all", &["ana", "bob"]);
    for n in 0..450 {
        let kind = if n % 7 == 0 { "control" } else { "text" };
        log.send(
            "room",
            if n % 3 == 0 { "bob" } else { "ana" },
            kind,
            r#"{"text":"x"}"#,
            &[],
        );
        if n % 5 == 0 {
            log.recall("room", n + 1);
        }
    }
    log.set_read_mark("room", "bob", 0, true);
    let fixture = QueryFixture::new(&log).await;
    check_counts(&fixture, &log).await;
}

#[tokio::test]
async fn every_exclusion_has_its_reason() {
    let mut log = FixtureLog::new(10);
    log.create_group("room", "since_join", &["ana"]);
    log.send_text("room", "ana", "before bob"); // 1
    log.join("room", "bob");
    log.send_text("room", "ana", "read"); // 2
    log.send_text("room", "bob", "own"); // 3
    log.set_read_mark("room", "bob", 2, true);
    log.send_text("room", "ana", "recalled"); // 4
    log.recall("room", 4);
    log.send("room", "ana", "control", "{}", &[]); // 5
    log.send_text("room", "ana", "counted"); // 6
    let fixture = QueryFixture::new(&log).await;
    let explained = fixture
        .get("bob", "/v1/inbox/unread/room/explain")
        .await
        .expect_ok();
    assert_eq!(
        explained,
        json!({
            "unread": 1, "read_seq": 2, "head_seq": 6, "counted": [6],
            "excluded": [
                {"seq": 1, "why": "before_join"},
                {"seq": 2, "why": "read"},
                {"seq": 3, "why": "own"},
                {"seq": 4, "why": "recalled"},
                {"seq": 5, "why": "control"},
            ],
        })
    );
}

#[tokio::test]
async fn an_unknown_user_has_no_unread_messages() {
    let mut log = FixtureLog::new(10);
    log.create_group("room", "all", &["ana"]);
    let fixture = QueryFixture::new(&log).await;
    let counts = fixture
        .get("an unknown user", "/v1/inbox/unread")
        .await
        .expect_ok();
    assert_eq!(counts, json!({"total": 0, "conversations": {}}));
    let inbox = fixture
        .get("an unknown user", "/v1/inbox")
        .await
        .expect_ok();
    assert_eq!(
        inbox,
        json!({"conversations": [], "total_unread": 0, "next": null})
    );
}
