//! `tidings status`: shows system status.
//!
//! [`collect`] queries Postgres, NATS and the file system; [`render`] formats the result as text.

pub mod collect;
pub mod render;

use anyhow::Result;

use crate::config::{StatusArgs, SystemConfig};

/// Prints the status. A stopped system is a valid result; a running one that cannot be queried is
/// an error.
pub async fn run(config: &SystemConfig, args: &StatusArgs) -> Result<()> {
    let status = collect::collect_status(config).await?;
    if args.json {
        println!("{}", serde_json::to_string(&status)?);
    } else {
        print!("{}", render::render_status(&status));
    }
    Ok(())
}
