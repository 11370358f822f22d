//! `tidings token USER`: prints a token. The system of the data directory need not be running.

use anyhow::Result;
use domain::ids::UserId;

use crate::config::{SystemConfig, TokenArgs};
use crate::data_dir::DataDir;
use crate::token_keys::TokenKeys;
use crate::usage_error::UsageError;

/// Prints the token, and nothing else.
pub fn run(config: &SystemConfig, args: &TokenArgs) -> Result<()> {
    let user = UserId::parse(&args.user).map_err(|error| UsageError(error.to_string()))?;
    if args.ttl.as_secs() == 0 {
        return Err(UsageError("--ttl must be at least one second".into()).into());
    }
    let keys = TokenKeys::load(&config.auth, &DataDir::new(&config.data))?;
    let secret = keys.signing_secret()?;
    let token = http_edge::auth::sign_hs256(
        secret.reveal().as_bytes(),
        user.as_str(),
        &args.scope,
        args.ttl,
    );
    println!("{}", token.map_err(|error| UsageError(error.to_string()))?);
    Ok(())
}
