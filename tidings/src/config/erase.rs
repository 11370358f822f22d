//! What is said of erasing on the command line.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::duration;

/// `tidings erase`.
#[derive(Debug, Clone, Subcommand)]
pub enum EraseCommand {
    /// Erase one message: its body, earlier versions of it, and whom it mentions.
    Message {
        /// The conversation.
        conversation: String,
        /// Which of its messages.
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        seq: i64,
        /// How to tell of it.
        #[command(flatten)]
        told: ToldArgs,
    },
    /// Erase all messages of a conversation, and its titles.
    Conversation {
        /// Which.
        conversation: String,
        /// How to tell of it.
        #[command(flatten)]
        told: ToldArgs,
    },
    /// Erase all messages that a user has sent, wherever. The user's id stays where it is.
    User {
        /// Who.
        user: String,
        /// How to tell of it.
        #[command(flatten)]
        told: ToldArgs,
    },
    /// Write everything anew that may still have erased content on a disk: log, read models, search index and
    /// write-ahead log, while they serve.
    Files {
        /// How to tell of it.
        #[command(flatten)]
        told: ToldArgs,
    },
    /// Show which events were erased, and how far that is.
    Show {
        /// Only by events from this position on.
        #[arg(long, value_name = "POSITION", default_value_t = 1)]
        from: i64,
        /// How to tell of it.
        #[command(flatten)]
        told: ToldArgs,
    },
}

/// How to tell of it.
#[derive(Debug, Clone, Copy, Args)]
pub struct ToldArgs {
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// How old messages may become.
#[derive(Debug, Clone, Args)]
pub struct RetentionArgs {
    /// Erase messages of direct conversations when they are this old [default: keep them for ever].
    #[arg(long, global = true, env = "TIDINGS_RETAIN_DIRECT", value_name = "DURATION", value_parser = duration)]
    pub retain_direct: Option<Duration>,
    /// Erase messages of groups when they are this old [default: keep them for ever].
    #[arg(long, global = true, env = "TIDINGS_RETAIN_GROUPS", value_name = "DURATION", value_parser = duration)]
    pub retain_groups: Option<Duration>,
}

/// `tidings export-user`.
#[derive(Debug, Clone, Args)]
pub struct ExportUserArgs {
    /// Who.
    pub user: String,
    /// Write to this file, which must not exist [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub out: Option<std::path::PathBuf>,
}
