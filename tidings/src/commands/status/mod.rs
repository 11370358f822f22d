//! `tidings status`: one screen that says how the system is.
//!
//! [`look`] asks Postgres, NATS and the file system; [`show`] prints what they said.

pub mod look;
pub mod show;

use anyhow::Result;

use crate::config::{Config, StatusArgs};

/// Prints it. A system that is stopped is a result too; one that cannot be asked is a failure.
pub async fn run(config: &Config, args: &StatusArgs) -> Result<()> {
    let status = look::at(config).await?;
    if args.json {
        println!("{}", serde_json::to_string(&status)?);
    } else {
        print!("{}", show::text(&status));
    }
    Ok(())
}
