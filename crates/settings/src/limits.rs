//! The limits of the domain rules.

use std::time::Duration;

use clap::Args;

use super::parse::parse_duration;

/// The configurable limits of the domain rules. The other documented limits are fixed.
#[derive(Debug, Clone, Args)]
pub struct LimitArgs {
    /// How long after sending authors can recall their messages.
    #[arg(long, global = true, env = "TIDINGS_RECALL_WINDOW", value_name = "DURATION", default_value = "24h",
        value_parser = parse_duration)]
    pub recall_window: Duration,

    /// Maximum number of members of a group.
    #[arg(long, global = true, env = "TIDINGS_MAX_MEMBERS", value_name = "N", default_value_t = 100_000,
        value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    pub max_members: u32,

    /// Maximum size of a message body in bytes, as JSON.
    #[arg(long, global = true, env = "TIDINGS_MAX_BODY", value_name = "BYTES", default_value_t = 65_536,
        value_parser = clap::value_parser!(u32).range(64..=196_608))]
    pub max_body: u32,

    /// Lag of the read models from which live frames are shed: typing, at twice the lag presence,
    /// at three times receipts.
    #[arg(long, global = true, env = "TIDINGS_SHED_LAG", value_name = "DURATION", default_value = "5s",
        value_parser = parse_duration)]
    pub shed_lag: Duration,
}
