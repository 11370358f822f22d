//! What only some users get of a message or an entry: the key that the author's client gave it, the
//! peer of a new direct conversation, and the conversation that a user has joined.

use serde_json::{Value, json};

use crate::fixture::QueryFixture;
use crate::fixture_log::FixtureLog;

fn log_of_two() -> FixtureLog {
    let mut log = FixtureLog::new(10);
    log.create_group("room", "all", &["ana", "bob"]);
    log.send_text("room", "ana", "one"); // 2
    log.send_text("room", "bob", "two"); // 3
    log.edit("room", 1, r#"{"text":"edited"}"#);
    log.recall("room", 2);
    log
}

/// The keys of the messages in a list, by seq.
fn keys(messages: &Value) -> Vec<(i64, Option<&str>)> {
    let messages = messages.as_array().unwrap().iter();
    messages
        .map(|message| {
            let key = message.get("client_message_id");
            (
                message["seq"].as_i64().unwrap(),
                key.map(|key| key.as_str().unwrap()),
            )
        })
        .collect()
}

#[tokio::test]
async fn only_the_author_gets_the_key_of_a_message() {
    let fixture = QueryFixture::new(&log_of_two()).await;
    let expected = [
        ("ana", [(1, Some("key 2")), (2, None)]),
        ("bob", [(1, None), (2, Some("key 3"))]),
    ];
    for (user, expected) in expected {
        let get = async |at: &str| fixture.get(user, at).await.expect_ok();
        let page = get("/v1/conversations/room/messages?after=0").await;
        assert_eq!(keys(&page["messages"]), expected, "{user}");
        for (message, expected) in page["messages"].as_array().unwrap().iter().zip(expected) {
            let at = format!("/v1/conversations/room/messages/{}", expected.0);
            assert_eq!(get(&at).await, *message, "{user}");
        }
        let entries = get("/v1/inbox/entries").await;
        let sent = entries["entries"].as_array().unwrap().iter();
        let sent: Value = sent
            .filter(|entry| entry["type"] == "message_sent")
            .map(|entry| entry["data"].clone())
            .collect();
        assert_eq!(keys(&sent), expected, "{user}");
        let own = get("/v1/outbox").await;
        let key = expected.iter().find(|(_, key)| key.is_some()).unwrap();
        assert_eq!(keys(&own["messages"]), [*key], "{user}");
    }
}

#[tokio::test]
async fn a_message_without_a_key_has_none_for_its_author_either() {
    let mut log = FixtureLog::new(10);
    log.create_group("room", "all", &["ana"]);
    for _ in 1..=7 {
        log.send_text("room", "ana", "text");
    }
    let fixture = QueryFixture::new(&log).await;
    let page = fixture.get("ana", "/v1/conversations/room/messages").await;
    let page = page.expect_ok();
    let keys = keys(&page["messages"]);
    assert_eq!(keys[..2], [(7, None), (6, Some("key 7"))]);
}

#[tokio::test]
async fn a_user_who_joins_gets_the_conversation_as_it_is() {
    let mut log = FixtureLog::new(100);
    let members: Vec<String> = (0..11).map(|n| format!("user{n:02}")).collect();
    let names: Vec<&str> = members.iter().map(String::as_str).collect();
    log.create_group("room", "all", &names);
    log.join("room", "eve"); // 2
    log.leave("room", "user03");
    let fixture = QueryFixture::new(&log).await;
    let joined = async |user: &str| {
        let page = fixture.get(user, "/v1/inbox/entries").await.expect_ok();
        let entries = page["entries"].as_array().unwrap();
        let entry = entries.iter().find(|entry| entry["type"] == "member_added");
        entry.unwrap()["data"].clone()
    };
    let plain = json!({"user": "eve", "role": "member", "by": "eve"});
    assert_eq!(joined("user00").await, plain);
    let listed: Vec<&String> = members.iter().filter(|name| *name != "user03").collect();
    let mut whole = plain;
    whole["conversation"] = json!({"id": "room", "kind": "group", "title": "Room room",
        "history": "all", "member_count": 11, "members": listed});
    assert_eq!(joined("eve").await, whole);
}
