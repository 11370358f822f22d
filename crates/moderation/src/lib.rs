//! What administrators and moderators have set for the whole system, as every process applies it:
//! switches, word lists, rules for links and the hook. Pure: no clock, no database, no network.
//!
//! In the order in which data passes through it:
//!
//! - [`deployment_rules`]: folds the events of the deployment into [`DeploymentRules`].
//! - [`fold`]: maps texts that people read as equal to one form, and matches in it back to the
//!   original text.
//! - [`word_matcher`]: finds the words of all lists in one pass. [`links`]: finds hosts.
//! - [`flood`]: finds users who send many near-equal texts.
//! - [`log_fold`]: what is done for moderators because of the events of the log.
//! - [`rulebook`]: the compiled rules, which answer questions. [`live_rulebook`]: the one that
//!   counts now, shared by the tasks of a process.

#![deny(missing_docs)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a test that cannot continue fails")
)]

pub mod deployment_rules;
pub mod flood;
pub mod fold;
pub mod links;
pub mod live_rulebook;
pub mod log_fold;
pub mod rulebook;
pub mod word_matcher;

pub use deployment_rules::{ActiveHook, DeploymentRules, FeatureSwitch, PlacedHold, WordList};
pub use live_rulebook::LiveRulebook;
pub use log_fold::{FlagAct, HoldAct, ModerationAct, ModerationFold, NeededEvents};
pub use rulebook::{Rulebook, Screening};
