//! The running system, and a token that opens it to an administrator.

use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::config::Config;
use crate::data_dir::DataDir;
use crate::keys::Keys;
use crate::secret::Secret;
use crate::usage::Usage;

/// How long the token is good.
const TOKEN_TTL: Duration = Duration::from_secs(24 * 3600);

/// The address of the system that runs on the data directory, and a token for `user`.
pub fn running(config: &Config, user: &str) -> Result<(String, Secret)> {
    Ok((address(config)?, token(config, user)?))
}

/// The address of the system that runs on the data directory.
pub fn address(config: &Config) -> Result<String> {
    let running = DataDir::at(&config.data).running()?.with_context(|| {
        format!(
            "nothing runs on {}: start it with `tidings up`",
            config.data.display()
        )
    })?;
    Ok(running.base_url())
}

/// An administrator's token, signed with the data directory's secret.
pub fn token(config: &Config, user: &str) -> Result<Secret> {
    let keys = Keys::configured(&config.auth, &DataDir::at(&config.data))?;
    let secret = keys
        .signing_secret()
        .map_err(|error| Usage(format!("{error} Give an admin's token with --token.")))?;
    let secret = secret.reveal().as_bytes();
    Ok(Secret::new(http_edge::auth::sign_hs256(
        secret, user, "admin", TOKEN_TTL,
    )?))
}
