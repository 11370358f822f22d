//! The list of conversations.

use serde_json::{Value, json};

use crate::ledger::Ledger;
use crate::model::at;
use crate::world::World;

fn ids(page: &Value) -> Vec<String> {
    let conversations = page["conversations"].as_array().unwrap();
    conversations
        .iter()
        .map(|conversation| conversation["id"].as_str().unwrap().to_owned())
        .collect()
}

async fn pages(world: &World, user: &str, first: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut route = first.to_owned();
    loop {
        let page = world.get(user, &route).await.ok();
        all.extend(ids(&page));
        match page["next"].as_str() {
            Some(next) => route = format!("{first}&after={next}"),
            None => return all,
        }
    }
}

#[tokio::test]
async fn pinned_come_first_then_the_latest_and_pages_add_up() {
    for seed in 11..=12 {
        let ledger = Ledger::random(seed, 4, 250);
        let world = World::new(&ledger).await;
        for (index, user) in ledger.users.iter().enumerate() {
            let number = index as i64 + 1;
            for archived in [false, true] {
                let mut mine: Vec<_> = ledger
                    .rooms
                    .iter()
                    .filter(|room| room.is_in(number) && room.members[&number].archived == archived)
                    .collect();
                mine.sort_by_key(|room| {
                    std::cmp::Reverse((room.members[&number].pinned, room.activity()))
                });
                let expected: Vec<String> = mine.iter().map(|room| room.name.clone()).collect();
                for limit in [1, 2, 3, 50] {
                    let first = format!("/v1/inbox?limit={limit}&archived={archived}");
                    assert_eq!(
                        pages(&world, user, &first).await,
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
    let mut ledger = Ledger::new(10);
    ledger.create("d_x", "direct", "all", None, &["ana", "bob"]);
    ledger.send(
        "d_x",
        "bob",
        "text",
        &json!({"text": "\u{1f600}".repeat(130)}).to_string(),
        &["ana"],
    );
    ledger.send("d_x", "bob", "control", "{}", &["ana"]);
    ledger.group("files", "all", &["ana", "bob"]);
    ledger.send(
        "files",
        "ana",
        "file",
        r#"{"name":"plan.pdf","text":"no"}"#,
        &[],
    );
    ledger.group("images", "all", &["ana"]);
    ledger.send("images", "ana", "image", r#"{"name":7}"#, &[]);
    ledger.group("recalled", "all", &["ana"]);
    ledger.say("recalled", "ana", "secret");
    ledger.recall("recalled", 1);
    ledger.group("nul", "all", &["ana"]);
    ledger.send("nul", "ana", "text", r#"{"text":"a\u0000b"}"#, &[]);
    ledger.group("empty", "all", &["ana"]);
    let world = World::new(&ledger).await;
    let inbox = world.get("ana", "/v1/inbox").await.ok();
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
            "id": "d_x", "kind": "direct", "title": null, "member_count": 2, "peer": "bob",
            "last_message": {"seq": 1, "sender": "bob", "type": "text", "preview": "\u{1f600}".repeat(120),
                "sent_at": at(2), "recalled": false},
            "unread": 1, "mentions": 1, "read_seq": 0, "muted": false, "pinned": false, "archived": false,
        })
    );
    assert_eq!(of(4)["title"], "Room files");
    assert!(of(4).get("peer").is_none());
}

#[tokio::test]
async fn a_last_message_that_is_not_seen_is_not_shown() {
    let mut ledger = Ledger::new(10);
    ledger.group("room", "since_join", &["ana"]);
    ledger.say("room", "ana", "before bob");
    ledger.join("room", "bob");
    let world = World::new(&ledger).await;
    let inbox = world.get("bob", "/v1/inbox").await.ok();
    assert_eq!(inbox["conversations"][0]["last_message"], Value::Null);
    let inbox = world.get("ana", "/v1/inbox").await.ok();
    assert_eq!(
        inbox["conversations"][0]["last_message"]["preview"],
        "before bob"
    );
}

#[tokio::test]
async fn mentions_are_whole_names() {
    let mut ledger = Ledger::new(10);
    let odd = r#"x"bob"#;
    ledger.group("room", "all", &["ana", "bob", odd, r"b\ob"]);
    ledger.send("room", "ana", "text", r#"{"text":"1"}"#, &[odd]);
    ledger.send("room", "ana", "text", r#"{"text":"2"}"#, &["bob", r"b\ob"]);
    let world = World::new(&ledger).await;
    for (user, mentions) in [("bob", 1), (odd, 1), (r"b\ob", 1), ("ana", 0)] {
        let inbox = world.get(user, "/v1/inbox").await.ok();
        assert_eq!(inbox["conversations"][0]["mentions"], mentions, "{user}");
    }
}

#[tokio::test]
async fn muted_and_archived_conversations_are_not_in_the_total() {
    let mut ledger = Ledger::new(10);
    for room in ["plain", "muted", "archived"] {
        ledger.group(room, "all", &["ana", "bob"]);
        ledger.say(room, "ana", "hello");
    }
    ledger.prefer("muted", "bob", true, false, false);
    ledger.prefer("archived", "bob", false, false, true);
    let world = World::new(&ledger).await;
    for route in [
        "/v1/inbox?archived=false",
        "/v1/inbox?archived=",
        "/v1/inbox",
    ] {
        let inbox = world.get("bob", route).await.ok();
        assert_eq!(ids(&inbox), ["muted", "plain"]);
        assert_eq!(inbox["total_unread"], 1);
        assert_eq!(inbox["conversations"][0]["unread"], 1);
    }
    assert_eq!(
        ids(&world.get("bob", "/v1/inbox?archived=true").await.ok()),
        ["archived"]
    );
    let unread = world.get("bob", "/v1/inbox/unread").await.ok();
    assert_eq!(
        unread,
        json!({"total": 1, "conversations": {"plain": 1, "muted": 1, "archived": 1}})
    );
}
