//! Options of `tidings analytics`.

use clap::Subcommand;

/// The subcommands of `tidings analytics`.
#[derive(Debug, Clone, Subcommand)]
pub enum AnalyticsCommand {
    /// Let a role of Postgres read the views, and create it if there is none.
    Grant {
        /// Name of the role.
        user: String,
    },
    /// Take the views from a role of Postgres. The role stays.
    Revoke {
        /// Name of the role.
        user: String,
    },
}
