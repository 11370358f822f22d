//! What answers a sync that finds nothing new.

use clap::ValueEnum;
use query_api::IdleFeedMode;

/// What answers a sync that finds nothing new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum IdleSyncsArg {
    /// Memory, where it can know.
    Memory,
    /// The database, always.
    Database,
    /// The database, and what memory would have answered is compared with it.
    Verify,
}

impl From<IdleSyncsArg> for IdleFeedMode {
    fn from(answer: IdleSyncsArg) -> Self {
        match answer {
            IdleSyncsArg::Memory => Self::Memory,
            IdleSyncsArg::Database => Self::Database,
            IdleSyncsArg::Verify => Self::Verify,
        }
    }
}
