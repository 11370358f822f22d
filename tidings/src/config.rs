//! Every flag and environment variable. A flag wins over its variable, a variable over the default.
//! There is no configuration file.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use projector::ProjectorConfig;
use search::index::Place;

use crate::secret::ServerUrl;

mod erase;
mod log;
mod rebuild;
mod webhooks;

pub use erase::{EraseCommand, ExportUserArgs, RetentionArgs, ToldArgs};
pub use log::{
    ExportFormat, LogCommand, LogExportArgs, LogReplayArgs, LogStatsArgs, LogTailArgs,
    LogVerifyArgs, SealArgs, SealEvery, SliceArgs, Speed,
};
pub use rebuild::{RebuildArgs, RebuildWhat, VerifyArgs};
pub use webhooks::{WebhookAddArgs, WebhookArgs, WebhookListArgs, WebhooksCommand};

/// Where `tidings up` listens.
pub const LISTEN_UP: &str = "127.0.0.1:8080";
/// Where `tidings command-svc` listens.
pub const LISTEN_COMMANDS: &str = "127.0.0.1:8081";
/// Where `tidings query-api` listens.
pub const LISTEN_QUERIES: &str = "127.0.0.1:8082";
/// Where `tidings projector` shows its health and metrics.
pub const LISTEN_PROJECTOR: &str = "127.0.0.1:8083";
/// Where `tidings dispatcher` shows its health and metrics.
pub const LISTEN_DISPATCHER: &str = "127.0.0.1:8084";

/// A self-hosted messaging backend whose truth is one append-only log of events.
#[derive(Debug, Parser)]
#[command(name = "tidings", version, about, max_term_width = 100)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub config: Config,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// Where private servers keep their data, and this system its keys.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_DATA",
        value_name = "DIR",
        default_value = "./tidings-data"
    )]
    pub data: PathBuf,

    /// Address to listen on [default: 127.0.0.1:8080; command-svc 8081, query-api 8082, projector 8083, dispatcher 8084].
    #[arg(long, global = true, env = "TIDINGS_LISTEN", value_name = "ADDR:PORT")]
    pub listen: Option<SocketAddr>,

    /// The Postgres to use, 15 to 18 [default: a private one in the data directory].
    #[arg(
        long,
        global = true,
        env = "DATABASE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub database_url: Option<ServerUrl>,

    /// The nats-server to use, 2.11.1 or newer, with JetStream [default: a private one].
    #[arg(
        long,
        global = true,
        env = "NATS_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub nats_url: Option<ServerUrl>,

    /// Who may come in.
    #[command(flatten)]
    pub auth: AuthArgs,

    /// What bounds the rules.
    #[command(flatten)]
    pub limits: LimitArgs,

    /// Conversations with more members than this are merged when they are read, not when written.
    #[arg(long, global = true, env = "TIDINGS_FANOUT_THRESHOLD", value_name = "N", default_value_t = 500,
        value_parser = clap::value_parser!(i64).range(0..=100_000))]
    pub fanout_threshold: i64,

    /// How long sync entries are kept for devices that are offline.
    #[arg(long, global = true, env = "TIDINGS_OFFLINE_WINDOW", value_name = "DURATION", default_value = "7d",
        value_parser = duration)]
    pub offline_window: Duration,

    /// Commands per second and user; 0 for no limit.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_RATE_LIMIT",
        value_name = "N",
        default_value_t = 50
    )]
    pub rate_limit: u32,

    /// Connections open at the same time, live ones included.
    #[arg(long, global = true, env = "TIDINGS_MAX_CONNECTIONS", value_name = "N", default_value_t = 12_000,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub max_connections: u32,

    /// Live connections at the same time, WebSockets and server-sent events together.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_MAX_LIVE",
        value_name = "N",
        default_value_t = 10_000
    )]
    pub max_live: u32,

    /// Origins whose web pages may call this API, such as https://chat.example.com.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_ALLOWED_ORIGINS",
        value_name = "ORIGIN",
        value_delimiter = ','
    )]
    pub allowed_origins: Vec<String>,

    /// How the log is sealed.
    #[command(flatten)]
    pub seals: SealArgs,

    /// How old messages may become.
    #[command(flatten)]
    pub retention: RetentionArgs,

    /// How webhooks are delivered.
    #[command(flatten)]
    pub webhooks: WebhookArgs,

    /// Where the search index is: the projector writes it, query-api reads it [default: DATA/search].
    #[arg(long, global = true, env = "TIDINGS_SEARCH_DIR", value_name = "DIR")]
    pub search_dir: Option<PathBuf>,

    /// The name of the JetStream stream; one for each system that shares a nats-server.
    #[arg(long, global = true, env = "TIDINGS_STREAM", value_name = "NAME")]
    pub stream: Option<String>,

    /// The directory of the programs of the private Postgres [default: found or fetched].
    #[arg(long, global = true, env = "TIDINGS_PG_BIN", value_name = "DIR")]
    pub pg_bin: Option<PathBuf>,

    /// The program of the private nats-server [default: found or fetched].
    #[arg(long, global = true, env = "TIDINGS_NATS_BIN", value_name = "FILE")]
    pub nats_bin: Option<PathBuf>,

    /// What to log, as `info` or `tidings=debug,info`.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_LOG",
        value_name = "FILTER",
        default_value = "info"
    )]
    pub log: String,

    /// How to log, to standard error.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "text"
    )]
    pub log_format: LogFormat,
}

