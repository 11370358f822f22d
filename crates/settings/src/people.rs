//! The options about people.

use clap::{Args, ValueEnum};
use domain::profile::settings::Consent;
use query_api::Directory;

/// Who can see whom, and who may add whom to groups.
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

    /// Who may add users to groups who have not chosen that: everybody (`anyone`), or only their
    /// contacts (`contacts`), and others invite them.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_GROUPS_FROM",
        value_name = "anyone|contacts",
        default_value = "anyone"
    )]
    pub groups_from: ConsentArg,
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

/// Who may do something with a user without being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ConsentArg {
    /// Everybody.
    Anyone,
    /// Only the user's contacts.
    Contacts,
}

impl From<ConsentArg> for Consent {
    fn from(consent: ConsentArg) -> Self {
        match consent {
            ConsentArg::Anyone => Self::Anyone,
            ConsentArg::Contacts => Self::Contacts,
        }
    }
}
