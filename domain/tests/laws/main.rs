//! Laws that hold for every story, checked on random ones: replay and snapshots give the same
//! state, decisions never break an invariant, and the states agree with a naive reading of the log.

// `Option<Option<_>>` is how a command tells "leave it" from "remove it".
#![allow(clippy::unwrap_used, clippy::option_option)]

mod asks;
mod naive;
mod world;

mod conversation;
mod mailbox;
mod read_mark;

use proptest::test_runner::Config;

/// So many random stories a law; a failing one is shrunk and printed, not kept in a file.
pub fn stories(cases: u32) -> Config {
    Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    }
}
