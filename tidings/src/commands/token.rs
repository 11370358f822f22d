//! `tidings token USER`: prints a token. The system of the data directory need not be running.

use anyhow::Result;
use data_dir::UsageError;
use domain::ids::UserId;

use crate::config::{SystemConfig, TokenArgs};

/// Prints the token, and nothing else.
pub fn run(config: &SystemConfig, args: &TokenArgs) -> Result<()> {
    let user = UserId::parse(&args.user).map_err(|error| UsageError(error.to_string()))?;
    if args.ttl.as_secs() == 0 {
        return Err(UsageError("--ttl must be at least one second".into()).into());
    }
    let keys = config.load_token_keys()?;
    println!("{}", keys.sign(user.as_str(), &args.scope, args.ttl)?);
    Ok(())
}
