//! Access to the running system as an administrator: its address and an admin token.

use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::config::Config;
use crate::data_dir::DataDir;
use crate::keys::Keys;
use crate::secret::Secret;
use crate::usage::Usage;

/// The lifetime of the token.
const TOKEN_TTL: Duration = Duration::from_secs(24 * 3600);

/// The address of the system that runs on the data directory, and an admin token for `user`.
pub fn running(config: &Config, user: &str) -> Result<(String, Secret)> {
    Ok((address(config)?, token(config, user)?))
}

/// The address of the system that runs on the data directory.
pub fn address(config: &Config) -> Result<String> {
    let running = DataDir::at(&config.data).running()?.with_context(|| {
        format!(
            "no system is running on {}: start it with `tidings up`",
            config.data.display()
        )
    })?;
    Ok(running.base_url())
}

/// Signs an admin token with the configured secret, or that of the data directory.
pub fn token(config: &Config, user: &str) -> Result<Secret> {
    let keys = Keys::configured(&config.auth, &DataDir::at(&config.data))?;
    let secret = keys
        .signing_secret()
        .map_err(|error| Usage(format!("{error} Pass an admin token with --token.")))?;
    let secret = secret.reveal().as_bytes();
    Ok(Secret::new(http_edge::auth::sign_hs256(
        secret, user, "admin", TOKEN_TTL,
    )?))
}
