//! What is said of building read models and index again.

use clap::{Args, ValueEnum};

/// What `tidings rebuild` builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RebuildWhat {
    /// The tables that queries read, from the log.
    ReadModels,
    /// The search index, from those tables.
    Search,
    /// The tables that the last rebuild has kept, with what has come since: back to what was served before.
    Kept,
    /// The search index that the last rebuild of it has kept, with what has come since.
    KeptSearch,
    /// Nothing: drop what rebuilds have kept.
    DropKept,
}

/// `tidings rebuild`.
#[derive(Debug, Clone, Args)]
pub struct RebuildArgs {
    /// What.
    #[arg(default_value = "read-models")]
    pub what: RebuildWhat,
    /// Keep the tables that are replaced, for `tidings rebuild kept`, or the index, for `tidings rebuild kept-search`:
    /// until `tidings rebuild drop-kept` or the next rebuild.
    #[arg(long)]
    pub keep: bool,
    /// Events folded at once.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(i64).range(1..=100_000))]
    pub batch: i64,
}

/// `tidings verify`.
#[derive(Debug, Clone, Args)]
pub struct VerifyArgs {
    /// Events folded at once.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(i64).range(1..=100_000))]
    pub batch: i64,
    /// The search index instead, against one that is made of the read models.
    #[arg(long, conflicts_with = "batch")]
    pub search: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}
