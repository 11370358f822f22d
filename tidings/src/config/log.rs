//! What is said of the log on the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use domain::time::Timestamp;
use reqwest::Url;

use crate::secret::Secret;

/// `tidings log`.
#[derive(Debug, Clone, Subcommand)]
pub enum LogCommand {
    /// Print the last events, and with --follow those to come.
    Tail(LogTailArgs),
    /// Print one event.
    Show {
        /// Its position.
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        position: i64,
    },
    /// Write events to files that other tools open as they are.
    Export(LogExportArgs),
    /// Count: by type, by day, by conversation.
    Stats(LogStatsArgs),
    /// Publish events again, on a subject of NATS.
    Replay(LogReplayArgs),
    /// Find what is not as it was sealed: changed, missing, moved or put in.
    Verify(LogVerifyArgs),
    /// Seal what is not sealed yet.
    Seal,
}

/// Which events. What is not said is not filtered.
#[derive(Debug, Clone, Default, Args)]
pub struct SliceArgs {
    /// Those after this position.
    #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(i64).range(0..))]
    pub after: Option<i64>,
    /// Those up to this position.
    #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(i64).range(0..))]
    pub up_to: Option<i64>,
    /// Those from this time on, as 2026-11-01T00:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub since: Option<Timestamp>,
    /// Those before this time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub until: Option<Timestamp>,
    /// These types, such as message_sent,member_added.
    #[arg(long, value_name = "TYPES", value_delimiter = ',')]
    pub r#type: Vec<String>,
    /// Those of this conversation.
    #[arg(long, value_name = "ID")]
    pub conversation: Option<String>,
    /// What concerns this user: the events of their mailbox, and those that name them.
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,
}

/// `tidings log tail`.
#[derive(Debug, Clone, Args)]
pub struct LogTailArgs {
    /// Which events.
    #[command(flatten)]
    pub slice: SliceArgs,
    /// How many of the past, unless --after or --since says where to begin.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(i64).range(0..=100_000))]
    pub lines: i64,
    /// Keep printing what is appended.
    #[arg(short, long)]
    pub follow: bool,
    /// Print CloudEvents, one JSON object a line.
    #[arg(long)]
    pub json: bool,
}

/// `tidings log export`.
#[derive(Debug, Clone, Args)]
pub struct LogExportArgs {
    /// Where to; made if it is not there. An export that stands there already is gone on with.
    pub dir: PathBuf,
    /// How.
    #[arg(long, value_name = "FORMAT", default_value = "jsonl")]
    pub format: ExportFormat,
    /// Which events.
    #[command(flatten)]
    pub slice: SliceArgs,
    /// Print one JSON object at the end.
    #[arg(long)]
    pub json: bool,
}

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// CloudEvents, one JSON object a line.
    Jsonl,
    /// A column for every field, the whole data in the last one.
    Csv,
    /// The same columns, typed.
    Parquet,
}

/// `tidings log stats`.
#[derive(Debug, Clone, Args)]
pub struct LogStatsArgs {
    /// Which events.
    #[command(flatten)]
    pub slice: SliceArgs,
    /// How many conversations to name.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub top: u16,
    /// Also write one page with plots, which needs nothing else.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `tidings log replay`.
#[derive(Debug, Clone, Args)]
pub struct LogReplayArgs {
    /// Where to publish, as my.subject. Not under the subjects of the log's own mirror.
    #[arg(long, value_name = "SUBJECT")]
    pub subject: String,
    /// How fast: 1 as it happened, 10 ten times faster, `max` as fast as it goes.
    #[arg(long, value_name = "N", default_value = "1", value_parser = speed)]
    pub speed: Speed,
    /// Which events.
    #[command(flatten)]
    pub slice: SliceArgs,
    /// Print one JSON object at the end.
    #[arg(long)]
    pub json: bool,
}

/// `tidings log verify`.
#[derive(Debug, Clone, Args)]
pub struct LogVerifyArgs {
    /// Verify an export in JSON lines instead of the database; needs nothing but its directory.
    #[arg(long, value_name = "DIR")]
    pub export: Option<PathBuf>,
    /// A key whose seals are good, in hexadecimal digits; several may be named [default: the data directory's].
    #[arg(long, value_name = "HEX", value_delimiter = ',')]
    pub public_key: Vec<String>,
    /// The copies of the seals that were kept elsewhere: the seals have to be these.
    #[arg(long, value_name = "FILE")]
    pub copies: Option<PathBuf>,
    /// Print JSON: one object a finding, and one at the end.
    #[arg(long)]
    pub json: bool,
}

/// How the log is sealed.
#[derive(Debug, Clone, Args)]
pub struct SealArgs {
    /// How long an event may be without a seal; `off` seals nothing.
    #[arg(long, global = true, env = "TIDINGS_SEAL_EVERY", value_name = "DURATION", default_value = "60s",
        value_parser = seal_every)]
    pub seal_every: SealEvery,
    /// The file with the key that signs seals; made if it is not there. A fleet shares one [default: DATA/seal-key].
    #[arg(long, global = true, env = "TIDINGS_SEAL_KEY", value_name = "FILE")]
    pub seal_key: Option<PathBuf>,
    /// Append each seal to this file too, best on another machine's disk.
    #[arg(long, global = true, env = "TIDINGS_SEAL_COPY", value_name = "FILE")]
    pub seal_copy: Option<PathBuf>,
    /// Deliver each seal to this address too, as a webhook.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_SEAL_WEBHOOK",
        value_name = "URL",
        requires = "seal_webhook_secret"
    )]
    pub seal_webhook: Option<Url>,
    /// What these deliveries are signed with: whsec_ and base64.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_SEAL_WEBHOOK_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub seal_webhook_secret: Option<Secret>,
}

/// How often the log is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealEvery {
    /// Never.
    Off,
    /// No event is without a seal for longer.
    Within(Duration),
}

fn seal_every(text: &str) -> Result<SealEvery, String> {
    match text {
        "off" => Ok(SealEvery::Off),
        _ => super::duration(text).map(SealEvery::Within),
    }
}

/// How fast a replay goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// So many times as fast as it happened.
    Times(f64),
    /// As fast as it goes.
    Max,
}

fn speed(text: &str) -> Result<Speed, String> {
    if text == "max" {
        return Ok(Speed::Max);
    }
    let times: f64 = text.parse().map_err(|_| "expected a number, or max")?;
    if times.is_finite() && times > 0.0 {
        Ok(Speed::Times(times))
    } else {
        Err("expected a number above 0, or max".to_owned())
    }
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "expected a time as 2026-11-01T00:00:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speed_is_a_factor_or_the_most_there_is() {
        assert_eq!(speed("max"), Ok(Speed::Max));
        assert_eq!(speed("0.5"), Ok(Speed::Times(0.5)));
        for bad in ["0", "-1", "inf", "NaN", "fast", ""] {
            assert!(speed(bad).is_err(), "{bad}");
        }
    }
}
