//! `tidings migrate`: migrates the database schema. The services also do this when they start.

use anyhow::Result;

use crate::config::Config;
use crate::database::Database;
use crate::service::pools;

/// Applies the missing migrations and prints the schema version.
pub async fn run(config: &Config) -> Result<()> {
    let database = Database::reach(config).await?;
    pools::migrated(&database.pool).await?;
    let newest = migrations::MIGRATOR
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0);
    println!("the database is at version {newest}");
    database.leave().await
}
