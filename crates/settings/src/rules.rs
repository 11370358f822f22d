//! Options of the commands that set what administrators and moderators set for the whole system.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use domain::deployment::feature::Feature;

use super::parse::parse_feature;

/// The subcommands of `tidings switch`.
#[derive(Debug, Clone, Subcommand)]
pub enum SwitchCommand {
    /// Show which features are switched off.
    List,
    /// Switch a feature on.
    On {
        /// Feature, such as `search` or `typing`; `tidings switch list` has all of them.
        #[arg(value_parser = parse_feature)]
        feature: Feature,
    },
    /// Switch a feature off in every process, until it is switched on.
    Off {
        /// Feature, such as `search` or `typing`; `tidings switch list` has all of them.
        #[arg(value_parser = parse_feature)]
        feature: Feature,
        /// Reason, for the log and for other administrators.
        #[arg(long)]
        reason: String,
        /// Time at which it is on again by itself, such as `2026-11-01T09:30:00Z`.
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
    },
}

/// The subcommands of `tidings moderation`.
#[derive(Debug, Clone, Subcommand)]
pub enum ModerationCommand {
    /// Show the word lists, without their words.
    Lists,
    /// Set a word list from a file with one word on each line.
    SetList(SetListArgs),
    /// Remove a word list.
    RemoveList {
        /// Name of the list.
        name: String,
    },
    /// Show the legal holds.
    Holds,
    /// Show the open cases: what users have reported, and what the system has found.
    Cases {
        /// Show the closed ones too.
        #[arg(long)]
        all: bool,
    },
    /// Show a case, the messages around what it is about, and what happened in it.
    Case {
        /// Id of the case.
        id: String,
    },
    /// Do something about a case, and close it.
    Resolve(ResolveArgs),
    /// Undo what was done about a case, and open it again.
    Reopen {
        /// Id of the case.
        id: String,
    },
}

/// The options of `tidings moderation resolve`.
#[derive(Debug, Clone, Args)]
pub struct ResolveArgs {
    /// Id of the case.
    pub id: String,
    /// What to do.
    pub action: CaseActionArg,
    /// Time at which a silence or ban ends by itself, such as `2026-11-01T09:30:00Z`.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Reason, for other moderators.
    #[arg(long)]
    pub note: Option<String>,
}

/// What is done about a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CaseActionArg {
    /// Nothing.
    #[value(name = "none")]
    Nothing,
    /// The message is recalled.
    Recall,
    /// The user is silenced.
    Silence,
    /// The user is banned.
    Ban,
    /// A held message is sent.
    Release,
    /// A held message is refused.
    Refuse,
}

impl CaseActionArg {
    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Recall => "recall",
            Self::Silence => "silence",
            Self::Ban => "ban",
            Self::Release => "release",
            Self::Refuse => "refuse",
        }
    }
}

/// The options of `tidings moderation set-list`.
#[derive(Debug, Clone, Args)]
pub struct SetListArgs {
    /// Name of the list.
    pub name: String,
    /// File with one word on each line; blank lines and those that begin with # are skipped.
    pub file: PathBuf,
    /// What happens to a text with one of the words.
    #[arg(long)]
    pub action: ListAction,
    /// Match also within longer words.
    #[arg(long)]
    pub anywhere: bool,
}

/// What happens to a text with a listed word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListAction {
    /// It is refused.
    Refuse,
    /// Each character of the match is stored as `*`.
    Mask,
    /// It is stored, and a case is opened.
    Flag,
}

impl ListAction {
    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Mask => "mask",
            Self::Flag => "flag",
        }
    }
}
