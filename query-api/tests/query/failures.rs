//! Tests of the queries while Postgres is unavailable.

use std::time::Duration;

use query_api::session_options;
use sqlx::postgres::PgPoolOptions;
use tokio_util::sync::CancellationToken;

use crate::fixture::{
    QueryFixture, edge_router, postgres_server, send_request, start_queries, token,
};
use crate::fixture_log::FixtureLog;

const ROUTES: [&str; 7] = [
    "/v1/inbox",
    "/v1/inbox/unread",
    "/v1/inbox/entries",
    "/v1/conversations/room",
    "/v1/conversations/room/messages",
    "/v1/outbox",
    "/v1/events",
];

async fn assert_all_unavailable(pool: sqlx::PgPool, queries: &[&str]) {
    let shutdown = CancellationToken::new();
    let _stop = shutdown.clone().drop_guard();
    let state = start_queries(pool, Duration::from_millis(100), shutdown).await;
    let router = edge_router(state);
    let authorization = format!("Bearer {}", token("ana", "admin"));
    for route in queries {
        let answer = send_request(&router, Some(&authorization), route).await;
        assert!(answer.headers.contains_key("retry-after"), "{route}");
        answer.expect_problem(503, "unavailable");
    }
}

#[tokio::test]
async fn without_postgres_every_query_is_503() {
    // Nothing listens on port 1.
    let unreachable = postgres_server().host("127.0.0.1").port(1);
    let pool = PgPoolOptions::new()
        .acquire_timeout(Duration::from_millis(100))
        .connect_lazy_with(unreachable);
    assert_all_unavailable(pool, &ROUTES).await;
}

#[tokio::test]
async fn without_a_free_connection_every_query_is_503() {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_millis(50))
        .connect_lazy_with(postgres_server());
    let _only_connection = pool.acquire().await.unwrap();
    assert_all_unavailable(pool.clone(), &ROUTES).await;
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_503() {
    let mut log = FixtureLog::new(10);
    log.create_group("room", "all", &["ana"]);
    let fixture = QueryFixture::new(&log).await;
    let database: String = sqlx::query_scalar("SELECT current_database()")
        .fetch_one(&fixture.admin_pool)
        .await
        .unwrap();
    let pool = PgPoolOptions::new().connect_lazy_with(session_options(
        postgres_server().database(&database),
        Duration::from_millis(100),
    ));
    let mut locked = fixture.admin_pool.begin().await.unwrap();
    sqlx::raw_sql("LOCK TABLE read.checkpoint IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *locked)
        .await
        .unwrap();
    let read_model_routes = &ROUTES[..ROUTES.len() - 1];
    assert_all_unavailable(pool, read_model_routes).await;
    locked.rollback().await.unwrap();
    fixture.get("ana", "/v1/inbox").await.expect_ok();
}

#[tokio::test]
async fn a_session_cannot_write() {
    let pool = PgPoolOptions::new()
        .connect_lazy_with(session_options(postgres_server(), Duration::from_secs(5)));
    assert!(
        sqlx::raw_sql("CREATE TABLE query_api_was_here ()")
            .execute(&pool)
            .await
            .is_err()
    );
}
