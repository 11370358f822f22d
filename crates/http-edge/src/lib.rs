//! The HTTP edge that all Tidings services share, so that each service contains only its routes.
//!
//! In the order in which a request passes through:
//!
//! - [`config`]: every limit on a connection or a request.
//! - [`serve`](mod@serve): one accept loop. It limits connections, times out slow ones, and on
//!   shutdown answers every request that has arrived before it closes. [`tls`]: the certificate,
//!   if the port serves TLS.
//! - [`gate`]: the router behind the port, which responds with 503 until the service has started.
//! - [`middleware`]: one layer around every route. It adds request ids, panic handling, timeouts,
//!   metrics, rate limits, and a problem document for the errors that the router itself returns.
//!   `origins`: which pages may call. `known_parameters`: which query parameters there are.
//! - `context`: what the middleware attaches to a request, for the extractors.
//! - [`client_address`]: the address that a request comes from.
//! - [`rate_limit`]: how many commands one user may send. `concurrency`: how many requests of one
//!   user may be under way.
//! - [`auth`]: bearer tokens. [`auth::Caller`], [`auth::Moderator`] and
//!   [`auth::Admin`] are extractors.
//! - [`extract`]: bodies, queries and paths, parsed or rejected with a [`problem::Problem`].
//! - [`idempotency`]: the `Idempotency-Key` header.
//! - [`problem`]: the RFC 9457 document that describes every rejection and failure.
//! - [`retry_after`]: random retry delays, so that rejected clients do not return all at once.
//! - [`ops`]: `/livez`, `/readyz`, `/metrics`. [`docs`]: `/openapi.json` and `/docs`. [`schema`]:
//!   schemas that services share. `metric_descriptions`: what each metric means.
//!
//! When the HTTP parser itself rejects a request (the header block is too large, the request line
//! is invalid), hyper answers with a bare status and closes the connection, because there is no
//! request yet to answer with a document.

#![deny(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod auth;
pub mod client_address;
mod concurrency;
pub mod config;
mod context;
pub mod docs;
pub mod extract;
pub mod gate;
pub mod idempotency;
mod known_parameters;
mod metric_descriptions;
pub mod middleware;
pub mod ops;
mod origins;
pub mod problem;
pub mod rate_limit;
pub mod retry_after;
pub mod schema;
pub mod serve;
pub mod tls;

pub use auth::{Admin, Auth, Caller, Moderator};
pub use client_address::ClientAddress;
pub use concurrency::DEFAULT_REQUESTS_PER_USER;
pub use config::EdgeConfig;
pub use extract::{Json, LargeJson, Ndjson, OptionalJson, Path, Query, UploadBody};
pub use idempotency::{IdempotencyKey, IdempotencyParams};
pub use known_parameters::KnownParameters;
pub use middleware::apply_middleware;
pub use origins::{AllowedOrigins, Origin};
pub use problem::{FieldError, Problem};
pub use rate_limit::RateLimiter;
pub use serve::{serve, serve_tls};
