//! Random histories with desks, policies, bans, silences, recalls, restores, clears and threads:
//! what every user is served agrees with the reference model, also after the server was killed,
//! after a restart, and after the read models and the search index were made again from the log.

use std::collections::{BTreeMap, BTreeSet};

use tests::feed::{MAX_PAGE_SIZE, read_all};
use tests::history::{RandomHistory, USERS};
use tests::history_desks::NOTE;
use tests::seed::seed;
use tests::world::World;

use crate::search_leaks::compare_searches;
use crate::unread::compare_with_model;

/// Acts before each comparison.
const ACTS: usize = 60;

/// What happens between two comparisons.
#[derive(Debug, Clone, Copy)]
enum Event {
    Kill,
    Restart,
    Rebuild,
    RebuildSearch,
}

#[tokio::test(flavor = "multi_thread")]
async fn random_histories_agree_with_the_model_over_kills_and_rebuilds() {
    let mut world = World::start().await;
    let seed = seed("histories");
    let admin = world.admin();
    let history = RandomHistory::start_with_desks(seed, |user| world.user(user), &admin);
    let mut history = history.await;
    for event in [
        Event::Kill,
        Event::Rebuild,
        Event::Restart,
        Event::RebuildSearch,
        Event::Kill,
    ] {
        history.run_random(ACTS).await;
        compare(&history, "before", event).await;
        match event {
            Event::Kill => {
                world.kill();
                world.start_service().await;
            }
            Event::Restart => {
                world.stop();
                world.start_service().await;
            }
            Event::Rebuild => {
                world.run_ok(&["rebuild"]).await;
            }
            Event::RebuildSearch => {
                let data = world.dir.join("data").display().to_string();
                let rebuild = ["rebuild", "search", "--data", &data];
                world.run_ok(&rebuild).await;
            }
        }
        compare(&history, "after", event).await;
    }
    world.run_ok(&["verify"]).await;
    check_coverage(&world).await;
}

/// Without sessions of service desks, their comparisons would say nothing.
async fn check_coverage(world: &World) {
    let kinds = "SELECT type, count(*) FROM events WHERE type LIKE 'session_%' GROUP BY 1";
    let counts: Vec<(String, i64)> = sqlx::query_as(kinds)
        .fetch_all(&world.pool)
        .await
        .expect("the events are readable");
    eprintln!("histories: {counts:?}");
    let acts: i64 = counts.iter().map(|(_, count)| count).sum();
    assert!(acts >= 10, "{counts:?}");
}

/// Compares unread counts, inboxes, threads, histories and searches of all users.
async fn compare(history: &RandomHistory, when: &str, event: Event) {
    let compared = compare_with_model(history).await;
    compared.unwrap_or_else(|error| panic!("{when} {event:?}: {error}"));
    let (found, hidden) = compare_searches(history).await;
    assert!(found > 0 && hidden > 0, "{found} found, {hidden} hidden");
    for user in USERS {
        compare_feed(history, user, event).await;
    }
}

/// The sync feed has no message of a desk that the user cannot see, a customer gets all of them,
/// and notes of agents are nowhere.
async fn compare_feed(history: &RandomHistory, user: &str, event: Event) {
    let client = history.client(user);
    let found = client.get_ok(&format!("/v1/search?q={NOTE}")).await;
    assert_eq!(found["total"], 0, "{user} finds a note, {event:?}");
    let feed = read_all(&client, MAX_PAGE_SIZE, history.head).await;
    let mut sent: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
    for entry in &feed {
        assert!(
            !entry.to_string().contains(NOTE),
            "{user}, {event:?}: {entry}"
        );
        if entry["type"] == "message_sent" {
            let conversation = entry["conversation_id"].as_str().expect("an id");
            let seq = entry["data"]["seq"].as_i64().expect("a seq");
            sent.entry(conversation).or_default().insert(seq);
        }
    }
    for (id, conversation) in &history.model.conversations {
        let Some(place) = &conversation.desk else {
            continue;
        };
        let sent = sent.remove(id.as_str()).unwrap_or_default();
        let visible = (1..=conversation.head()).filter(|seq| conversation.can_see(user, *seq));
        let visible: BTreeSet<i64> = visible.collect();
        assert!(
            sent.is_subset(&visible),
            "{user} in {id}, {event:?}: {sent:?}"
        );
        if place.customer == user {
            assert_eq!(sent, visible, "{user} in {id}, {event:?}");
        }
    }
}
