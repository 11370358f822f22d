//! Access to the running system as an administrator: its address, what to trust there, and an admin
//! token.

use std::time::Duration;

use anyhow::{Context as _, Result};
use data_dir::{RunInfo, SecretString, UsageError};
use http_edge::tls::pinned;
use rustls::ClientConfig;
use settings::SystemConfig;

/// The lifetime of the token.
const ADMIN_TOKEN_TTL: Duration = Duration::from_secs(24 * 3600);

/// How commands of this machine reach the running system.
pub struct LocalAccess {
    /// Its base URL.
    pub url: String,
    /// If it serves HTTPS: trusts its certificate and nothing else, because the certificate was
    /// not issued for the local address.
    pub tls: Option<ClientConfig>,
}

/// Finds the process that runs on the data directory.
pub fn require_running(config: &SystemConfig) -> Result<RunInfo> {
    let data = config.data.display();
    config.data_dir().find_running()?.with_context(|| {
        format!("no system is running on {data}: start it with `tidings up --data {data}`")
    })
}

/// Finds how to reach the system that runs on the data directory.
pub fn find_running_system(config: &SystemConfig) -> Result<LocalAccess> {
    let running = require_running(config)?;
    let certificate = running.tls_cert.as_deref();
    Ok(LocalAccess {
        url: running.base_url(),
        tls: certificate.map(pinned::client_config).transpose()?,
    })
}

/// Signs an admin token with the configured secret, or that of the data directory.
pub fn sign_admin_token(config: &SystemConfig, user: &str) -> Result<SecretString> {
    let keys = config.load_existing_token_keys()?;
    keys.signing_secret()
        .map_err(|error| UsageError(format!("{error} Pass an admin token with --token.")))?;
    let policy = config.auth.policy();
    keys.sign(&policy, user, &policy.admin_scope, ADMIN_TOKEN_TTL)
        .map(SecretString::new)
}
