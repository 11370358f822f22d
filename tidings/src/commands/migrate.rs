//! `tidings migrate`: migrates the database schema. The services also do this when they start.

use anyhow::Result;

use crate::config::SystemConfig;
use crate::database::OperatorDatabase;
use crate::service::pools;

/// Applies the missing migrations and prints the schema version.
pub async fn run(config: &SystemConfig) -> Result<()> {
    let database = OperatorDatabase::open(config).await?;
    pools::migrate(&database.pool).await?;
    let newest = migrations::MIGRATOR
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0);
    println!("the database is at version {newest}");
    database.close().await
}
