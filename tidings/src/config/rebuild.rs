//! Options of `tidings rebuild` and `tidings verify`.

use clap::{Args, ValueEnum};

/// The target of `tidings rebuild`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RebuildTarget {
    /// Rebuild the read models from the log.
    ReadModels,
    /// Rebuild the search index from the read models.
    Search,
    /// Restore the read models that the last rebuild replaced, and catch them up.
    #[value(name = "kept")]
    RestoreReadModels,
    /// Restore the search index that the last rebuild replaced, and catch it up.
    #[value(name = "kept-search")]
    RestoreSearch,
    /// Drop the replaced read models and search index; rebuild nothing.
    #[value(name = "drop-kept")]
    DropReplaced,
}

/// The options of `tidings rebuild`.
#[derive(Debug, Clone, Args)]
pub struct RebuildArgs {
    /// What to rebuild, restore or drop.
    #[arg(value_name = "WHAT", default_value = "read-models")]
    pub target: RebuildTarget,
    /// Keep the replaced tables or index, so that `rebuild kept` or `rebuild kept-search` can
    /// restore them until `rebuild drop-kept` or the next rebuild.
    #[arg(long)]
    pub keep: bool,
    /// Number of events per batch.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(i64).range(1..=100_000))]
    pub batch: i64,
}

/// The options of `tidings verify`.
#[derive(Debug, Clone, Args)]
pub struct VerifyArgs {
    /// Number of events per batch.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(i64).range(1..=100_000))]
    pub batch: i64,
    /// Verify the search index instead, against one built from the read models.
    #[arg(long, conflicts_with = "batch")]
    pub search: bool,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}
