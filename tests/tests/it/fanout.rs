//! Hybrid fan-out: whether members get an inbox row each or a conversation is merged when it is read,
//! clients see the same.

use serde_json::Value;
use tests::feed;
use tests::history::{RandomHistory, USERS};
use tests::seed::seed;
use tests::world::{Settings, World};

/// Acts of the history.
const ACTS: usize = 250;

/// Removes what depends on when a history was lived, not on what happened.
fn without_times(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(without_times),
        Value::Object(fields) => {
            for time in ["at", "sent_at", "edited_at", "created_at", "joined_at"] {
                if fields.get(time).is_some_and(Value::is_string) {
                    fields[time] = "then".into();
                }
            }
            fields.values_mut().for_each(without_times);
        }
        _ => {}
    }
}

/// What every user sees after the history: feed and unread, pages of several sizes.
async fn lived(seed: u64, threshold: i64) -> Vec<(String, Vec<Value>)> {
    let world =
        World::start_with(Settings::default().with("TIDINGS_FANOUT_THRESHOLD", threshold)).await;
    let mut history = RandomHistory::start(seed, |user| world.user(user)).await;
    history.run_random(ACTS).await;
    let mut seen = Vec::new();
    for user in USERS {
        let client = history.client(user);
        for size in [1, 7, feed::MAX_PAGE_SIZE] {
            let mut entries = feed::read_all(&client, size, history.head).await;
            entries.push(client.get_ok("/v1/inbox/unread").await);
            entries.iter_mut().for_each(without_times);
            seen.push((format!("{user}, pages of {size}"), entries));
        }
    }
    let fanned: i64 = sqlx::query_scalar("SELECT count(*) FROM read.messages WHERE fanned")
        .fetch_one(&world.pool)
        .await
        .expect("a count");
    let all: i64 = sqlx::query_scalar("SELECT count(*) FROM read.messages")
        .fetch_one(&world.pool)
        .await
        .expect("a count");
    match threshold {
        0 => assert_eq!(fanned, 0, "nothing is fanned out"),
        500 => assert_eq!(fanned, all, "everything is fanned out"),
        _ => assert!(
            0 < fanned && fanned < all,
            "{fanned} of {all} are fanned out"
        ),
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn thresholds_of_0_3_and_500_show_the_same() {
    let seed = seed("thresholds_of_0_3_and_500_show_the_same");
    let expected = lived(seed, 500).await;
    for threshold in [0, 3] {
        for (seen, expected) in lived(seed, threshold).await.iter().zip(&expected) {
            for (index, (here, there)) in seen.1.iter().zip(&expected.1).enumerate() {
                assert_eq!(
                    here, there,
                    "entry {index} of {}, thresholds {threshold} and 500",
                    seen.0
                );
            }
            assert_eq!(
                seen.1.len(),
                expected.1.len(),
                "{}, thresholds {threshold} and 500",
                seen.0
            );
        }
    }
}
