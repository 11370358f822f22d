//! Options of the commands that answer questions about one message or about unread counts, and of
//! loading an export.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use data_dir::UsageError;
use domain::hex::from_hex;
use domain::ids::{ConversationId, UserId};
use domain::time::Timestamp;
use projector::{UnreadGrouping, UnreadHistoryOptions, UnreadInterval};

use super::parse::parse_time;

/// The options of `tidings trace`.
#[derive(Debug, Clone, Args)]
pub struct TraceArgs {
    /// Conversation of the message.
    #[arg(value_parser = parse_conversation)]
    pub conversation: ConversationId,
    /// Number of the message in its conversation.
    #[arg(value_parser = clap::value_parser!(i64).range(1..))]
    pub seq: i64,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// The options of `tidings explain`.
#[derive(Debug, Clone, Args)]
pub struct ExplainArgs {
    /// User who sees the message or not.
    #[arg(value_parser = parse_user)]
    pub user: UserId,
    /// Conversation of the message.
    #[arg(value_parser = parse_conversation)]
    pub conversation: ConversationId,
    /// Number of the message in its conversation.
    #[arg(value_parser = clap::value_parser!(i64).range(1..))]
    pub seq: i64,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// The options of `tidings log load`.
#[derive(Debug, Clone, Args)]
pub struct LogLoadArgs {
    /// Directory of the export, in JSON Lines or Parquet, from the beginning of the log.
    #[arg(value_name = "EXPORT")]
    pub export: PathBuf,
    /// Leave the seals out: the new system seals all events with its own key.
    #[arg(long)]
    pub without_seals: bool,
    /// Public keys that are trusted to seal the export, in hexadecimal digits [default: any].
    #[arg(long, value_name = "HEX", value_delimiter = ',', value_parser = parse_public_key,
        conflicts_with = "without_seals")]
    pub public_key: Vec<[u8; 32]>,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// The options of `tidings log unread`.
#[derive(Debug, Clone, Args)]
pub struct LogUnreadArgs {
    /// How often the counts are printed.
    #[arg(long, value_name = "INTERVAL", default_value = "day")]
    pub every: UnreadIntervalArg,
    /// What the counts are summed over.
    #[arg(long, value_name = "GROUP", default_value = "all")]
    pub by: UnreadGroupingArg,
    /// Count only for this user.
    #[arg(long, value_name = "USER", value_parser = parse_user)]
    pub user: Option<UserId>,
    /// Count only in this conversation.
    #[arg(long, value_name = "ID", value_parser = parse_conversation)]
    pub conversation: Option<ConversationId>,
    /// Print from the interval of this time or day on.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub since: Option<Timestamp>,
    /// Count only events before this time, or before this day begins in UTC.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub until: Option<Timestamp>,
    /// Print one JSON object per line.
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print comma-separated values with a header line.
    #[arg(long)]
    pub csv: bool,
}

/// How often unread counts are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UnreadIntervalArg {
    /// At the end of every day (UTC).
    Day,
    /// At the end of every hour.
    Hour,
}

/// What unread counts are summed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UnreadGroupingArg {
    /// Everything.
    All,
    /// Each user.
    User,
    /// Each conversation.
    Conversation,
}

impl LogUnreadArgs {
    /// The selection of counts.
    pub fn to_options(&self) -> UnreadHistoryOptions {
        UnreadHistoryOptions {
            interval: match self.every {
                UnreadIntervalArg::Day => UnreadInterval::Day,
                UnreadIntervalArg::Hour => UnreadInterval::Hour,
            },
            grouping: match self.by {
                UnreadGroupingArg::All => UnreadGrouping::All,
                UnreadGroupingArg::User => UnreadGrouping::User,
                UnreadGroupingArg::Conversation => UnreadGrouping::Conversation,
            },
            user: self.user.clone(),
            conversation: self.conversation.clone(),
            since: self.since,
            until: self.until,
        }
    }
}

fn parse_user(text: &str) -> Result<UserId, UsageError> {
    UserId::parse(text).map_err(|error| UsageError(error.to_string()))
}

fn parse_conversation(text: &str) -> Result<ConversationId, UsageError> {
    ConversationId::parse(text).map_err(|error| UsageError(error.to_string()))
}

fn parse_public_key(text: &str) -> Result<[u8; 32], UsageError> {
    let key = from_hex(text).and_then(|bytes| bytes.try_into().ok());
    key.ok_or_else(|| UsageError("expected 32 bytes in hexadecimal digits".into()))
}
