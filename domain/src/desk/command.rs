//! The commands of the desk aggregate.

use super::settings::DeskSettings;
use crate::ids::UserId;

/// A command to a desk.
#[derive(Debug, Clone)]
pub enum DeskCommand {
    /// Create the desk, or replace its settings.
    Set {
        /// All settings.
        settings: DeskSettings,
        /// The administrator.
        by: UserId,
    },
    /// Remove the desk.
    Remove {
        /// The administrator.
        by: UserId,
    },
}