impl Config {
    /// Where the search index is.
    pub fn search(&self) -> Place {
        let default = || self.data.join("search");
        Place::at(self.search_dir.clone().unwrap_or_else(default))
    }

    /// How events are folded: a rebuild that did it otherwise would give other rows.
    pub fn projector(&self) -> ProjectorConfig {
        ProjectorConfig {
            fanout_threshold: self.fanout_threshold,
            offline_window: self.offline_window,
            ..ProjectorConfig::default()
        }
    }
}

/// Who may come in. Without any of these, a secret is made once and kept in the data directory.
/// The secret itself comes from `TIDINGS_AUTH_SECRET` alone: a flag would show it to everybody on
/// the machine.
#[derive(Debug, Clone, Args)]
pub struct AuthArgs {
    /// A PEM file with the public key that tokens are signed for (EdDSA, ES256 or RS256).
    #[arg(
        long,
        global = true,
        env = "TIDINGS_AUTH_PUBLIC_KEY",
        value_name = "FILE",
        conflicts_with = "auth_jwks"
    )]
    pub auth_public_key: Option<PathBuf>,

    /// A JWKS file with the public keys that tokens are signed for.
    #[arg(long, global = true, env = "TIDINGS_AUTH_JWKS", value_name = "FILE")]
    pub auth_jwks: Option<PathBuf>,
}

/// What bounds the rules. The rest of the documented limits are fixed.
#[derive(Debug, Clone, Args)]
pub struct LimitArgs {
    /// How long authors may recall their messages.
    #[arg(long, global = true, env = "TIDINGS_RECALL_WINDOW", value_name = "DURATION", default_value = "24h",
        value_parser = duration)]
    pub recall_window: Duration,

    /// Members of one group.
    #[arg(long, global = true, env = "TIDINGS_MAX_MEMBERS", value_name = "N", default_value_t = 100_000,
        value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    pub max_members: u32,

    /// Bytes of a message's body as JSON.
    #[arg(long, global = true, env = "TIDINGS_MAX_BODY", value_name = "BYTES", default_value_t = 65_536,
        value_parser = clap::value_parser!(u32).range(64..=196_608))]
    pub max_body: u32,
}

/// How to log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run everything in one process, on one port.
    Up(UpArgs),
    /// Run the service that takes commands.
    CommandSvc,
    /// Run the projector, which writes the read models.
    Projector,
    /// Run the service that answers queries.
    QueryApi,
    /// Run the service that delivers webhooks.
    Dispatcher,
    /// Bring the database up to date.
    Migrate,
    /// Print a token for a user.
    Token(TokenArgs),
    /// Show how the system of this data directory is.
    Status(StatusArgs),
    /// Import messages from a file, into a running system.
    Import(ImportArgs),
    /// Take content out for good: a message, a conversation, or what a user has written.
    #[command(subcommand)]
    Erase(EraseCommand),
    /// Write down everything about a user, as JSON lines.
    ExportUser(ExportUserArgs),
    /// Build the read models again from the log, or the search index from the read models, while the
    /// old ones serve.
    Rebuild(RebuildArgs),
    /// Build the read models again beside those that are served, and say where they differ.
    Verify(VerifyArgs),
    /// Search everybody's messages, or those that some user sees.
    Search(SearchArgs),
    /// Read, export, count and replay the log.
    #[command(subcommand)]
    Log(LogCommand),
    /// Where the outside is told what happens, and how far that is.
    #[command(subcommand)]
    Webhooks(WebhooksCommand),
    /// The programs of the private servers.
    #[command(subcommand)]
    Servers(ServersCommand),
}

/// `tidings up`.
#[derive(Debug, Clone, Args)]
pub struct UpArgs {
    /// Print a token for this user on standard output once the system is ready.
    #[arg(long, value_name = "USER")]
    pub print_token: Option<String>,
}

