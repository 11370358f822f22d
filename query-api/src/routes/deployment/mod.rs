//! What is set for the whole system, as administrators and moderators set it. Read from the log, so
//! that every answer has what was set before.
//!
//! - `rules_at_head`: reads it. `name_page`: pages of things with names.
//! - `switches`, `holds`, `word_lists`, `link_rules`, `flood_rules`, `hook`: the routes.

pub(super) mod flood_rules;
pub(super) mod holds;
pub(super) mod hook;
pub(super) mod link_rules;
mod name_page;
mod rules_at_head;
pub(super) mod switches;
pub(super) mod word_lists;
