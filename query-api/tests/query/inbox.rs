//! Tests of the list of conversations.

use serde_json::{Value, json};

use crate::fixture::QueryFixture;
use crate::fixture_log::FixtureLog;
use crate::model::{FixtureRoom, time_at};

fn ids(page: &Value) -> Vec<String> {
    let conversations = page["conversations"].as_array().unwrap();
    conversations
        .iter()
        .map(|conversation| conversation["id"].as_str().unwrap().to_owned())
        .collect()
}

fn activities(page: &Value) -> Vec<i64> {
    let conversations = page["conversations"].as_array().unwrap();
    conversations
        .iter()
        .map(|conversation| conversation["activity"].as_i64().unwrap())
        .collect()
}

async fn pages(fixture: &QueryFixture, user: &str, first: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut route = first.to_owned();
    loop {
        let page = fixture.get(user, &route).await.expect_ok();
        all.extend(ids(&page));
        match page["next"].as_str() {
            Some(next) => route = format!("{first}&after={next}"),
            None => return all,
        }
    }
}

#[tokio::test]
async fn pinned_conversations_come_first_and_pages_add_up() {
    for seed in 11..=12 {
        let log = FixtureLog::random(seed, 4, 250);
        let fixture = QueryFixture::new(&log).await;
        for (index, user) in log.users.iter().enumerate() {
            let number = index as i64 + 1;
            for archived in [false, true] {
                let mut mine: Vec<_> = log
                    .rooms
                    .iter()
                    .filter(|room| room.is_in(number) && room.members[&number].archived == archived)
                    .collect();
                mine.sort_by_key(|room| {
                    std::cmp::Reverse((room.members[&number].pinned, room.activity()))
                });
                let expected: Vec<String> = mine.iter().map(|room| room.name.clone()).collect();
                let all = fixture
                    .get(user, &format!("/v1/inbox?limit=200&archived={archived}"))
                    .await
                    .expect_ok();
                let keys: Vec<i64> = mine.iter().map(|room| room.activity()).collect();
                assert_eq!(activities(&all), keys, "{user} archived={archived}");
                for limit in [1, 2, 3, 50] {
                    let first = format!("/v1/inbox?limit={limit}&archived={archived}");
                    assert_eq!(
                        pages(&fixture, user, &first).await,
                        expected,
                        "{user} {first}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn a_conversation_is_shown_with_its_last_message() {
    let mut log = FixtureLog::new(10);
    log.create("d_x", "direct", "all", None, &["ana", "bob"]);
    log.send(
        "d_x",
        "bob",
        "text",
        &json!({"text": "\u{1f600}".repeat(130)}).to_string(),
        &["ana"],
    );
    log.send("d_x", "bob", "control", "{}", &["ana"]);
    log.create_group("files", "all", &["ana", "bob"]);
    log.send(
        "files",
        "ana",
        "file",
        r#"{"name":"plan.pdf","text":"no"}"#,
        &[],
    );
    log.create_group("images", "all", &["ana"]);
    log.send("images", "ana", "image", r#"{"name":7}"#, &[]);
    log.create_group("recalled", "all", &["ana"]);
    log.send_text("recalled", "ana", "secret");
    log.recall("recalled", 1);
    log.create_group("nul", "all", &["ana"]);
    log.send("nul", "ana", "text", r#"{"text":"a\u0000b"}"#, &[]);
    log.create_group("empty", "all", &["ana"]);
    let fixture = QueryFixture::new(&log).await;
    let inbox = fixture.get("ana", "/v1/inbox").await.expect_ok();
    assert_eq!(
        ids(&inbox),
        ["empty", "nul", "recalled", "images", "files", "d_x"]
    );
    let of = |index: usize| &inbox["conversations"][index];
    assert_eq!(of(0)["last_message"], Value::Null);
    assert_eq!(of(1)["last_message"]["preview"], Value::Null);
    assert_eq!(of(2)["last_message"]["preview"], Value::Null);
    assert_eq!(of(2)["last_message"]["recalled"], true);
    assert_eq!(of(3)["last_message"]["preview"], Value::Null);
    assert_eq!(of(4)["last_message"]["preview"], "plan.pdf");
    assert_eq!(
        of(5),
        &json!({
            "id": "d_x", "kind": "direct", "title": null, "avatar": null, "member_count": 2, "peer": "bob",
            "last_message": {"seq": 1, "sender": "bob", "type": "text", "preview": "\u{1f600}".repeat(120),
                "sent_at": time_at(2), "recalled": false},
            "unread": 1, "mentions": 1, "read_seq": 0, "muted": false, "pinned": false, "archived": false,
            "activity": 2,
        })
    );
    assert_eq!(of(4)["title"], "Room files");
    assert!(of(4).get("peer").is_none());
}

#[tokio::test]
async fn an_invisible_last_message_is_not_shown() {
    let mut log = FixtureLog::new(10);
    log.create_group("room", "since_join", &["ana"]);
    log.send_text("room", "ana", "before bob");
    log.join("room", "bob");
    let fixture = QueryFixture::new(&log).await;
    let inbox = fixture.get("bob", "/v1/inbox").await.expect_ok();
    assert_eq!(inbox["conversations"][0]["last_message"], Value::Null);
    let inbox = fixture.get("ana", "/v1/inbox").await.expect_ok();
    assert_eq!(
        inbox["conversations"][0]["last_message"]["preview"],
        "before bob"
    );
}

#[tokio::test]
async fn the_last_message_is_the_newest_visible_one() {
    // Given a user who has left and rejoined a group that shows what was sent since a user joined
    let mut log = FixtureLog::new(10);
    log.create_group("room", "since_join", &["ana"]);
    log.send_text("room", "ana", "before bob");
    log.join("room", "bob");
    log.send_text("room", "ana", "with bob");
    log.send("room", "ana", "control", "{}", &[]);
    log.leave("room", "bob");
    log.send_text("room", "ana", "without bob");
    log.join("room", "bob");
    log.send("room", "ana", "control", "{}", &[]);
    // When the user lists the conversations, then the last message is that of the earlier
    // membership period.
    let fixture = QueryFixture::new(&log).await;
    let inbox = fixture.get("bob", "/v1/inbox").await.expect_ok();
    let last = &inbox["conversations"][0]["last_message"];
    assert_eq!(last["preview"], "with bob");
    assert_eq!(last["seq"], 2);
    let inbox = fixture.get("ana", "/v1/inbox").await.expect_ok();
    assert_eq!(
        inbox["conversations"][0]["last_message"]["preview"],
        "without bob"
    );
}

#[tokio::test]
async fn the_last_message_follows_the_visibility_rule() {
    for seed in 21..=23 {
        let log = FixtureLog::random(seed, 4, 250);
        let fixture = QueryFixture::new(&log).await;
        for (index, user) in log.users.iter().enumerate() {
            let number = index as i64 + 1;
            let inbox = fixture.get(user, "/v1/inbox?limit=200").await.expect_ok();
            for conversation in inbox["conversations"].as_array().unwrap() {
                let is_this = |room: &&FixtureRoom| conversation["id"] == *room.name;
                let room = log.rooms.iter().find(is_this).unwrap();
                let expected = room.messages.iter().rfind(|message| {
                    message.kind != "control" && room.can_see(number, message.seq)
                });
                assert_eq!(
                    conversation["last_message"]["seq"].as_i64(),
                    expected.map(|message| message.seq),
                    "{user} {seed}: {conversation}"
                );
            }
        }
    }
}

#[tokio::test]
async fn mentions_match_whole_names() {
    let mut log = FixtureLog::new(10);
    let odd = r#"x"bob"#;
    log.create_group("room", "all", &["ana", "bob", odd, r"b\ob"]);
    log.send("room", "ana", "text", r#"{"text":"1"}"#, &[odd]);
    log.send("room", "ana", "text", r#"{"text":"2"}"#, &["bob", r"b\ob"]);
    let fixture = QueryFixture::new(&log).await;
    for (user, mentions) in [("bob", 1), (odd, 1), (r"b\ob", 1), ("ana", 0)] {
        let inbox = fixture.get(user, "/v1/inbox").await.expect_ok();
        assert_eq!(inbox["conversations"][0]["mentions"], mentions, "{user}");
    }
}

#[tokio::test]
async fn muted_and_archived_conversations_are_excluded_from_the_total() {
    let mut log = FixtureLog::new(10);
    for room in ["plain", "muted", "archived"] {
        log.create_group(room, "all", &["ana", "bob"]);
        log.send_text(room, "ana", "hello");
    }
    log.set_preferences("muted", "bob", true, false, false);
    log.set_preferences("archived", "bob", false, false, true);
    let fixture = QueryFixture::new(&log).await;
    for route in [
        "/v1/inbox?archived=false",
        "/v1/inbox?archived=",
        "/v1/inbox",
    ] {
        let inbox = fixture.get("bob", route).await.expect_ok();
        assert_eq!(ids(&inbox), ["muted", "plain"]);
        assert_eq!(inbox["total_unread"], 1);
        assert_eq!(inbox["conversations"][0]["unread"], 1);
    }
    assert_eq!(
        ids(&fixture
            .get("bob", "/v1/inbox?archived=true")
            .await
            .expect_ok()),
        ["archived"]
    );
    let unread = fixture.get("bob", "/v1/inbox/unread").await.expect_ok();
    assert_eq!(
        unread,
        json!({"total": 1, "conversations": {"plain": 1, "muted": 1, "archived": 1}})
    );
}

#[tokio::test]
async fn certain_conversations_are_the_rows_of_the_list() {
    let log = FixtureLog::random(13, 4, 250);
    let fixture = QueryFixture::new(&log).await;
    let names: Vec<&str> = log.rooms.iter().map(|room| room.name.as_str()).collect();
    for user in &log.users {
        let mut rows = Vec::new();
        for archived in [false, true] {
            let list = format!("/v1/inbox?limit=200&archived={archived}");
            let page = fixture.get(user, &list).await.expect_ok();
            rows.extend(page["conversations"].as_array().unwrap().iter().cloned());
        }
        let all = format!("/v1/inbox?ids={},unknown", names.join(","));
        let found = fixture.get(user, &all).await.expect_ok();
        assert_eq!(found["next"], Value::Null);
        let found = found["conversations"].as_array().unwrap();
        assert_eq!(found.len(), rows.len(), "{user}: all that the user is in");
        assert!(found.iter().all(|row| rows.contains(row)), "{user}");
        let one = rows[0]["id"].as_str().unwrap();
        let found = fixture.get(user, &format!("/v1/inbox?ids={one}")).await;
        assert_eq!(found.expect_ok()["conversations"], json!([rows[0]]));
    }
}

#[tokio::test]
async fn ids_must_be_ids_and_stand_alone() {
    let mut log = FixtureLog::new(10);
    log.create_group("room", "all", &["ana"]);
    let fixture = QueryFixture::new(&log).await;
    let most = vec!["x"; 100].join(",");
    let found = fixture.get("ana", &format!("/v1/inbox?ids={most}")).await;
    assert_eq!(found.expect_ok()["conversations"], json!([]));
    for bad in [
        format!("ids={most},x"),
        "ids=room,".to_owned(),
        "ids=a%20b".to_owned(),
        "ids=room&limit=1".to_owned(),
        "ids=room&archived=true".to_owned(),
        "ids=room&after=x".to_owned(),
    ] {
        let answer = fixture.get("ana", &format!("/v1/inbox?{bad}")).await;
        let problem = answer.expect_problem(400, "malformed");
        assert_eq!(problem["errors"][0]["field"], "ids", "{bad}: {problem}");
    }
}