/// `tidings token`.
#[derive(Debug, Clone, Args)]
pub struct TokenArgs {
    /// Who it is for: 1 to 128 characters.
    pub user: String,
    /// What it opens beyond the user's own: `admin`.
    #[arg(long, default_value = "")]
    pub scope: String,
    /// How long it is good.
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = duration)]
    pub ttl: Duration,
}

/// `tidings status`.
#[derive(Debug, Clone, Args)]
pub struct StatusArgs {
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `tidings import`.
#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// A file of JSON lines, a Matrix export in JSON (both plain, .gz or .zst), or the directory of an
    /// unpacked Slack export.
    #[arg(value_name = "PATH")]
    pub file: PathBuf,
    /// The system to import into [default: the one that runs on the data directory].
    #[arg(long, requires = "token")]
    pub url: Option<String>,
    /// An admin's token [default: signed with the data directory's secret].
    #[arg(long, env = "TIDINGS_TOKEN", hide_env_values = true)]
    pub token: Option<TokenText>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// A token given on the command line or in the environment; not shown.
pub type TokenText = crate::secret::Secret;

/// `tidings search`.
#[derive(Debug, Clone, Args)]
pub struct SearchArgs {
    /// What to search for, in the language of `GET /v1/search`.
    #[arg(required = true)]
    pub query: Vec<String>,
    /// Find what this user would find.
    #[arg(long, value_name = "USER")]
    pub r#as: Option<String>,
    /// How many hits at most.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub limit: u16,
    /// In which order.
    #[arg(long, value_name = "ORDER", default_value = "relevance")]
    pub sort: SearchOrder,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// The order of hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SearchOrder {
    /// The best first.
    Relevance,
    /// The last sent first.
    Newest,
}

/// `tidings servers`.
#[derive(Debug, Clone, Subcommand)]
pub enum ServersCommand {
    /// Fetch the pinned servers into the cache, unless they are there.
    Fetch,
    /// Print the programs that would be used.
    Path,
    /// Say what was looked at, what was found, and what stands in the way.
    Doctor,
    /// Run a command with private servers, which it finds in DATABASE_URL and NATS_URL.
    Run {
        /// The command and its arguments.
        #[arg(trailing_var_arg = true, required = true, value_name = "COMMAND")]
        command: Vec<std::ffi::OsString>,
    },
}

/// A duration as people write it: `7d`, `90s`, `1h 30m`.
fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(std::iter::once("tidings").chain(args.iter().copied()))
    }

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_stand_before_or_after_the_command() {
        for args in [["--data", "/d", "up"], ["up", "--data", "/d"]] {
            assert_eq!(
                parse(&args).expect("parses").config.data,
                PathBuf::from("/d")
            );
        }
    }

    #[test]
    fn durations_are_as_people_write_them() {
        let cli = parse(&["up", "--offline-window", "1d 12h"]).expect("parses");
        assert_eq!(cli.config.offline_window, Duration::from_secs(36 * 3600));
        assert!(parse(&["up", "--offline-window", "soon"]).is_err());
    }

    #[test]
    fn seals_can_be_off_and_delivered_elsewhere() {
        let seals = |args: &[&str]| parse(&[&["up"], args].concat()).map(|cli| cli.config.seals);
        assert_eq!(
            seals(&["--seal-every", "2s"]).expect("parses").seal_every,
            SealEvery::Within(Duration::from_secs(2))
        );
        assert_eq!(
            seals(&["--seal-every", "off"]).expect("parses").seal_every,
            SealEvery::Off
        );
        let url = ["--seal-webhook", "https://a.example/seals"];
        assert!(seals(&url).is_err(), "unsigned");
        let secret = ["--seal-webhook-secret", "whsec_x"];
        assert!(seals(&[url, secret].concat()).is_ok());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for args in [
            &["up", "--listen", "8080"][..],
            &["up", "--fanout-threshold", "-1"],
            &["up", "--auth-public-key", "a", "--auth-jwks", "b"],
            &["import", "f", "--url", "http://x"],
            &["status", "--nonsense"],
            &["nonsense"],
        ] {
            let error = parse(args).expect_err("refused");
            assert_eq!(error.exit_code(), 2, "{args:?}");
        }
    }

    #[test]
    fn passwords_do_not_reach_debug_output() {
        let cli = parse(&[
            "up",
            "--database-url",
            "postgres://a:s3cret@h/d",
            "--nats-url",
            "nats://s3cret@h",
        ])
        .expect("parses");
        assert!(!format!("{cli:?}").contains("s3cret"));
    }
}
