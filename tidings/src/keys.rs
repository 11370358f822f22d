//! Which tokens are good here, and signing them where that can be done.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use http_edge::Auth;

use crate::config::AuthArgs;
use crate::data_dir::DataDir;
use crate::secret::Secret;
use crate::usage::Usage;

/// The environment variable with the shared secret.
pub const SECRET_VARIABLE: &str = "TIDINGS_AUTH_SECRET";

/// What tokens are verified with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys {
    /// A secret that the issuer shares: tokens can be signed here too.
    Shared(Secret),
    /// The text of a PEM file.
    PublicKey(String),
    /// The text of a JWKS file.
    Jwks(String),
}

impl Keys {
    /// As configured; else the data directory's own secret, which is made if there is none.
    pub fn configured(args: &AuthArgs, data: &DataDir) -> Result<Self> {
        Self::choose(
            args,
            std::env::var(SECRET_VARIABLE).ok().map(Secret::new),
            || data.secret(),
        )
    }

    /// A public key wins over a secret: whoever configures one does not want the other to count.
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

    /// What verifies tokens.
    pub fn auth(&self) -> Result<Auth> {
        let auth = match self {
            Self::Shared(secret) => Auth::hs256(secret.reveal().as_bytes()),
            Self::PublicKey(pem) => Auth::public_key_pem(pem.as_bytes()),
            Self::Jwks(json) => Auth::jwks(json.as_bytes()),
        };
        auth.map_err(|error| Usage(error.to_string()).into())
    }

    /// The secret to sign with. There is none where tokens are signed elsewhere.
    pub fn signing_secret(&self) -> Result<&Secret> {
        match self {
            Self::Shared(secret) => Ok(secret),
            _ => Err(Usage(
                "Tokens are signed elsewhere here: a public key is configured, and no secret."
                    .into(),
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
    fn the_environment_wins_over_the_data_directory() {
        let own = || Ok(Secret::new("own"));
        let given = Some(Secret::new("given"));
        assert_eq!(
            Keys::choose(&NONE, given, own).expect("chosen"),
            Keys::Shared(Secret::new("given"))
        );
        assert_eq!(
            Keys::choose(&NONE, None, own).expect("chosen"),
            Keys::Shared(Secret::new("own"))
        );
        let empty = Some(Secret::new(""));
        assert_eq!(
            Keys::choose(&NONE, empty, own).expect("chosen"),
            Keys::Shared(Secret::new("own"))
        );
    }

    #[test]
    fn a_public_key_wins_over_a_secret_and_signs_nothing() {
        let args = AuthArgs {
            auth_public_key: Some("/dev/null".into()),
            auth_jwks: None,
        };
        let keys = Keys::choose(&args, Some(Secret::new("given")), || Ok(Secret::new("own")))
            .expect("chosen");
        assert_eq!(keys, Keys::PublicKey(String::new()));
        assert!(
            keys.signing_secret()
                .expect_err("cannot sign")
                .is::<Usage>()
        );
    }

    #[test]
    fn a_short_secret_is_refused_without_being_shown() {
        let keys = Keys::Shared(Secret::new("short"));
        let Err(error) = keys.auth() else {
            panic!("a short secret was taken")
        };
        assert!(error.is::<Usage>());
        assert!(!error.to_string().contains("short\""), "{error}");
    }
}
