//! Access to the running system as an administrator: its address and an admin token.

use std::time::Duration;

use anyhow::{Context as _, Result};
use data_dir::{SecretString, UsageError};

use crate::config::SystemConfig;

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
    let running = config.data_dir().find_running()?.with_context(|| {
        format!(
            "no system is running on {}: start it with `tidings up`",
            config.data.display()
        )
    })?;
    Ok(running.base_url())
}

/// Signs an admin token with the configured secret, or that of the data directory.
pub fn sign_admin_token(config: &SystemConfig, user: &str) -> Result<SecretString> {
    let keys = config.load_token_keys()?;
    keys.signing_secret()
        .map_err(|error| UsageError(format!("{error} Pass an admin token with --token.")))?;
    keys.sign(user, "admin", ADMIN_TOKEN_TTL)
        .map(SecretString::new)
}
