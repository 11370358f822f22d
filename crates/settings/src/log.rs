//! Options of `tidings log`, and of sealing.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use data_dir::{SecretString, UsageError};
use domain::history::CursorReference;
use domain::ids::{ConversationId, UserId};
use domain::time::Timestamp;
use event_log::sent_range::TimeField;
use log_tools::event_types;
use log_tools::export::ExportFormat;
use log_tools::replay::ReplaySpeed;
use log_tools::slice::EventSelection;
use reqwest::Url;

use super::parse::{parse_duration, parse_time};
use super::questions::{LogLoadArgs, LogUnreadArgs};

/// The subcommands of `tidings log`.
#[derive(Debug, Clone, Subcommand)]
pub enum LogCommand {
    /// Print the last events; with --follow, also print new ones.
    Tail(LogTailArgs),
    /// Print one event.
    Show {
        /// Position of the event.
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        position: i64,
    },
    /// Export events to JSON Lines, CSV or Parquet files.
    Export(LogExportArgs),
    /// Count events by type, time, conversation and sender, and how fast others respond.
    Stats(LogStatsArgs),
    /// Count unread messages over time, as the badges showed them.
    Unread(LogUnreadArgs),
    /// Load an export into a new system, to examine there what happened.
    Load(LogLoadArgs),
    /// Replay events to a NATS subject.
    Replay(LogReplayArgs),
    /// Verify the log against its seals: report changed, missing, moved and inserted events.
    Verify(LogVerifyArgs),
    /// Seal the events that are not sealed yet.
    Seal,
    /// Print the public key with which seals are verified.
    Key,
}

/// A filter of events. Options that are not given match all events.
#[derive(Debug, Clone, Default, Args)]
pub struct EventFilterArgs {
    /// Select events after this position, or cursor such as 1234.5f3a9c21.
    #[arg(long, value_name = "POSITION")]
    pub after: Option<CursorReference>,
    /// Select events up to this position, or cursor such as 1234.5f3a9c21.
    #[arg(long, value_name = "POSITION")]
    pub up_to: Option<CursorReference>,
    /// Select events at or after this time, such as 2026-11-01T00:00:00Z, or 2026-11-01 for when
    /// this day begins in UTC.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub since: Option<Timestamp>,
    /// Select events before this time; before the beginning of a day such as 2026-12-01.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub until: Option<Timestamp>,
    /// Time that is meant: when an event was appended, or when its message was sent or edited,
    /// which is earlier for imported messages.
    #[arg(long, value_name = "FIELD", default_value = "time")]
    pub by: TimeFieldArg,
    /// Select events of these types, such as message_sent,member_added.
    #[arg(long, value_name = "TYPES", value_delimiter = ',')]
    pub r#type: Vec<String>,
    /// Select events of this conversation.
    #[arg(long, value_name = "ID")]
    pub conversation: Option<String>,
    /// Select events that involve this user: those of their mailbox, and those that name them.
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,
}

/// Which time of an event is meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum TimeFieldArg {
    /// When the event was appended to the log.
    #[default]
    Time,
    /// When its message was sent or edited; other events have only the first.
    SentAt,
}

impl From<TimeFieldArg> for TimeField {
    fn from(field: TimeFieldArg) -> Self {
        match field {
            TimeFieldArg::Time => Self::Time,
            TimeFieldArg::SentAt => Self::SentAt,
        }
    }
}

impl EventFilterArgs {
    /// Parses the names and ids.
    pub fn to_selection(&self) -> Result<EventSelection, UsageError> {
        event_types::validate_names(&self.r#type)?;
        let conversation = self.conversation.as_deref().map(ConversationId::parse);
        let conversation = conversation
            .transpose()
            .map_err(|error| UsageError(format!("--conversation: {error}")))?;
        let user = self.user.as_deref().map(UserId::parse);
        let user = user
            .transpose()
            .map_err(|error| UsageError(format!("--user: {error}")))?;
        Ok(EventSelection {
            after: self.after,
            up_to: self.up_to,
            since: self.since,
            until: self.until,
            by: self.by.into(),
            event_types: self.r#type.clone(),
            conversation,
            user,
        })
    }
}

/// The options of `tidings log tail`.
#[derive(Debug, Clone, Args)]
pub struct LogTailArgs {
    /// The filter of events.
    #[command(flatten)]
    pub slice: EventFilterArgs,
    /// Number of past events to print; ignored with --after or --since.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(i64).range(0..=100_000))]
    pub lines: i64,
    /// Keep printing events as they are appended.
    #[arg(short, long)]
    pub follow: bool,
    /// Print CloudEvents, one JSON object per line.
    #[arg(long)]
    pub json: bool,
}

/// The options of `tidings log export`.
#[derive(Debug, Clone, Args)]
pub struct LogExportArgs {
    /// Output directory, created if it does not exist; an export already in it resumes.
    pub dir: PathBuf,
    /// File format.
    #[arg(long, value_name = "FORMAT", default_value = "jsonl")]
    pub format: ExportFormatArg,
    /// Write texts to CSV as they are, also those that a spreadsheet would run as formulas.
    #[arg(long)]
    pub raw: bool,
    /// The filter of events.
    #[command(flatten)]
    pub slice: EventFilterArgs,
    /// Print the result as one JSON object at the end.
    #[arg(long)]
    pub json: bool,
}

/// The file format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormatArg {
    /// CloudEvents, one JSON object per line.
    Jsonl,
    /// One column per field; the last one contains the full event data.
    Csv,
    /// The same columns as CSV, typed.
    Parquet,
}

