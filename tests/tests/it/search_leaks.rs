//! L9 for search: a search finds what the history shows. Every message contains a number of its
//! own, and every user searches for all of them, after random joins, leaves, edits, recalls and
//! changes of the history setting.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use reqwest::Method;
use serde_json::{Value, json};
use tests::client::Client;
use tests::feed;
use tests::history::{RandomHistory, USERS};
use tests::seed::seed;
use tests::token;
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
        let (more_found, more_hidden) = compare_searches(&history).await;
        found += more_found;
        hidden += more_hidden;
    }
    assert!(
        found > 300 && hidden > 1_000,
        "only {found} found and {hidden} hidden"
    );
}

/// Has every user search for the number of every message. Returns how many searches found a message
/// and how many found nothing; each must find what the history shows.
pub async fn compare_searches(history: &RandomHistory) -> (usize, usize) {
    let (mut found, mut hidden) = (0, 0);
    for user in USERS {
        let client = history.client(user);
        let shown = visible_messages(history, user).await;
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
    (found, hidden)
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
            // The notice of a desk has no number.
            if message["sender"] == "tidings" {
                continue;
            }
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

/// The seqs that a search finds.
fn found_seqs(page: &Value) -> Vec<i64> {
    let hits = page["hits"].as_array().expect("a list").iter();
    hits.filter_map(|hit| hit["seq"].as_i64()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_searches_as_another_user_and_nobody_else_does() {
    // Given a secret of ann and bob, from which eve is absent,
    let world = World::start().await;
    let (ann, admin, eve) = (world.user("ann"), world.admin(), world.user("eve"));
    ann.create_group("c", &["bob"]).await.expect(201);
    ann.send("c", "1", "a secret").await.expect(201);
    let last = ann.send("c", "2", "another secret").await.position();
    let path = format!("/v1/search?q=secret&sort=newest&min_position={last}");
    assert_eq!(found_seqs(&ann.get_ok(&path).await), [2, 1]);
    // when an administrator searches as each of them, then the hits are theirs,
    let as_user = async |user: &str| admin.get_ok(&format!("{path}&as_user={user}")).await;
    assert_eq!(found_seqs(&as_user("bob").await), [2, 1]);
    assert_eq!(as_user("eve").await["hits"], json!([]));
    assert_eq!(as_user("nobody").await["hits"], json!([]));
    // and without a name, those of the administrator, who is no member.
    assert_eq!(admin.get_ok(&path).await["hits"], json!([]));
    // Nobody else may, not even in their own name.
    for user in ["ann", "eve"] {
        let refused = eve.get(&format!("{path}&as_user={user}")).await;
        assert_eq!(refused.expect_problem(403), "forbidden", "{user}");
    }
    // The cursor of a page belongs to the user for whom it was made.
    let first = admin.get_ok(&format!("{path}&limit=1&as_user=bob")).await;
    let next = first["next"].as_str().expect("a second page");
    let second = format!("{path}&limit=1&cursor={next}&as_user=");
    assert_eq!(
        found_seqs(&admin.get_ok(&format!("{second}bob")).await),
        [1]
    );
    let refused = admin.get(&format!("{second}eve")).await;
    assert_eq!(refused.expect_problem(400), "malformed");
    // There is no search of the past, even if unknown parameters are ignored.
    let past = admin.request(&Method::GET, &format!("{path}&as_of=1"));
    let past = past.header("prefer", "handling=lenient").send().await;
    assert_eq!(past.expect_problem(400), "malformed");
    let root = admin.with_token(Some(token::for_admin("ann")));
    assert_eq!(found_seqs(&root.get_ok(&path).await), [2, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_that_is_searched_as_text_is_named_in_the_answer() {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    let last = ann.send("c", "1", "see you before: yesterday").await;
    let search = async |query: &str| {
        let path = format!("/v1/search?q={query}&min_position={}", last.position());
        ann.get_ok(&path).await
    };
    let note = "before:yesterday is searched as text; before takes a day such as 2026-11-01";
    let found = search("before:yesterday").await;
    assert_eq!(found["notes"], json!([note]));
    assert_eq!(found_seqs(&found), [1]);
    let understood = search("before:2999-01-01").await;
    assert_eq!(found_seqs(&understood), [1]);
    assert!(understood.get("notes").is_none(), "{understood}");
    // So does the command.
    let data = world.dir.join("data").display().to_string();
    let command = ["search", "--data", &data, "before:yesterday"];
    let lines = world.run_ok(&command).await;
    assert!(lines.contains(&format!("note: {note}")), "{lines}");
}
