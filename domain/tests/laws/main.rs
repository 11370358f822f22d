//! Property tests on random sequences of commands: replay and snapshots give the same state,
//! decisions never break an invariant, and the state agrees with a simple reference model.

// With `Option<Option<_>>` a command distinguishes "keep it" from "remove it".
#![allow(clippy::unwrap_used, clippy::option_option)]

mod harness;
mod reference_model;
mod strategies;

mod case;
mod conversation;
mod mailbox;
mod profile;
mod read_mark;
mod session;
mod time;

use proptest::test_runner::Config;

/// The proptest configuration: this many random cases per property. A failing case is shrunk and
/// printed, not stored in a file.
pub fn proptest_config(cases: u32) -> Config {
    Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    }
}
