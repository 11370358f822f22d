//! Tests of following rare event types.

use event_log::reader::LogReader;
use event_log::{FollowedEvents, TypeFollower};
use sqlx::PgPool;

use crate::support::{LogTestDatabase, create_group, execute, send_text};

fn positions(followed: &FollowedEvents) -> Vec<i64> {
    followed.events.iter().map(|event| event.position).collect()
}

fn follow_creations(pool: &PgPool) -> TypeFollower {
    let types = ["conversation_created", "title_erased", "message_sent"];
    let types = types.map(ToOwned::to_owned).to_vec();
    TypeFollower::new(LogReader::new(pool.clone()), types)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_returns_each_event_of_its_types_once() {
    // Given a log with other events between those that are followed
    let database = LogTestDatabase::new().await;
    let log = database.open_log().await;
    let mut follower = follow_creations(log.pool());
    let before = follower.step().await.unwrap();
    assert!(before.events.is_empty() && before.is_current && !before.restarted);
    for id in ["a", "b"] {
        let created = execute(&log, id, create_group("ann", &[]), vec![]).await;
        created.unwrap();
        let sent = execute(&log, id, send_text("ann", "hi"), vec![]).await;
        sent.unwrap();
    }

    // When it takes steps, then it gets each of them once, whatever happens in between
    let first = follower.step().await.unwrap();
    assert_eq!(positions(&first), [1, 3]);
    assert!(first.is_current && !first.restarted);
    assert!(follower.step().await.unwrap().events.is_empty());
    let created = execute(&log, "c", create_group("ann", &[]), vec![]).await;
    created.unwrap();
    assert_eq!(positions(&follower.step().await.unwrap()), [5]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_reads_pages_until_it_is_current() {
    // Given more events than a page has
    let database = LogTestDatabase::new().await;
    let log = database.open_log().await;
    let created = execute(&log, "a", create_group("ann", &[]), vec![]).await;
    created.unwrap();
    sqlx::raw_sql(
        "INSERT INTO log.events SELECT n, stream, n, NULL, occurred_at, 1, 'title_erased', '{}' \
         FROM log.events, generate_series(2, 1500) n WHERE position = 1; \
         UPDATE log.head SET position = 1500",
    )
    .execute(log.pool())
    .await
    .unwrap();

    // When it takes steps, then only the last page is current, and nothing is left out
    let mut follower = follow_creations(log.pool());
    let (first, second) = (
        follower.step().await.unwrap(),
        follower.step().await.unwrap(),
    );
    assert!(!first.is_current && second.is_current);
    let all = [positions(&first), positions(&second)].concat();
    assert_eq!(all, (1..=1_500).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_begins_again_if_the_log_lost_what_it_returned() {
    // Given a follower that has seen three events
    let database = LogTestDatabase::new().await;
    let log = database.open_log().await;
    for id in ["a", "b", "c"] {
        let created = execute(&log, id, create_group("ann", &[]), vec![]).await;
        created.unwrap();
    }
    let mut follower = follow_creations(log.pool());
    assert_eq!(positions(&follower.step().await.unwrap()), [1, 2, 3]);
    log.shut_down().await;

    // When the last is lost, and another process writes two others
    sqlx::raw_sql(
        "DELETE FROM log.events WHERE position = 3; UPDATE log.head SET position = 2; \
         DELETE FROM log.epochs WHERE begins_after >= 2",
    )
    .execute(&database.pool().await)
    .await
    .unwrap();
    let log = database.open_log().await;
    for id in ["d", "e"] {
        let created = execute(&log, id, create_group("ann", &[]), vec![]).await;
        created.unwrap();
    }

    // Then it says so, and returns what the log has now from the beginning
    let again = follower.step().await.unwrap();
    assert!(again.restarted && again.is_current);
    assert_eq!(positions(&again), [1, 2, 3, 4]);
    assert_eq!(again.events[2].aggregate_id, "d");
    assert!(!follower.step().await.unwrap().restarted);
}
