//! Hybrid fan-out: clients see the same whether entries are written to each inbox or merged when
//! they are read.

use serde_json::Value;
use tests::feed;
use tests::history::{RandomHistory, USERS};
use tests::seed::seed;
use tests::world::{Settings, World};

/// Acts of the history.
const ACTS: usize = 250;

/// Replaces all times, in which two runs of the same history differ.
fn replace_times(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(replace_times),
        Value::Object(fields) => {
            for time in ["at", "sent_at", "edited_at", "created_at", "joined_at"] {
                if fields.get(time).is_some_and(Value::is_string) {
                    fields[time] = "then".into();
                }
            }
            fields.values_mut().for_each(replace_times);
        }
        _ => {}
    }
}

/// What every user is served after the history: the feed in pages of several sizes, and the unread
/// counts.
async fn run_history(seed: u64, threshold: i64) -> Vec<(String, Vec<Value>)> {
    let world =
        World::start_with(Settings::default().with("TIDINGS_FANOUT_THRESHOLD", threshold)).await;
    let mut history = RandomHistory::start(seed, |user| world.user(user)).await;
    history.run_random(ACTS).await;
    let mut served = Vec::new();
    for user in USERS {
        let client = history.client(user);
        for size in [1, 7, feed::MAX_PAGE_SIZE] {
            let mut entries = feed::read_all(&client, size, history.head).await;
            entries.push(client.get_ok("/v1/inbox/unread").await);
            entries.iter_mut().for_each(replace_times);
            served.push((format!("{user}, pages of {size}"), entries));
        }
    }
    let fanned_out: i64 = sqlx::query_scalar("SELECT count(*) FROM read.messages WHERE fanned")
        .fetch_one(&world.pool)
        .await
        .expect("a count");
    let all: i64 = sqlx::query_scalar("SELECT count(*) FROM read.messages")
        .fetch_one(&world.pool)
        .await
        .expect("a count");
    match threshold {
        0 => assert_eq!(fanned_out, 0, "nothing is fanned out"),
        500 => assert_eq!(fanned_out, all, "everything is fanned out"),
        _ => assert!(
            0 < fanned_out && fanned_out < all,
            "{fanned_out} of {all} are fanned out"
        ),
    }
    served
}

#[tokio::test(flavor = "multi_thread")]
async fn thresholds_of_0_3_and_500_serve_the_same() {
    let seed = seed("thresholds_of_0_3_and_500_serve_the_same");
    let expected = run_history(seed, 500).await;
    for threshold in [0, 3] {
        for (served, expected) in run_history(seed, threshold).await.iter().zip(&expected) {
            for (index, (entry, expected)) in served.1.iter().zip(&expected.1).enumerate() {
                assert_eq!(
                    entry, expected,
                    "entry {index} of {}, thresholds {threshold} and 500",
                    served.0
                );
            }
            assert_eq!(
                served.1.len(),
                expected.1.len(),
                "{}, thresholds {threshold} and 500",
                served.0
            );
        }
    }
}
