//! Tests of the event log with a real Postgres. Its address comes from the environment: `make test`
//! starts it.

// Test code: an unwrap is an assertion.
#![allow(clippy::unwrap_used, clippy::similar_names)]

mod appending;
mod following;
mod reading;
mod support;
mod user_filter;
mod writers;
