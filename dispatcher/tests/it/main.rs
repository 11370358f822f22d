//! The operators' commands on webhooks against a real Postgres.

#![allow(clippy::unwrap_used, reason = "a test that cannot continue fails")]

mod webhooks;
