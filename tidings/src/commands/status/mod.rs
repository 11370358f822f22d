//! `tidings status`: shows system status.
//!
//! [`collect`] queries Postgres, NATS and the file system; [`render`] formats the result as text.

pub mod look;
pub mod show;

use anyhow::Result;

use crate::config::{Config, StatusArgs};

/// Prints the status. A stopped system is a valid result; a running one that cannot be queried is
/// an error.
pub async fn run(config: &Config, args: &StatusArgs) -> Result<()> {
    let status = look::at(config).await?;
    if args.json {
        println!("{}", serde_json::to_string(&status)?);
    } else {
        print!("{}", show::text(&status));
    }
    Ok(())
}
