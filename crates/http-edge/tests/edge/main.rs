//! Tests of the edge from the point of view of a client: over a socket where the exact bytes
//! matter, otherwise through the router.

#![allow(clippy::unwrap_used, missing_docs)]

mod auth;
mod json;
mod keys;
mod operations;
mod overload;
mod rate_limits;
mod raw_client;
mod raw_requests;
mod requests;
mod router;
mod shutdown;
mod slow_clients;
mod test_service;
mod tls;
mod token_policy;
