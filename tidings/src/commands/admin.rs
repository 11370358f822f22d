//! Access to the running system as an administrator: its address and an admin token.

use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::config::SystemConfig;
use crate::data_dir::DataDir;
use crate::secret::SecretString;
use crate::token_keys::TokenKeys;
use crate::usage_error::UsageError;

/// The lifetime of the token.
const ADMIN_TOKEN_TTL: Duration = Duration::from_secs(24 * 3600);

/// The address of the system that runs on the data directory, and an admin token for `user`.
pub fn admin_access(config: &SystemConfig, user: &str) -> Result<(String, SecretString)> {
    Ok((
        find_running_address(config)?,
        sign_admin_token(config, user)?,
    ))
}

/// The address of the system that runs on the data directory.
pub fn find_running_address(config: &SystemConfig) -> Result<String> {
    let running = DataDir::new(&config.data)
        .find_running()?
        .with_context(|| {
            format!(
                "no system is running on {}: start it with `tidings up`",
                config.data.display()
            )
        })?;
    Ok(running.base_url())
}

/// Signs an admin token with the configured secret, or that of the data directory.
pub fn sign_admin_token(config: &SystemConfig, user: &str) -> Result<SecretString> {
    let keys = TokenKeys::load(&config.auth, &DataDir::new(&config.data))?;
    let secret = keys
        .signing_secret()
        .map_err(|error| UsageError(format!("{error} Pass an admin token with --token.")))?;
    let secret = secret.reveal().as_bytes();
    Ok(SecretString::new(http_edge::auth::sign_hs256(
        secret,
        user,
        "admin",
        ADMIN_TOKEN_TTL,
    )?))
}
