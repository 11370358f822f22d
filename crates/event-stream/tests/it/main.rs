//! Tests of the stream with a real Postgres and a real nats-server. The addresses come from the
//! environment: `make test` starts both.

// Test code: an unwrap is an assertion.
#![allow(clippy::unwrap_used)]

mod mirroring;
#[path = "../../../../event-log/tests/it/support.rs"]
#[allow(dead_code, reason = "shared with the tests of event-log")]
mod support;
