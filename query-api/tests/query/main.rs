//! Tests of the queries against a real Postgres. The read tables are filled from a [`fixture_log`]:
//! a small reference model that computes by brute force what each user can see.

#![allow(clippy::unwrap_used, reason = "a test that cannot continue fails")]

mod cases;
mod clearing;
mod conversations;
mod dice;
mod events;
mod explanation;
mod failures;
mod fixture;
mod fixture_log;
mod history;
mod inbox;
mod insert;
mod messages;
mod model;
mod openapi;
mod parameters;
mod people;
mod plain_reads;
mod recipient_parts;
mod sessions;
mod sync;
mod unread;
mod visibility;
mod waiting;
