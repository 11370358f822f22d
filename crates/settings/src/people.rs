//! The options about people.

use clap::{Args, ValueEnum};
use query_api::Directory;

/// Who can see whom.
#[derive(Debug, Clone, Args)]
pub struct PeopleArgs {
    /// Who can see whose profile: everybody (`open`), or users who share a conversation (`shared`).
    #[arg(
        long,
        global = true,
        env = "TIDINGS_DIRECTORY",
        value_name = "open|shared",
        default_value = "shared"
    )]
    pub directory: DirectoryArg,
}

/// Who can see whose profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DirectoryArg {
    /// Everybody sees everybody.
    Open,
    /// Users see those with whom they share a conversation.
    Shared,
}

impl From<DirectoryArg> for Directory {
    fn from(directory: DirectoryArg) -> Self {
        match directory {
            DirectoryArg::Open => Self::Open,
            DirectoryArg::Shared => Self::Shared,
        }
    }
}
