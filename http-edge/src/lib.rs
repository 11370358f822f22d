//! What every HTTP service of Tidings needs, so that the services hold nothing but their routes.
//!
//! In the order that a request meets it:
//!
//! - [`config`]: every number that bounds a connection or a request.
//! - [`serve`]: one accept loop. Limits connections, times out slow ones, and on shutdown answers
//!   every request that has arrived before it closes.
//! - [`harden`]: one layer round every route: request ids, panics, timeouts, metrics, rate limits,
//!   and a problem document for whatever the router answers by itself.
//! - [`limit`]: how many commands one user may send.
//! - [`auth`]: who is calling. [`auth::Caller`] and [`auth::Admin`] are extractors.
//! - [`extract`]: bodies, queries and paths, parsed or refused with a [`problem::Problem`].
//! - [`idempotency`]: the `Idempotency-Key` header.
//! - [`problem`]: the one shape of every refusal and failure (RFC 9457).
//! - [`retry`]: when those come back who were turned away.
//! - [`ops`]: `/livez`, `/readyz`, `/metrics`. [`docs`]: `/openapi.json` and `/docs`.
//!
//! A refusal by the HTTP parser itself (a header block that is too large, a request line that is
//! none) is answered by hyper with a bare status and a closed connection: there is no request yet
//! that could be answered with a document.

#![deny(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod auth;
pub mod config;
pub mod docs;
pub mod extract;
pub mod harden;
pub mod idempotency;
pub mod limit;
pub mod ops;
pub mod problem;
pub mod retry;
pub mod serve;

pub use auth::{Admin, Auth, Caller};
pub use config::EdgeConfig;
pub use extract::{Json, Ndjson, Path, Query};
pub use harden::harden;
pub use idempotency::IdempotencyKey;
pub use limit::Limiter;
pub use problem::{FieldError, Problem};
pub use serve::serve;
