//! The views for analysts: what they document, and who can read them.

#![allow(clippy::unwrap_used, reason = "a test that cannot continue fails")]

use sqlx::postgres::PgPoolOptions;
use sqlx::{ConnectOptions as _, Executor as _};
use test_database::TestDatabase;

/// The views that the API contract names.
const VIEWS: [&str; 10] = [
    "conversations",
    "daily_active",
    "delivery",
    "members",
    "messages",
    "reactions",
    "reads",
    "reply_times",
    "service_sessions",
    "users",
];

async fn texts(database: &TestDatabase, sql: &str) -> Vec<String> {
    sqlx::query_scalar(sql)
        .fetch_all(&database.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn every_view_and_column_has_a_comment_and_every_view_a_position() {
    let database = TestDatabase::migrated("analytics").await;
    let relations = "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace";
    let views = format!(
        "SELECT c.relname::text FROM {relations} WHERE n.nspname = 'analytics' AND c.relkind = 'v'
         ORDER BY 1"
    );
    let views = texts(&database, &views).await;
    for view in VIEWS {
        assert!(views.iter().any(|found| found == view), "{view}: {views:?}");
    }
    let columns = format!(
        "SELECT format('%s.%s', c.relname, a.attname) FROM {relations}
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         WHERE n.nspname = 'analytics'"
    );
    let all = texts(&database, &columns).await;
    assert!(all.len() > 60, "{all:?}");
    for view in &views {
        let position = format!("{view}.position");
        assert!(all.contains(&position), "{position} is missing");
    }
    let uncommented = texts(
        &database,
        &format!("{columns} AND coalesce(col_description(c.oid, a.attnum), '') = ''"),
    )
    .await;
    assert!(uncommented.is_empty(), "no comment: {uncommented:?}");
    let views = "SELECT c.relname::text FROM pg_class c
        WHERE c.relnamespace = 'analytics'::regnamespace AND obj_description(c.oid) IS NULL";
    assert_eq!(texts(&database, views).await, [""; 0]);
    database.close().await;
}

/// A user of a managed Postgres may not create roles. Others create it, or `tidings analytics`.
#[tokio::test]
async fn a_user_who_may_not_create_roles_can_migrate() {
    let database = TestDatabase::empty("analytics").await;
    let role = format!("migrator_{}", std::process::id());
    let name: String = sqlx::query_scalar("SELECT current_database()::text")
        .fetch_one(&database.pool)
        .await
        .unwrap();
    for statement in [
        format!("CREATE ROLE {role}"),
        format!("GRANT CREATE ON DATABASE {name} TO {role}"),
        format!("GRANT ALL ON SCHEMA public TO {role}"),
    ] {
        database.pool.execute(statement.as_str()).await.unwrap();
    }
    let become_role = format!("SET SESSION AUTHORIZATION {role}");
    let options = database.pool.connect_options().as_ref().clone();
    let pool = PgPoolOptions::new()
        .max_connections(2)
        .after_connect(move |connection, _| {
            let become_role = become_role.clone();
            Box::pin(async move {
                connection.execute(become_role.as_str()).await?;
                Ok(())
            })
        })
        .connect_with(options.disable_statement_logging())
        .await
        .unwrap();
    migrations::apply(&pool).await.unwrap();
    pool.close().await;
    let views = "SELECT count(*)::text FROM pg_views WHERE schemaname = 'analytics'";
    assert_eq!(texts(&database, views).await, [VIEWS.len().to_string()]);
    for statement in [
        format!("DROP OWNED BY {role} CASCADE"),
        format!("DROP ROLE {role}"),
    ] {
        database.pool.execute(statement.as_str()).await.unwrap();
    }
    database.close().await;
}
