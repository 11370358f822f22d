//! Which users exist, and what conversations are called, by the read models.

use std::collections::{BTreeSet, HashMap};

use anyhow::Result;
use data_dir::{OperatorDatabase, with_migrated_database};
use embedded_servers::ServerOptions;
use sqlx::PgPool;

/// The number of names that one query asks for.
const NAMES_PER_QUERY: usize = 10_000;

/// How many users the events have named that are projected so far in this database.
pub async fn count_users(options: ServerOptions) -> Result<i64> {
    with_migrated_database(options, async |database: &OperatorDatabase| {
        let count = sqlx::query_scalar("SELECT users FROM read.checkpoint");
        Ok(count.fetch_one(&database.pool).await?)
    })
    .await
}

/// Those of the users who are among the first `count` in this database, sorted.
pub async fn find_first_users(
    options: ServerOptions,
    users: &BTreeSet<String>,
    count: i64,
) -> Result<Vec<String>> {
    with_migrated_database(options, async |database: &OperatorDatabase| {
        Ok(find_among_first(&database.pool, users, count).await?)
    })
    .await
}

/// Those of the users whom an event has named, sorted.
pub async fn find_existing_users(
    pool: &PgPool,
    users: &BTreeSet<String>,
) -> Result<Vec<String>, sqlx::Error> {
    find_among_first(pool, users, i64::MAX).await
}

async fn find_among_first(
    pool: &PgPool,
    users: &BTreeSet<String>,
    count: i64,
) -> Result<Vec<String>, sqlx::Error> {
    let users: Vec<&String> = users.iter().collect();
    let mut found = Vec::new();
    for part in users.chunks(NAMES_PER_QUERY) {
        // Users are numbered in the order in which events name them.
        let names: Vec<String> =
            sqlx::query_scalar("SELECT name FROM read.users WHERE name = ANY($1) AND id <= $2")
                .bind(part)
                .bind(count)
                .fetch_all(pool)
                .await?;
        found.extend(names);
    }
    found.sort();
    Ok(found)
}

/// The titles of conversations, by their ids. Those without a title are left out.
pub async fn load_titles(
    pool: &PgPool,
    conversations: &[&str],
) -> Result<HashMap<String, String>, sqlx::Error> {
    let titles: Vec<(String, String)> = sqlx::query_as(
        "SELECT name, title FROM read.conversations WHERE name = ANY($1) AND title IS NOT NULL",
    )
    .bind(conversations)
    .fetch_all(pool)
    .await?;
    Ok(titles.into_iter().collect())
}
