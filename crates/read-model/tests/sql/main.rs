//! The visibility and unread rules against a real Postgres, with rows made by hand.

#![allow(clippy::unwrap_used, reason = "a test that cannot continue fails")]

mod fixture;
mod random;
mod unread;
mod visibility;
