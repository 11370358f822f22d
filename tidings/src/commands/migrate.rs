//! `tidings migrate`: migrates the database schema. The services also do this when they start.

use anyhow::Result;
use data_dir::{OperatorDatabase, with_migrated_database};

use crate::config::SystemConfig;
use crate::output::outln;

/// Applies the missing migrations and prints the schema version.
pub async fn run(config: &SystemConfig) -> Result<()> {
    let newest = migrations::newest_version();
    with_migrated_database(config.server_options(), async |_: &OperatorDatabase| {
        outln!("the database is at version {newest}")?;
        Ok(())
    })
    .await
}
