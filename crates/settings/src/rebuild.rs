//! Options of `tidings rebuild` and `tidings verify`.

use clap::{Args, ValueEnum};

use super::confirm::ConfirmArgs;

/// What `tidings rebuild` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RebuildAction {
    /// Replace the read models.
    ReadModels(RebuildSource),
    /// Replace the search index.
    SearchIndex(RebuildSource),
    /// Delete the kept versions of both.
    DiscardKept,
}

/// What a rebuild starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RebuildSource {
    /// The beginning of the log, or an interrupted rebuild.
    Scratch,
    /// The kept version.
    Kept,
}

/// The target of `tidings rebuild`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RebuildTarget {
    /// The read models, from the log.
    ReadModels,
    /// The search index, from the read models.
    Search,
    /// The old spelling of `rebuild --restore`.
    #[value(name = "kept", hide = true)]
    KeptReadModels,
    /// The old spelling of `rebuild --restore --search`.
    #[value(name = "kept-search", hide = true)]
    KeptSearch,
    /// The old spelling of `rebuild --discard-kept`.
    #[value(name = "drop-kept", hide = true)]
    DropKept,
}

/// The options of `tidings rebuild`.
#[derive(Debug, Clone, Args)]
#[allow(clippy::struct_excessive_bools, reason = "one flag per option")]
pub struct RebuildArgs {
    /// What to rebuild or restore.
    #[arg(value_name = "WHAT", default_value = "read-models")]
    target: RebuildTarget,
    /// Rebuild or restore the search index; the same as WHAT `search`.
    #[arg(long, conflicts_with = "target")]
    search: bool,
    /// Keep the version that is replaced, so that --restore can bring it back. It stays until the
    /// next rebuild of its kind or --discard-kept.
    #[arg(long)]
    pub keep: bool,
    /// Restore the kept version: catch it up with the log, compare it with the served one, and
    /// serve it again.
    #[arg(long)]
    restore: bool,
    /// Delete the kept read models and the kept search index. Rebuilds nothing.
    #[arg(long, conflicts_with_all = ["target", "search", "keep", "restore", "batch"])]
    discard_kept: bool,
    /// How --discard-kept is confirmed.
    #[command(flatten)]
    pub confirm: ConfirmArgs,
    /// Number of events per batch.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(i64).range(1..=100_000))]
    pub batch: i64,
}

impl RebuildArgs {
    /// What the options request together.
    pub fn action(&self) -> RebuildAction {
        let source = if self.restore {
            RebuildSource::Kept
        } else {
            RebuildSource::Scratch
        };
        match self.target {
            _ if self.discard_kept => RebuildAction::DiscardKept,
            _ if self.search => RebuildAction::SearchIndex(source),
            RebuildTarget::ReadModels => RebuildAction::ReadModels(source),
            RebuildTarget::Search => RebuildAction::SearchIndex(source),
            RebuildTarget::KeptReadModels => RebuildAction::ReadModels(RebuildSource::Kept),
            RebuildTarget::KeptSearch => RebuildAction::SearchIndex(RebuildSource::Kept),
            RebuildTarget::DropKept => RebuildAction::DiscardKept,
        }
    }
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
    /// Verify the store of uploaded files instead: name those that are missing, damaged or
    /// orphaned.
    #[arg(long, conflicts_with_all = ["batch", "search"])]
    pub files: bool,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}