impl LogExportArgs {
    /// The format of the files. Only CSV can be raw; the other formats always are.
    pub fn to_format(&self) -> Result<ExportFormat, UsageError> {
        match (self.format, self.raw) {
            (ExportFormatArg::Csv, true) => Ok(ExportFormat::RawCsv),
            (_, true) => Err(UsageError("--raw requires --format csv".into())),
            (ExportFormatArg::Jsonl, false) => Ok(ExportFormat::Jsonl),
            (ExportFormatArg::Csv, false) => Ok(ExportFormat::Csv),
            (ExportFormatArg::Parquet, false) => Ok(ExportFormat::Parquet),
        }
    }
}

/// The options of `tidings log stats`.
#[derive(Debug, Clone, Args)]
pub struct LogStatsArgs {
    /// The filter of events.
    #[command(flatten)]
    pub slice: EventFilterArgs,
    /// Number of conversations, and of senders, to list.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub top: u16,
    /// Also write a self-contained HTML page with plots to this file.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// The options of `tidings log replay`.
#[derive(Debug, Clone, Args)]
pub struct LogReplayArgs {
    /// Subject to publish to, such as my.subject. Must not be one of the mirror's own subjects.
    #[arg(long, value_name = "SUBJECT")]
    pub subject: String,
    /// Replay speed: 1 for the original pace, 10 for ten times faster, `max` for as fast as
    /// possible.
    #[arg(long, value_name = "N", default_value = "1", value_parser = parse_speed)]
    pub speed: ReplaySpeed,
    /// The filter of events.
    #[command(flatten)]
    pub slice: EventFilterArgs,
    /// Print the result as one JSON object at the end.
    #[arg(long)]
    pub json: bool,
}

/// The options of `tidings log verify`.
#[derive(Debug, Clone, Args)]
pub struct LogVerifyArgs {
    /// Verify a JSON Lines export instead of the database; needs only its directory.
    #[arg(long, value_name = "DIR")]
    pub export: Option<PathBuf>,
    /// Trusted public keys, in hexadecimal digits [default: the key of the data directory].
    #[arg(long, value_name = "HEX", value_delimiter = ',')]
    pub public_key: Vec<String>,
    /// File with copies of the seals; the seals of the log must match them.
    #[arg(long, value_name = "FILE")]
    pub copies: Option<PathBuf>,
    /// Print JSON: one object per finding, and a summary at the end.
    #[arg(long)]
    pub json: bool,
}

/// How the log is sealed.
#[derive(Debug, Clone, Args)]
pub struct SealArgs {
    /// Longest time that an event stays unsealed; `off` disables sealing.
    #[arg(long, global = true, env = "TIDINGS_SEAL_EVERY", value_name = "DURATION", default_value = "60s",
        value_parser = parse_seal_interval)]
    pub seal_every: SealInterval,
    /// File with the key that signs seals, created if missing; a fleet shares one [default:
    /// DATA/seal-key].
    #[arg(long, global = true, env = "TIDINGS_SEAL_KEY", value_name = "FILE")]
    pub seal_key: Option<PathBuf>,
    /// Also append each seal to this file, preferably on a disk of another machine.
    #[arg(long, global = true, env = "TIDINGS_SEAL_COPY", value_name = "FILE")]
    pub seal_copy: Option<PathBuf>,
    /// Also deliver each seal to this address, as a webhook.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_SEAL_WEBHOOK",
        value_name = "URL",
        requires = "seal_webhook_secret"
    )]
    pub seal_webhook: Option<Url>,
    /// Secret that signs these deliveries: whsec_ followed by base64.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_SEAL_WEBHOOK_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub seal_webhook_secret: Option<SecretString>,
}

/// The interval at which the log is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealInterval {
    /// Sealing is disabled.
    Off,
    /// Every event is sealed within this time.
    AtMost(Duration),
}

fn parse_seal_interval(text: &str) -> Result<SealInterval, String> {
    match text {
        "off" => Ok(SealInterval::Off),
        _ => parse_duration(text).map(SealInterval::AtMost),
    }
}

fn parse_speed(text: &str) -> Result<ReplaySpeed, String> {
    if text == "max" {
        return Ok(ReplaySpeed::Max);
    }
    let times: f64 = text.parse().map_err(|_| "expected a number or max")?;
    if times.is_finite() && times > 0.0 {
        Ok(ReplaySpeed::Factor(times))
    } else {
        Err("expected a number greater than 0, or max".to_owned())
    }
}
