//! Options of the commands that erase or export user data.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::confirm::ConfirmArgs;
use super::parse::parse_duration;

/// The subcommands of `tidings erase`.
#[derive(Debug, Clone, Subcommand)]
pub enum EraseCommand {
    /// Erase one message: its body, its earlier versions and its mentions.
    Message {
        /// Id of the conversation.
        conversation: String,
        /// Sequence number of the message in the conversation.
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        seq: i64,
        /// How it is confirmed.
        #[command(flatten)]
        confirm: ConfirmArgs,
        /// Output options.
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Erase all messages and titles of a conversation.
    Conversation {
        /// Id of the conversation.
        conversation: String,
        /// How it is confirmed.
        #[command(flatten)]
        confirm: ConfirmArgs,
        /// Output options.
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Erase all messages that a user has sent, in every conversation. The user id itself remains.
    User {
        /// Id of the user.
        user: String,
        /// How it is confirmed.
        #[command(flatten)]
        confirm: ConfirmArgs,
        /// Output options.
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Rewrite, online, every file that may still contain erased data: log, read models, search
    /// index and write-ahead log.
    Files {
        /// Output options.
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Show which events were erased, and how far the erasure has progressed.
    Show {
        /// First position of the erasure events to show.
        #[arg(long, value_name = "POSITION", default_value_t = 1)]
        from: i64,
        /// Output options.
        #[command(flatten)]
        output: OutputArgs,
    },
}

/// Output options.
#[derive(Debug, Clone, Copy, Args)]
pub struct OutputArgs {
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// How long messages are retained.
#[derive(Debug, Clone, Args)]
pub struct RetentionArgs {
    /// Erase messages of direct conversations once they reach this age [default: never].
    #[arg(long, global = true, env = "TIDINGS_RETAIN_DIRECT", value_name = "DURATION", value_parser = parse_duration)]
    pub retain_direct: Option<Duration>,
    /// Erase messages of groups once they reach this age [default: never].
    #[arg(long, global = true, env = "TIDINGS_RETAIN_GROUPS", value_name = "DURATION", value_parser = parse_duration)]
    pub retain_groups: Option<Duration>,
}

/// The options of `tidings export-user`.
#[derive(Debug, Clone, Args)]
pub struct ExportUserArgs {
    /// Id of the user.
    pub user: String,
    /// Output file, which must not exist yet [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub out: Option<std::path::PathBuf>,
}
