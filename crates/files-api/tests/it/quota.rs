//! What becomes of reservations of which nobody knows whether they were made.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::system::{TestSystem, YEAR_2100};

const ALMOST_AN_HOUR: Duration = Duration::from_secs(3_599);

async fn announce(system: &TestSystem, size: u64) -> (u16, Value) {
    let file = json!({ "name": "a", "type": "text/plain", "size": size });
    let body = ("application/json", file.to_string().into_bytes());
    system
        .call(("ann", ""), Method::POST, "/v1/files", body)
        .await
}

async fn execute(system: &TestSystem, sql: &str) {
    let executed = sqlx::raw_sql(sql).execute(&system.database.pool).await;
    executed.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Notes a reservation of ann when the clock began.
async fn note_reservation(system: &TestSystem, id: &str, size: i64) {
    let noted = format!(
        "INSERT INTO files.reservations (id, uploader, size, noted_at)
         VALUES ('{id}', 'ann', {size}, to_timestamp({}))",
        YEAR_2100 / 1_000
    );
    execute(system, &noted).await;
}

async fn count_reservations(system: &TestSystem) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM files.reservations")
        .fetch_one(&system.database.pool)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reservation_that_was_never_made_counts_for_an_hour() {
    let system = TestSystem::start_with_quota("lost", Some(1_000)).await;
    assert_eq!(announce(&system, 300).await.0, 201);
    // A process has ended between its note and its event.
    note_reservation(&system, "019ad2c5-7a31-7c1e-9f6e-2f0f3d1c9b5a", 700).await;
    for _ in 0..2 {
        let (status, problem) = announce(&system, 1).await;
        assert_eq!(
            (status, &problem["code"]),
            (422, &json!("quota")),
            "{problem}"
        );
        system.step().await;
        assert_eq!(count_reservations(&system).await, 1);
        system.advance(ALMOST_AN_HOUR);
    }
    system.step().await;
    assert_eq!(count_reservations(&system).await, 0);
    assert_eq!(announce(&system, 700).await.0, 201);
    assert_eq!(announce(&system, 1).await.0, 422);
    system.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reservation_whose_answer_was_lost_counts_once() {
    let system = TestSystem::start_with_quota("unknown", Some(1_000)).await;
    let (status, answer) = announce(&system, 600).await;
    assert_eq!(status, 201, "{answer}");
    // The process has ended before it noted the position; the read model has the file.
    execute(&system, "UPDATE files.reservations SET position = NULL").await;
    system.step().await;
    assert_eq!(count_reservations(&system).await, 0);
    assert_eq!(announce(&system, 400).await.0, 201);
    // It was deleted before anybody saw it in the read model.
    note_reservation(&system, answer["id"].as_str().unwrap(), 600).await;
    let path = format!("/v1/files/{}", answer["id"].as_str().unwrap());
    let none = ("application/json", Vec::new());
    let (status, _) = system.call(("ann", ""), Method::DELETE, &path, none).await;
    assert_eq!(status, 200);
    system.step().await;
    assert_eq!(announce(&system, 1).await.0, 422);
    system.advance(ALMOST_AN_HOUR + Duration::from_secs(1));
    system.step().await;
    assert_eq!(announce(&system, 600).await.0, 201);
    system.close().await;
}
