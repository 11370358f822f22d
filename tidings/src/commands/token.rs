//! `tidings token USER`: prints a token. The system of the data directory need not be running.

use anyhow::Result;
use data_dir::UsageError;
use domain::ids::UserId;
use settings::{SystemConfig, TokenArgs};

use crate::output::outln;

/// Prints the token, and nothing else.
pub fn run(config: &SystemConfig, args: &TokenArgs) -> Result<()> {
    let user = UserId::parse(&args.user).map_err(|error| UsageError(error.to_string()))?;
    if args.ttl.as_secs() == 0 {
        return Err(UsageError("--ttl must be at least one second".into()).into());
    }
    let keys = config.load_existing_token_keys()?;
    let policy = config.auth.policy();
    let token = keys.sign(&policy, user.as_str(), &args.scope, args.ttl)?;
    outln!("{token}")?;
    for note in args.describe_unknown_scopes(&policy.admin_scope) {
        eprintln!("tidings: {note}");
    }
    Ok(())
}
