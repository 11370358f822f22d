//! `tidings analytics`: who can read the views for analysts.

use anyhow::Result;
use data_dir::{AnalystRole, OperatorDatabase, with_migrated_database};
use settings::{AnalyticsCommand, SystemConfig};

use crate::output::{out, outln};

/// Runs the subcommand on the database.
pub async fn run(config: &SystemConfig, command: AnalyticsCommand) -> Result<()> {
    let work = async |database: &OperatorDatabase| {
        let analysts = AnalystRole::new(&database.pool, &database.url);
        match &command {
            AnalyticsCommand::Grant { user } => grant(&analysts, user).await,
            AnalyticsCommand::Revoke { user } if analysts.revoke(user).await? => {
                Ok(outln!("{user} can no longer read the views")?)
            }
            AnalyticsCommand::Revoke { user } => Ok(outln!("{user} could not read the views")?),
        }
    };
    with_migrated_database(config.server_options(), work).await
}

async fn grant(analysts: &AnalystRole<'_>, user: &str) -> Result<()> {
    let login = analysts.grant(user).await?;
    outln!("{user} can read the views of schema analytics")?;
    match login {
        Some(login) => Ok(out!("{}", login.describe())?),
        None => Ok(()),
    }
}
