//! The keys that verify tokens and, for a shared secret, sign them.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use http_edge::Auth;

use crate::config::AuthArgs;
use crate::data_dir::DataDir;
use crate::secret::Secret;
use crate::usage::Usage;

/// The environment variable that holds the shared secret.
pub const SECRET_VARIABLE: &str = "TIDINGS_AUTH_SECRET";

/// The key material that tokens are verified with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys {
    /// A secret shared with the issuer. Tidings can sign tokens with it too.
    Shared(Secret),
    /// The contents of a PEM file with a public key.
    PublicKey(String),
    /// The contents of a JWKS file.
    Jwks(String),
}

impl Keys {
    /// Loads the configured keys. Without any, uses the secret of the data directory, and creates
    /// it if it does not exist.
    pub fn configured(args: &AuthArgs, data: &DataDir) -> Result<Self> {
        Self::choose(
            args,
            std::env::var(SECRET_VARIABLE).ok().map(Secret::new),
            || data.secret(),
        )
    }

    /// A public key takes precedence over a secret: an operator who configures one expects tokens
    /// signed with the other to be rejected.
    fn choose(
        args: &AuthArgs,
        secret: Option<Secret>,
        own: impl FnOnce() -> Result<Secret>,
    ) -> Result<Self> {
        if let Some(file) = &args.auth_public_key {
            return Ok(Self::PublicKey(read(file)?));
        }
        if let Some(file) = &args.auth_jwks {
            return Ok(Self::Jwks(read(file)?));
        }
        match secret.filter(|secret| !secret.reveal().is_empty()) {
            Some(secret) => Ok(Self::Shared(secret)),
            None => Ok(Self::Shared(own()?)),
        }
    }

    /// Builds the verifier of tokens.
    pub fn auth(&self) -> Result<Auth> {
        let auth = match self {
            Self::Shared(secret) => Auth::hs256(secret.reveal().as_bytes()),
            Self::PublicKey(pem) => Auth::public_key_pem(pem.as_bytes()),
            Self::Jwks(json) => Auth::jwks(json.as_bytes()),
        };
        auth.map_err(|error| Usage(error.to_string()).into())
    }

    /// Returns the signing secret. Returns a [`UsageError`] if only public keys are configured.
    pub fn signing_secret(&self) -> Result<&Secret> {
        match self {
            Self::Shared(secret) => Ok(secret),
            _ => Err(Usage(
                "Cannot sign a token: a public key is configured instead of a secret.".into(),
            )
            .into()),
        }
    }
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: AuthArgs = AuthArgs {
        auth_public_key: None,
        auth_jwks: None,
    };

    #[test]
    fn the_environment_takes_precedence_over_the_data_directory() {
        let own = || Ok(Secret::new("own"));
        let given = Some(Secret::new("given"));
        assert_eq!(
            Keys::choose(&NONE, given, own).expect("keys are chosen"),
            Keys::Shared(Secret::new("given"))
        );
        assert_eq!(
            Keys::choose(&NONE, None, own).expect("keys are chosen"),
            Keys::Shared(Secret::new("own"))
        );
        let empty = Some(Secret::new(""));
        assert_eq!(
            Keys::choose(&NONE, empty, own).expect("keys are chosen"),
            Keys::Shared(Secret::new("own"))
        );
    }

    #[test]
    fn a_public_key_takes_precedence_over_a_secret_and_cannot_sign() {
        let args = AuthArgs {
            auth_public_key: Some("/dev/null".into()),
            auth_jwks: None,
        };
        let keys = Keys::choose(&args, Some(Secret::new("given")), || Ok(Secret::new("own")))
            .expect("keys are chosen");
        assert_eq!(keys, Keys::PublicKey(String::new()));
        assert!(
            keys.signing_secret()
                .expect_err("cannot sign")
                .is::<Usage>()
        );
    }

    #[test]
    fn a_short_secret_is_rejected_and_not_shown() {
        let keys = Keys::Shared(Secret::new("short"));
        let Err(error) = keys.auth() else {
            panic!("a short secret was accepted")
        };
        assert!(error.is::<Usage>());
        assert!(!error.to_string().contains("short\""), "{error}");
    }
}
