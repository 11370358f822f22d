//! Authentication with bearer tokens (JWT), verified only with the configured keys.
//!
//! The algorithm comes from the key, never from the token: a token that names another algorithm is
//! rejected. Keys inside a token (`jwk`, `jku`, `x5u`, `x5c`) are ignored.
//!
//! - `verifier`: [`Auth`], which verifies tokens and caches their callers.
//! - `claims`: verifies one token with the `keys` and the [`TokenPolicy`]. `clock`: the leeway for
//!   its times. `refusal`: why a token is refused.
//! - `access`: what is decided about users after their tokens were issued. `scopes`: what a token
//!   opens. `acting`: a service that acts for a user.
//! - `caller_watch`: ends connections whose caller may no longer call.
//! - `caller`: [`Caller`], [`Moderator`] and [`Admin`], and where a request carries its token.
//! - [`KeyRefetch`]: how a token with an unknown key asks for keys from an address.
//! - `signing`: signs tokens. `error`: why a key cannot be used.

mod access;
pub(crate) mod acting;
pub(crate) mod caller;
mod caller_watch;
mod claims;
mod clock;
mod error;
mod keys;
mod policy;
mod refetch;
pub(crate) mod refusal;
mod scopes;
mod signing;
mod verifier;

pub use access::AccessCheck;
pub use caller::{Actor, Admin, Caller, LIVE_SUBPROTOCOL, Moderator, accepts_event_stream};
pub use caller_watch::CallerWatch;
pub use clock::CLOCK_LEEWAY_SECONDS;
pub use error::{AuthError, MIN_SECRET_BYTES};
pub use policy::TokenPolicy;
pub use refetch::KeyRefetch;
pub use scopes::{MODERATOR_SCOPE, SERVICE_SCOPE, Scopes};
pub use signing::{sign_at, sign_for_policy, sign_hs256};
pub use verifier::Auth;
