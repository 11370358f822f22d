//! Options of `tidings user`.

use clap::{Args, Subcommand, ValueEnum};

use super::confirm::ConfirmArgs;
use super::erase::OutputArgs;

/// The subcommands of `tidings user`.
#[derive(Debug, Clone, Subcommand)]
pub enum UserCommand {
    /// Show what is decided and known about a user.
    Show {
        /// Id of the user.
        user: String,
        /// Output options.
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Change the profile of a user, or say what kind of user it is.
    Set(UserSetArgs),
    /// Refuse all calls of a user, and close their live connections. Their messages stay.
    Deactivate {
        /// Id of the user.
        user: String,
        /// How it is confirmed.
        #[command(flatten)]
        confirm: ConfirmArgs,
    },
    /// Accept the calls of a deactivated user again.
    Reactivate {
        /// Id of the user.
        user: String,
    },
    /// Refuse all tokens of a user that were issued up to now, and close their live connections.
    Revoke {
        /// Id of the user.
        user: String,
    },
    /// Silence or ban a user everywhere.
    Restrict(UserRestrictArgs),
    /// Lift the restriction of a user.
    Lift {
        /// Id of the user.
        user: String,
    },
}

/// The options of `tidings user restrict`.
#[derive(Debug, Clone, Args)]
pub struct UserRestrictArgs {
    /// Id of the user.
    pub user: String,
    /// What the user may not do: write, or anything.
    pub kind: RestrictionKindArg,
    /// Why, in 1 to 500 characters.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Time at which it ends by itself: RFC 3339, such as 2030-01-01T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
}

/// What a restricted user may not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RestrictionKindArg {
    /// The user can read, but not write.
    Silenced,
    /// Every call of the user is refused.
    Banned,
}

impl RestrictionKindArg {
    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Silenced => "silenced",
            Self::Banned => "banned",
        }
    }
}

/// The options of `tidings user set`. An empty text removes the value.
#[derive(Debug, Clone, Args)]
#[command(group = clap::ArgGroup::new("values").required(true).multiple(true))]
pub struct UserSetArgs {
    /// Id of the user.
    pub user: String,
    /// Name that others see.
    #[arg(long, group = "values", value_name = "NAME")]
    pub display_name: Option<String>,
    /// Picture: an https URL, or the id of a file of the user.
    #[arg(long, group = "values", value_name = "PICTURE")]
    pub avatar: Option<String>,
    /// What the user says about themselves.
    #[arg(long, group = "values", value_name = "TEXT")]
    pub about: Option<String>,
    /// Language: a BCP 47 tag.
    #[arg(long, group = "values", value_name = "TAG")]
    pub locale: Option<String>,
    /// What kind of user it is.
    #[arg(long, group = "values")]
    pub kind: Option<UserKindArg>,
}

/// What kind of user it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UserKindArg {
    /// A person.
    User,
    /// A program.
    Bot,
    /// The deployment itself.
    System,
}

impl UserKindArg {
    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Bot => "bot",
            Self::System => "system",
        }
    }
}
