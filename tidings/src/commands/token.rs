//! `tidings token USER`: prints a token. The system of the data directory need not be running.

use anyhow::Result;
use domain::ids::UserId;

use crate::config::{Config, TokenArgs};
use crate::data_dir::DataDir;
use crate::keys::Keys;
use crate::usage::Usage;

/// Prints the token, and nothing else.
pub fn run(config: &Config, args: &TokenArgs) -> Result<()> {
    let user = UserId::parse(&args.user).map_err(|error| Usage(error.to_string()))?;
    if args.ttl.as_secs() == 0 {
        return Err(Usage("--ttl must be at least one second".into()).into());
    }
    let keys = Keys::configured(&config.auth, &DataDir::at(&config.data))?;
    let secret = keys.signing_secret()?;
    let token = http_edge::auth::sign_hs256(
        secret.reveal().as_bytes(),
        user.as_str(),
        &args.scope,
        args.ttl,
    );
    println!("{}", token.map_err(|error| Usage(error.to_string()))?);
    Ok(())
}
