//! L9 for search: a search finds what the history shows. Every message contains a number of its
//! own, and every user searches for all of them, after random joins, leaves, edits, recalls and
//! changes of the history setting.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use serde_json::Value;
use tests::client::Client;
use tests::feed;
use tests::history::{RandomHistory, USERS};
use tests::seed::seed;
use tests::world::World;

/// Random acts before each check, and the number of checks.
const ACTS: usize = 250;
const CHECKS: usize = 3;

/// Concurrent searches.
const MAX_CONCURRENT: usize = 16;

#[tokio::test(flavor = "multi_thread")]
async fn every_user_finds_what_the_history_shows_and_nothing_else() {
    let world = World::start().await;
    let mut history = RandomHistory::start(seed("search-leaks"), |user| world.user(user)).await;
    let (mut found, mut hidden) = (0, 0);
    for _ in 0..CHECKS {
        history.run_random(ACTS).await;
        for user in USERS {
            let client = history.client(user);
            let shown = visible_messages(&history, user).await;
            // Wait once; the later searches see at least as much.
            client
                .get_ok(&format!("/v1/search?q=x&min_position={}", history.head))
                .await;
            let numbers = 1..=history.body_count();
            let mut checks = stream::iter(numbers)
                .map(|number| check_search(&client, number, shown.get(&number)))
                .buffer_unordered(MAX_CONCURRENT);
            while let Some(is_found) = checks.next().await {
                *(if is_found { &mut found } else { &mut hidden }) += 1;
            }
        }
    }
    assert!(
        found > 300 && hidden > 1_000,
        "only {found} found and {hidden} hidden"
    );
}

/// The messages that a user's history shows, by the number in their text.
async fn visible_messages(history: &RandomHistory, user: &str) -> BTreeMap<u64, (String, Value)> {
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

/// Searches for a number; returns whether it was found, which must be as the history says.
async fn check_search(client: &Client, number: u64, shown: Option<&(String, Value)>) -> bool {
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
        "{user} searches for {number}: {page}"
    );
    let hit = &hits[0];
    assert_eq!(hit["conversation_id"], conversation.as_str());
    for field in ["seq", "sender", "type", "sent_at"] {
        assert_eq!(hit[field], message[field], "{field} of {number}");
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
