//! Tests of the edge from the point of view of a client: over a socket where the exact bytes
//! matter, otherwise through the router.

#![allow(clippy::unwrap_used, missing_docs)]

mod ask;
mod auth;
mod client;
mod json;
mod keys;
mod operations;
mod overload;
mod rates;
mod router;
mod service;
mod shutdown;
mod slow;
mod wire;
