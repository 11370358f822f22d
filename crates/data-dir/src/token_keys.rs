//! The keys that verify tokens and, for a shared secret, sign them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use http_edge::Auth;
use http_edge::auth::{TokenPolicy, sign_for_policy};

use crate::directory::DataDir;
use crate::secret::SecretString;
use crate::usage_error::UsageError;

/// The environment variable that holds the shared secret.
pub const AUTH_SECRET_VARIABLE: &str = "TIDINGS_AUTH_SECRET";

/// Where configured public keys are.
#[derive(Debug, Clone, Default)]
pub struct TokenKeyFiles {
    /// A PEM file with a public key.
    pub public_key: Option<PathBuf>,
    /// A JWKS file.
    pub jwks: Option<PathBuf>,
    /// The address of a JWKS document.
    pub jwks_url: Option<String>,
}

impl TokenKeyFiles {
    /// Whether a key is configured, here or as a secret of the environment. Otherwise the secret of
    /// the data directory is used.
    pub fn is_key_configured(&self) -> bool {
        self.has_public_keys() || configured_secret().is_some()
    }

    fn has_public_keys(&self) -> bool {
        self.public_key.is_some() || self.jwks.is_some() || self.jwks_url.is_some()
    }
}

/// The key material that tokens are verified with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenKeys {
    /// A secret shared with the issuer. Tidings can sign tokens with it too.
    Shared(SecretString),
    /// The contents of a PEM file with a public key.
    PublicKey(String),
    /// The contents of a JWKS file.
    Jwks(String),
    /// The address of a JWKS document, which only a running service fetches.
    JwksUrl(String),
}

impl TokenKeys {
    /// Loads the configured keys. Without any, uses the secret of the data directory, and creates
    /// it if it does not exist.
    pub fn load(files: &TokenKeyFiles, data: &DataDir) -> Result<Self> {
        Self::choose(files, configured_secret(), || data.load_or_create_secret())
    }

    /// Loads the configured keys, or the secret of the data directory. `None` if there are none.
    pub fn load_existing(files: &TokenKeyFiles, data: &DataDir) -> Result<Option<Self>> {
        let stored = data.load_secret()?;
        let is_configured = files.has_public_keys();
        let secret = configured_secret().or(stored);
        if !is_configured && secret.is_none() {
            return Ok(None);
        }
        Self::choose(files, secret, || data.load_or_create_secret()).map(Some)
    }

    /// A public key takes precedence over a secret: an operator who configures one expects tokens
    /// signed with the other to be rejected.
    fn choose(
        files: &TokenKeyFiles,
        secret: Option<SecretString>,
        own: impl FnOnce() -> Result<SecretString>,
    ) -> Result<Self> {
        if let Some(file) = &files.public_key {
            return Ok(Self::PublicKey(read_key_file(file)?));
        }
        if let Some(file) = &files.jwks {
            return Ok(Self::Jwks(read_key_file(file)?));
        }
        if let Some(url) = &files.jwks_url {
            return Ok(Self::JwksUrl(url.clone()));
        }
        match secret.filter(|secret| !secret.reveal().is_empty()) {
            Some(secret) => Ok(Self::Shared(secret)),
            None => Ok(Self::Shared(own()?)),
        }
    }

    /// Builds the verifier of tokens. It accepts none where the keys are still to be fetched.
    pub fn to_auth(&self, policy: TokenPolicy) -> Result<Auth> {
        let auth = match self {
            Self::Shared(secret) => Auth::hs256(secret.reveal().as_bytes()),
            Self::PublicKey(pem) => Auth::public_key_pem(pem.as_bytes()),
            Self::Jwks(json) => Auth::jwks(json.as_bytes()),
            Self::JwksUrl(_) => Ok(Auth::without_keys()),
        };
        let auth = auth.map_err(|error| UsageError(error.to_string()))?;
        Ok(auth.with_policy(policy))
    }

    /// Signs a token that is valid for `ttl` and satisfies the policy. The scope may be empty.
    /// Returns a [`UsageError`] if only public keys are configured, or if the secret is too short.
    pub fn sign(
        &self,
        policy: &TokenPolicy,
        user: &str,
        scope: &str,
        ttl: Duration,
    ) -> Result<String> {
        let secret = self.signing_secret()?.reveal().as_bytes();
        sign_for_policy(secret, policy, user, scope, ttl)
            .map_err(|error| UsageError(error.to_string()).into())
    }

    /// Returns the signing secret. Returns a [`UsageError`] if only public keys are configured.
    pub fn signing_secret(&self) -> Result<&SecretString> {
        match self {
            Self::Shared(secret) => Ok(secret),
            _ => Err(UsageError(
                "Cannot sign a token: a public key is configured instead of a secret.".into(),
            )
            .into()),
        }
    }
}

/// The secret of the environment, unless it is empty.
fn configured_secret() -> Option<SecretString> {
    let secret = std::env::var(AUTH_SECRET_VARIABLE).ok();
    secret
        .map(SecretString::new)
        .filter(|secret| !secret.reveal().is_empty())
}

fn read_key_file(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_KEY_FILES: TokenKeyFiles = TokenKeyFiles {
        public_key: None,
        jwks: None,
        jwks_url: None,
    };

    #[test]
    fn the_environment_takes_precedence_over_the_data_directory() {
        let own = || Ok(SecretString::new("own"));
        let given = Some(SecretString::new("given"));
        assert_eq!(
            TokenKeys::choose(&NO_KEY_FILES, given, own).expect("keys are chosen"),
            TokenKeys::Shared(SecretString::new("given"))
        );
        assert_eq!(
            TokenKeys::choose(&NO_KEY_FILES, None, own).expect("keys are chosen"),
            TokenKeys::Shared(SecretString::new("own"))
        );
        let empty = Some(SecretString::new(""));
        assert_eq!(
            TokenKeys::choose(&NO_KEY_FILES, empty, own).expect("keys are chosen"),
            TokenKeys::Shared(SecretString::new("own"))
        );
    }

    #[test]
    fn a_public_key_takes_precedence_over_a_secret_and_cannot_sign() {
        let files = TokenKeyFiles {
            public_key: Some("/dev/null".into()),
            ..NO_KEY_FILES
        };
        let keys = TokenKeys::choose(&files, Some(SecretString::new("given")), || {
            Ok(SecretString::new("own"))
        })
        .expect("keys are chosen");
        assert_eq!(keys, TokenKeys::PublicKey(String::new()));
        assert!(
            keys.signing_secret()
                .expect_err("cannot sign")
                .is::<UsageError>()
        );
    }

    #[test]
    fn a_short_secret_is_rejected_and_not_shown() {
        let keys = TokenKeys::Shared(SecretString::new("short"));
        let Err(error) = keys.to_auth(TokenPolicy::default()) else {
            panic!("a short secret was accepted")
        };
        assert!(error.is::<UsageError>());
        assert!(!error.to_string().contains("short\""), "{error}");
    }
}
