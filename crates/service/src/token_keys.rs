//! Rereads the keys of tokens when their files change, and on SIGHUP.
//!
//! The files are polled, like those of a TLS certificate: a poll that compares contents sees every
//! way of replacing a file. Keys that cannot be used leave the old ones in use.

use std::time::Duration;

use accounts_api::TokenIssuer;
use anyhow::{Context as _, Result};
use data_dir::{DataDir, TokenKeyFiles, TokenKeys};
use http_edge::Auth;
use http_edge::auth::TokenPolicy;
use settings::SystemConfig;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How often the files are compared.
const RELOAD_INTERVAL: Duration = Duration::from_secs(2);

/// Rereads the keys until `shutdown`. SIGHUP, which would otherwise end the process, rereads them
/// at once.
pub async fn run(mut reload: TokenKeyReload, shutdown: CancellationToken) -> Result<()> {
    let mut hangup = signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?;
    let mut round = tokio::time::interval(RELOAD_INTERVAL);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            _ = round.tick() => {}
            _ = hangup.recv() => tracing::info!("SIGHUP: rereading the keys of tokens"),
        }
        let step = move || {
            reload.step();
            reload
        };
        reload = tokio::task::spawn_blocking(step).await?;
    }
}

/// The keys in use, and where they come from.
pub struct TokenKeyReload {
    files: TokenKeyFiles,
    data: DataDir,
    policy: TokenPolicy,
    auth: Auth,
    /// Has the keys in use.
    issuer: TokenIssuer,
    /// What the last warning was, so that it is not repeated.
    warning: Option<String>,
}

impl TokenKeyReload {
    /// For a process that starts with these keys and their verifier.
    pub fn new(config: &SystemConfig, issuer: TokenIssuer, auth: Auth) -> Self {
        Self {
            files: config.token_key_files(),
            data: config.data_dir(),
            policy: config.auth.policy(),
            auth,
            issuer,
            warning: None,
        }
    }

    /// Compares the files with the keys in use, and uses new ones.
    fn step(&mut self) {
        match self.replace_if_changed() {
            Ok(()) => self.warning = None,
            Err(error) => {
                let warning = format!("{error:#}");
                if self.warning.as_ref() != Some(&warning) {
                    tracing::warn!(
                        error = warning,
                        "the new keys of tokens cannot be used; the ones in use stay"
                    );
                    self.warning = Some(warning);
                }
            }
        }
    }

    fn replace_if_changed(&mut self) -> Result<()> {
        let keys = TokenKeys::load_existing(&self.files, &self.data)?;
        let keys = keys.context("the secret of the data directory is gone")?;
        if keys == self.issuer.keys() {
            return Ok(());
        }
        let auth = keys.to_auth(self.policy.clone())?;
        self.auth.replace(&auth);
        self.issuer.replace_keys(keys);
        tracing::info!("the keys of tokens were reloaded");
        Ok(())
    }
}
