//! Tests of the event log with a real Postgres and a real nats-server. The addresses come from the
//! environment: `make test` starts both.

// Test code: an unwrap is an assertion.
#![allow(clippy::unwrap_used, clippy::similar_names)]

mod appending;
mod mirroring;
mod reading;
mod support;
mod writers;
