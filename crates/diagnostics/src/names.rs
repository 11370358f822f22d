//! Which users exist, and what conversations are called, by the read models.

use std::collections::{BTreeSet, HashMap};

use sqlx::PgPool;

/// The number of names that one query asks for.
const NAMES_PER_QUERY: usize = 10_000;

/// Those of the users whom an event has named, sorted.
pub async fn find_existing_users(
    pool: &PgPool,
    users: &BTreeSet<String>,
) -> Result<Vec<String>, sqlx::Error> {
    let users: Vec<&String> = users.iter().collect();
    let mut found = Vec::new();
    for part in users.chunks(NAMES_PER_QUERY) {
        let names: Vec<String> =
            sqlx::query_scalar("SELECT name FROM read.users WHERE name = ANY($1)")
                .bind(part)
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
