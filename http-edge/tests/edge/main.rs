//! The edge as a client sees it: over a socket where the bytes matter, else through the router.

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
