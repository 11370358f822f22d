//! The commands to the deployment: what administrators and moderators set for the whole system.
//!
//! - `handler`: executes any of them. `name`: parses the names in paths.
//! - `feature_switch`, `holds`, `word_lists`, `link_rules`, `flood_rules`, `hook`: the routes.

pub(crate) mod feature_switch;
pub(crate) mod flood_rules;
mod handler;
pub(crate) mod holds;
pub(crate) mod hook;
pub(crate) mod link_rules;
mod name;
pub(crate) mod word_lists;
