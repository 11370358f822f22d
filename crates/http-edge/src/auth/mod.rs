//! Authentication with bearer tokens (JWT), verified only with the configured keys.
//!
//! The algorithm comes from the key, never from the token: a token that names another algorithm is
//! rejected. Keys inside a token (`jwk`, `jku`, `x5u`, `x5c`) are ignored. Every invalid token gets
//! the same `401`.
//!
//! - `verifier`: [`Auth`], which verifies tokens and caches their callers.
//! - `claims`: verifies one token with the `keys`. `clock`: the leeway for its times.
//! - `caller`: [`Caller`] and [`Admin`], and where a request carries its token.
//! - `signing`: signs tokens. `error`: why a key cannot be used.

pub(crate) mod caller;
mod claims;
mod clock;
mod error;
mod keys;
mod signing;
mod verifier;

pub use caller::{Admin, Caller};
pub use clock::CLOCK_LEEWAY_SECONDS;
pub use error::{AuthError, MIN_SECRET_BYTES};
pub use signing::sign_hs256;
pub use verifier::Auth;
