//! `tidings migrate`: migrates the database schema. The services also do this when they start.

use anyhow::Result;
use data_dir::{OperatorDatabase, postgres, with_new_database};
use settings::SystemConfig;

use crate::output::outln;

/// Applies the missing migrations and prints the schema version.
pub async fn run(config: &SystemConfig) -> Result<()> {
    let newest = migrations::newest_version();
    with_new_database(
        config.server_options(),
        async |database: &OperatorDatabase| {
            postgres::migrate_once(&database.pool).await?;
            outln!("the database is at version {newest}")?;
            Ok(())
        },
    )
    .await
}
