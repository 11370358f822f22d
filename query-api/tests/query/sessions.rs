//! What the sessions of queries set for themselves, whatever the database says.

use query_api::{STATEMENT_TIMEOUT, session_options};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _};

use crate::fixture::QueryFixture;
use crate::fixture_log::FixtureLog;

async fn setting(options: &PgConnectOptions, name: &str) -> String {
    let mut session = options.connect().await.unwrap();
    sqlx::query_scalar(&format!("SHOW {name}"))
        .fetch_one(&mut session)
        .await
        .unwrap()
}

#[tokio::test]
async fn queries_are_read_only_and_not_compiled_even_if_the_database_says_otherwise() {
    // Given a database that compiles statements by default,
    let fixture = QueryFixture::new(&FixtureLog::random(7, 1, 5)).await;
    let change = "DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I SET jit = on', current_database());
    END $$";
    fixture.admin_pool.execute(change).await.unwrap();
    let ordinary = (*fixture.admin_pool.connect_options()).clone();
    assert_eq!(setting(&ordinary, "jit").await, "on");
    // when a session for queries begins, then it compiles nothing and changes nothing.
    let options = session_options(ordinary, STATEMENT_TIMEOUT);
    assert_eq!(setting(&options, "jit").await, "off");
    assert_eq!(
        setting(&options, "default_transaction_read_only").await,
        "on"
    );
}
