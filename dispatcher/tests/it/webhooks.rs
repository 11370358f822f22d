//! Adding, replaying, retrying, rewinding and removing webhooks, and what operators see of them.

use dispatcher::secret::SigningSecret;
use dispatcher::webhook::{self, WebhookKind, WebhookStatus};
use sqlx::PgPool;
use test_database::TestDatabase;

/// The head of the log in these tests.
const HEAD: i64 = 100;

async fn database() -> TestDatabase {
    let database = TestDatabase::migrated("dispatcher").await;
    let set_head = format!("UPDATE log.head SET position = {HEAD}");
    execute(&database.pool, &set_head).await;
    database
}

async fn execute(pool: &PgPool, sql: &str) {
    sqlx::raw_sql(sql)
        .execute(pool)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Adds a webhook; returns its id and the position after which it begins.
async fn add(pool: &PgPool, kind: &WebhookKind, after: Option<i64>) -> (i64, i64) {
    let url = "https://example.com/hook".parse().unwrap();
    let secret = SigningSecret::generate();
    webhook::add(pool, &url, &secret, kind, after)
        .await
        .unwrap()
}

fn all_events() -> WebhookKind {
    WebhookKind::Events(Vec::new())
}

async fn status(pool: &PgPool, id: i64) -> WebhookStatus {
    let all = webhook::list(pool).await.unwrap();
    all.into_iter().find(|status| status.id == id).unwrap()
}

async fn positions(pool: &PgPool, table: &str, column: &str) -> Vec<i64> {
    let sql = format!("SELECT {column} FROM hooks.{table} ORDER BY 1");
    sqlx::query_scalar(&sql).fetch_all(pool).await.unwrap()
}

#[tokio::test]
async fn a_webhook_begins_at_the_head_or_after_an_earlier_position() {
    let database = database().await;
    let pool = &database.pool;
    let events = WebhookKind::Events(vec!["message_sent".to_owned()]);
    let (at_head, position) = add(pool, &events, None).await;
    assert_eq!(position, HEAD);
    let (earlier, position) = add(pool, &WebhookKind::Notifications, Some(7)).await;
    assert_eq!(position, 7);
    let (_, position) = add(pool, &events, Some(HEAD + 1)).await;
    assert_eq!(position, HEAD, "not beyond the end of the log");

    let first = webhook::load_enabled(pool, at_head).await.unwrap();
    let first = first.unwrap().unwrap();
    assert_eq!((first.kind, first.floor), (events, HEAD));
    let second = webhook::load_enabled(pool, earlier).await.unwrap();
    let second = second.unwrap().unwrap();
    assert_eq!(
        (second.kind, second.position, second.floor),
        (WebhookKind::Notifications, 7, 7)
    );
    let shown = status(pool, at_head).await;
    assert_eq!(
        (
            shown.kind.as_str(),
            shown.types,
            shown.state.as_str(),
            shown.head
        ),
        ("events", vec!["message_sent".to_owned()], "on", HEAD)
    );
    database.close().await;
}

#[tokio::test]
async fn switching_a_webhook_off_and_on_changes_its_revision() {
    let database = database().await;
    let pool = &database.pool;
    let (id, _) = add(pool, &all_events(), None).await;
    let before = webhook::list_enabled(pool).await.unwrap();
    assert!(webhook::set_enabled(pool, id, false).await.unwrap());
    assert!(webhook::list_enabled(pool).await.unwrap().is_empty());
    assert!(webhook::load_enabled(pool, id).await.unwrap().is_none());
    assert!(webhook::set_enabled(pool, id, true).await.unwrap());
    let after = webhook::list_enabled(pool).await.unwrap();
    assert_eq!((before[0].0, after[0].0), (id, id));
    assert!(before[0].1 < after[0].1, "{before:?}, {after:?}");
    assert!(!webhook::set_enabled(pool, id + 1, true).await.unwrap());
    database.close().await;
}

#[tokio::test]
async fn a_replay_moves_back_and_drops_what_it_repeats() {
    let database = database().await;
    let pool = &database.pool;
    let (id, _) = add(pool, &all_events(), None).await;
    let (other, _) = add(pool, &all_events(), None).await;
    execute(
        pool,
        &format!(
            "INSERT INTO hooks.waiting (webhook, position, lane, tries, due_at)
             VALUES ({id}, 49, '/a', 1, now()), ({id}, 50, '/a', 0, now());
             INSERT INTO hooks.parked (webhook, position, lane, tries, error, parked_at)
             VALUES ({id}, 48, '/b', 30, 'e', now()), ({id}, 51, '/b', 30, 'e', now());
             INSERT INTO hooks.notices
                 (webhook, user_name, conversation, from_position, to_position, since, due_at)
             VALUES ({id}, 'ann', 'c', 10, 49, now(), now()),
                    ({id}, 'bob', 'c', 10, 50, now(), now())"
        ),
    )
    .await;
    assert_eq!(webhook::replay(pool, Some(id), 50).await.unwrap(), [id]);
    assert_eq!(status(pool, id).await.position, 49);
    assert_eq!(status(pool, other).await.position, HEAD);
    assert_eq!(positions(pool, "waiting", "position").await, [49]);
    assert_eq!(positions(pool, "parked", "position").await, [48]);
    assert_eq!(positions(pool, "notices", "to_position").await, [49]);

    // A replay from a later position does not skip events.
    webhook::replay(pool, Some(id), 80).await.unwrap();
    assert_eq!(status(pool, id).await.position, 49);
    let mut all = webhook::replay(pool, None, 20).await.unwrap();
    all.sort_unstable();
    assert_eq!(all, [id, other]);
    assert_eq!(status(pool, other).await.position, 19);
    assert!(
        webhook::replay(pool, Some(other + 1), 1)
            .await
            .unwrap()
            .is_empty()
    );
    database.close().await;
}

#[tokio::test]
async fn parked_deliveries_are_retried_at_once() {
    let database = database().await;
    let pool = &database.pool;
    let (id, _) = add(pool, &all_events(), None).await;
    execute(
        pool,
        &format!(
            "INSERT INTO hooks.parked
                 (webhook, position, lane, user_name, tries, error, parked_at)
             VALUES ({id}, 5, '/a', '', 30, 'e', now()), ({id}, 7, 'c', 'ann', 30, 'e', now()),
                    ({id}, 9, 'c', 'ann', 30, 'e', now()), ({id}, 6, 'd', 'ann', 30, 'e', now());
             INSERT INTO hooks.notices (webhook, user_name, conversation, from_position, to_position,
                                        told_position, tries, since, due_at)
             VALUES ({id}, 'ann', 'c', 9, 12, 12, 3, now(), now() + interval '1 hour')"
        ),
    )
    .await;
    assert_eq!(webhook::list_parked(pool, None, 2).await.unwrap().len(), 2);
    assert_eq!(webhook::retry_parked(pool, id).await.unwrap(), 4);
    assert_eq!(status(pool, id).await.parked, 0);
    assert_eq!(positions(pool, "waiting", "position").await, [5]);
    // An existing notification is extended backwards and counts as not delivered from there on.
    let notices: Vec<(String, i64, i64, i64, i32, bool)> = sqlx::query_as(
        "SELECT conversation, from_position, to_position, told_position, tries, due_at <= now()
         FROM hooks.notices ORDER BY 1",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    assert_eq!(
        notices,
        [
            ("c".to_owned(), 7, 12, 6, 0, true),
            ("d".to_owned(), 6, 6, 0, 0, true)
        ]
    );
    assert_eq!(webhook::retry_parked(pool, id).await.unwrap(), 0);
    database.close().await;
}

#[tokio::test]
async fn a_webhook_ahead_of_a_restored_log_is_rewound_to_its_head() {
    let database = database().await;
    let pool = &database.pool;
    let (id, _) = add(pool, &all_events(), None).await;
    execute(
        pool,
        &format!(
            "INSERT INTO hooks.waiting (webhook, position, lane, tries, due_at)
             VALUES ({id}, 60, '/a', 1, now()), ({id}, 61, '/a', 0, now())"
        ),
    )
    .await;
    webhook::rewind(pool, id, 60).await.unwrap();
    assert_eq!(status(pool, id).await.position, 60);
    assert_eq!(positions(pool, "waiting", "position").await, [60]);
    assert_eq!(positions(pool, "webhooks", "floor").await, [60]);
    database.close().await;
}

#[tokio::test]
async fn a_removed_webhook_takes_its_deliveries_with_it() {
    let database = database().await;
    let pool = &database.pool;
    let (id, _) = add(pool, &all_events(), None).await;
    let (other, _) = add(pool, &all_events(), None).await;
    for webhook in [id, other] {
        execute(
            pool,
            &format!(
                "INSERT INTO hooks.waiting (webhook, position, lane, tries, due_at)
                 VALUES ({webhook}, 1, '/a', 1, now());
                 INSERT INTO hooks.parked (webhook, position, lane, tries, error, parked_at)
                 VALUES ({webhook}, 2, '/a', 30, 'e', now());
                 INSERT INTO hooks.notices
                     (webhook, user_name, conversation, from_position, to_position, since, due_at)
                 VALUES ({webhook}, 'ann', 'c', 3, 3, now(), now())"
            ),
        )
        .await;
    }
    assert!(webhook::remove(pool, id).await.unwrap());
    assert!(!webhook::remove(pool, id).await.unwrap());
    for table in ["waiting", "parked", "notices"] {
        assert_eq!(positions(pool, table, "webhook").await, [other], "{table}");
    }
    let shown = status(pool, other).await;
    assert_eq!((shown.waiting, shown.parked), (2, 1));
    database.close().await;
}
