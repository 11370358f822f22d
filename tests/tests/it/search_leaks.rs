//! L9 for search: every message has words of its own, and everybody asks for all of them, after joins,
//! leaves, rejoins, edits, recalls and changes of what newcomers see. What is found is what history shows.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use serde_json::Value;
use tests::client::Client;
use tests::feed;
use tests::history::{RandomHistory, USERS};
use tests::seed::seed;
use tests::world::World;

/// Random acts between two looks, and how often.
const ACTS: usize = 250;
const LOOKS: usize = 3;

/// Questions under way at a time.
const AT_ONCE: usize = 16;

#[tokio::test(flavor = "multi_thread")]
async fn everybody_finds_what_history_shows_and_nothing_else() {
    let world = World::start().await;
    let mut history = RandomHistory::start(seed("search-leaks"), |user| world.user(user)).await;
    let (mut found, mut hidden) = (0, 0);
    for _ in 0..LOOKS {
        history.run_random(ACTS).await;
        for user in USERS {
            let client = history.client(user);
            let shown = shown(&history, user).await;
            // Once, and then all others see at least as much.
            client
                .get_ok(&format!("/v1/search?q=x&min_position={}", history.head))
                .await;
            let numbers = 1..=history.body_count();
            let mut checks = stream::iter(numbers)
                .map(|number| check(&client, number, shown.get(&number)))
                .buffer_unordered(AT_ONCE);
            while let Some(is_found) = checks.next().await {
                *(if is_found { &mut found } else { &mut hidden }) += 1;
            }
        }
    }
    assert!(
        found > 300 && hidden > 1_000,
        "{found} found, {hidden} not: too few to tell"
    );
}

/// What a user's history shows: by the number in its text, where it is.
async fn shown(history: &RandomHistory, user: &str) -> BTreeMap<u64, (String, Value)> {
    let mut shown = BTreeMap::new();
    let client = history.client(user);
    for (id, conversation) in &history.model.conversations {
        if !conversation.is_member(user) {
            continue;
        }
        for message in feed::read_history(&client, id, history.head).await {
            let Some(text) = message["body"]["text"].as_str() else {
                continue;
            };
            if message["type"] != "control" {
                let number = text
                    .split(' ')
                    .nth(1)
                    .and_then(|number| number.parse().ok());
                shown.insert(number.expect("a number"), (id.clone(), message));
            }
        }
    }
    shown
}

/// Asks for a number; answers whether it is to be found.
async fn check(client: &Client, number: u64, shown: Option<&(String, Value)>) -> bool {
    let user = client.user();
    let page = client.get_ok(&format!("/v1/search?q={number}")).await;
    let hits = page["hits"].as_array().expect("a list");
    let Some((conversation, message)) = shown else {
        assert_eq!(
            (hits.len(), &page["total"]),
            (0, &0.into()),
            "{user} finds {number}: {page}"
        );
        assert_eq!(page["next"], Value::Null);
        return false;
    };
    assert_eq!(
        (hits.len(), &page["total"]),
        (1, &1.into()),
        "{user} asks for {number}: {page}"
    );
    let hit = &hits[0];
    assert_eq!(hit["conversation_id"], conversation.as_str());
    for same in ["seq", "sender", "type", "sent_at"] {
        assert_eq!(hit[same], message[same], "{same} of {number}");
    }
    assert_eq!(hit["text"], message["body"]["text"]);
    let text = hit["text"].as_str().expect("a text");
    let begin = text.chars().position(|c| c == ' ').expect("a space") + 1;
    let end = begin + number.to_string().len();
    assert_eq!(
        hit["highlights"],
        serde_json::json!([[begin, end]]),
        "{hit}"
    );
    true
}
