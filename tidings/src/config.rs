//! All flags and environment variables. A flag takes precedence over its variable, and the variable
//! over the default. There is no configuration file.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use projector::ProjectorConfig;
use search::index::IndexDir;

use crate::secret::ServerUrl;

mod erase;
mod log;
mod rebuild;
mod webhooks;

pub use erase::{EraseCommand, ExportUserArgs, OutputArgs, RetentionArgs};
pub use log::{
    EventFilterArgs, ExportFormat, LogCommand, LogExportArgs, LogReplayArgs, LogStatsArgs,
    LogTailArgs, LogVerifyArgs, ReplaySpeed, SealArgs, SealInterval,
};
pub use rebuild::{RebuildArgs, RebuildTarget, VerifyArgs};
pub use webhooks::{WebhookAddArgs, WebhookArgs, WebhookListArgs, WebhooksCommand};

/// The default address of `tidings up`.
pub const DEFAULT_LISTEN_UP: &str = "127.0.0.1:8080";
/// The default address of `tidings command-svc`.
pub const DEFAULT_LISTEN_COMMAND_SVC: &str = "127.0.0.1:8081";
/// The default address of `tidings query-api`.
pub const DEFAULT_LISTEN_QUERY_API: &str = "127.0.0.1:8082";
/// The default address of the health and metrics endpoints of `tidings projector`.
pub const DEFAULT_LISTEN_PROJECTOR: &str = "127.0.0.1:8083";
/// The default address of the health and metrics endpoints of `tidings dispatcher`.
pub const DEFAULT_LISTEN_DISPATCHER: &str = "127.0.0.1:8084";

/// Run and operate Tidings, a self-hosted messaging backend built on an append-only event log.
#[derive(Debug, Parser)]
#[command(name = "tidings", version, about, max_term_width = 100)]
pub struct Cli {
    /// The options that all commands share.
    #[command(flatten)]
    pub config: SystemConfig,
    /// The command to run.
    #[command(subcommand)]
    pub command: CliCommand,
}

/// The options that all commands share.
#[derive(Debug, Clone, Args)]
pub struct SystemConfig {
    /// Data directory of the embedded servers, the keys and the search index.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_DATA",
        value_name = "DIR",
        default_value = "./tidings-data"
    )]
    pub data: PathBuf,

    /// Listen address [default: 127.0.0.1:8080; command-svc 8081, query-api 8082, projector 8083,
    /// dispatcher 8084].
    #[arg(long, global = true, env = "TIDINGS_LISTEN", value_name = "ADDR:PORT")]
    pub listen: Option<SocketAddr>,

    /// Postgres to use, version 15 to 18 [default: an embedded one in the data directory].
    #[arg(
        long,
        global = true,
        env = "DATABASE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub database_url: Option<ServerUrl>,

    /// nats-server to use, version 2.11.1 or newer, with JetStream [default: an embedded one].
    #[arg(
        long,
        global = true,
        env = "NATS_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub nats_url: Option<ServerUrl>,

    /// How tokens are verified.
    #[command(flatten)]
    pub auth: AuthArgs,

    /// The limits of the domain rules.
    #[command(flatten)]
    pub limits: LimitArgs,

    /// Largest conversation that is fanned out on write; larger ones are merged on read.
    #[arg(long, global = true, env = "TIDINGS_FANOUT_THRESHOLD", value_name = "N", default_value_t = 500,
        value_parser = clap::value_parser!(i64).range(0..=100_000))]
    pub fanout_threshold: i64,

    /// Retention of sync entries for devices that are offline.
    #[arg(long, global = true, env = "TIDINGS_OFFLINE_WINDOW", value_name = "DURATION", default_value = "7d",
        value_parser = parse_duration)]
    pub offline_window: Duration,

    /// Maximum number of commands per second and user; 0 for no limit.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_RATE_LIMIT",
        value_name = "N",
        default_value_t = 50
    )]
    pub rate_limit: u32,

    /// Maximum number of open connections, including live connections.
    #[arg(long, global = true, env = "TIDINGS_MAX_CONNECTIONS", value_name = "N", default_value_t = 12_000,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub max_connections: u32,

    /// Maximum number of live connections (WebSocket and server-sent events together).
    #[arg(
        long,
        global = true,
        env = "TIDINGS_MAX_LIVE",
        value_name = "N",
        default_value_t = 10_000
    )]
    pub max_live: u32,

    /// Allowed origins of web pages that call this API, such as https://chat.example.com.
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

    /// How long messages are retained.
    #[command(flatten)]
    pub retention: RetentionArgs,

    /// How webhooks are delivered.
    #[command(flatten)]
    pub webhooks: WebhookArgs,

    /// Directory of the search index; the projector writes it, query-api reads it [default:
    /// DATA/search].
    #[arg(long, global = true, env = "TIDINGS_SEARCH_DIR", value_name = "DIR")]
    pub search_dir: Option<PathBuf>,

    /// Name of the JetStream stream; must differ between systems that share a nats-server.
    #[arg(long, global = true, env = "TIDINGS_STREAM", value_name = "NAME")]
    pub stream: Option<String>,

    /// Directory with the programs of the embedded Postgres [default: found or fetched].
    #[arg(long, global = true, env = "TIDINGS_PG_BIN", value_name = "DIR")]
    pub pg_bin: Option<PathBuf>,

    /// Program of the embedded nats-server [default: found or fetched].
    #[arg(long, global = true, env = "TIDINGS_NATS_BIN", value_name = "FILE")]
    pub nats_bin: Option<PathBuf>,

    /// Log filter, such as `info` or `tidings=debug,info`.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_LOG",
        value_name = "FILTER",
        default_value = "info"
    )]
    pub log: String,

    /// Log format; logs go to standard error.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "text"
    )]
    pub log_format: LogFormat,
}

impl SystemConfig {
    /// The directory of the search index.
    pub fn index_dir(&self) -> IndexDir {
        let default = || self.data.join("search");
        IndexDir::new(self.search_dir.clone().unwrap_or_else(default))
    }

    /// The configuration of the projector. A rebuild must use the same values as the running
    /// projector; with others it would produce different rows.
    pub fn projector_config(&self) -> ProjectorConfig {
        ProjectorConfig {
            fanout_threshold: self.fanout_threshold,
            offline_window: self.offline_window,
            ..ProjectorConfig::default()
        }
    }
}

/// How tokens are verified. Without any of these options, a secret is generated once and stored in
/// the data directory. A secret can only be given in `TIDINGS_AUTH_SECRET`: a flag would show it to
/// every user of the machine.
#[derive(Debug, Clone, Args)]
pub struct AuthArgs {
    /// PEM file with the public key that verifies tokens (EdDSA, ES256 or RS256).
    #[arg(
        long,
        global = true,
        env = "TIDINGS_AUTH_PUBLIC_KEY",
        value_name = "FILE",
        conflicts_with = "auth_jwks"
    )]
    pub auth_public_key: Option<PathBuf>,

    /// JWKS file with the public keys that verify tokens.
    #[arg(long, global = true, env = "TIDINGS_AUTH_JWKS", value_name = "FILE")]
    pub auth_jwks: Option<PathBuf>,
}

/// The configurable limits of the domain rules. The other documented limits are fixed.
#[derive(Debug, Clone, Args)]
pub struct LimitArgs {
    /// How long after sending authors can recall their messages.
    #[arg(long, global = true, env = "TIDINGS_RECALL_WINDOW", value_name = "DURATION", default_value = "24h",
        value_parser = parse_duration)]
    pub recall_window: Duration,

    /// Maximum number of members of a group.
    #[arg(long, global = true, env = "TIDINGS_MAX_MEMBERS", value_name = "N", default_value_t = 100_000,
        value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    pub max_members: u32,

    /// Maximum size of a message body in bytes, as JSON.
    #[arg(long, global = true, env = "TIDINGS_MAX_BODY", value_name = "BYTES", default_value_t = 65_536,
        value_parser = clap::value_parser!(u32).range(64..=196_608))]
    pub max_body: u32,
}

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Human-readable lines.
    Text,
    /// One JSON object per line.
    Json,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum CliCommand {
    /// Run all services in one process, on one port.
    Up(UpArgs),
    /// Run the command service.
    CommandSvc,
    /// Run the projector, which writes the read models.
    Projector,
    /// Run the query service.
    QueryApi,
    /// Run the webhook dispatcher.
    Dispatcher,
    /// Migrate the database schema to the current version.
    Migrate,
    /// Print a token for a user.
    Token(TokenArgs),
    /// Show system status.
    Status(StatusArgs),
    /// Import messages from a file into a running system.
    Import(ImportArgs),
    /// Permanently erase content: a message, a conversation, or everything that a user has sent.
    #[command(subcommand)]
    Erase(EraseCommand),
    /// Export all data about a user as JSON Lines.
    ExportUser(ExportUserArgs),
    /// Rebuild the read models or the search index online, while the old ones stay in service.
    Rebuild(RebuildArgs),
    /// Verify the read models or the search index against a fresh rebuild.
    Verify(VerifyArgs),
    /// Search all messages, or those that a given user can see.
    Search(SearchArgs),
    /// Read, export, verify and replay the event log.
    #[command(subcommand)]
    Log(LogCommand),
    /// Manage webhooks.
    #[command(subcommand)]
    Webhooks(WebhooksCommand),
    /// Manage the embedded servers.
    #[command(subcommand)]
    Servers(ServersCommand),
}

/// The options of `tidings up`.
#[derive(Debug, Clone, Args)]
pub struct UpArgs {
    /// Print a token for this user to standard output once the system is ready.
    #[arg(long, value_name = "USER")]
    pub print_token: Option<String>,
}

/// The options of `tidings token`.
#[derive(Debug, Clone, Args)]
pub struct TokenArgs {
    /// User that the token is for: 1 to 128 characters.
    pub user: String,
    /// Scope beyond the user's own data: `admin`.
    #[arg(long, default_value = "")]
    pub scope: String,
    /// Token lifetime.
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = parse_duration)]
    pub ttl: Duration,
}

/// The options of `tidings status`.
#[derive(Debug, Clone, Args)]
pub struct StatusArgs {
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// The options of `tidings import`.
#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// JSON Lines file or Matrix JSON export (plain, .gz or .zst), or directory of an unpacked
    /// Slack export.
    #[arg(value_name = "PATH")]
    pub file: PathBuf,
    /// URL of the system to import into [default: the one that runs on the data directory].
    #[arg(long, requires = "token")]
    pub url: Option<String>,
    /// Admin token [default: signed with the secret of the data directory].
    #[arg(long, env = "TIDINGS_TOKEN", hide_env_values = true)]
    pub token: Option<TokenText>,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// A token from the command line or the environment; masked when printed.
pub type TokenText = crate::secret::SecretString;

/// The options of `tidings search`.
#[derive(Debug, Clone, Args)]
pub struct SearchArgs {
    /// Search query, in the query language of `GET /v1/search`.
    #[arg(required = true)]
    pub query: Vec<String>,
    /// Search as this user, who finds only what they can see.
    #[arg(long, value_name = "USER")]
    pub r#as: Option<String>,
    /// Maximum number of hits.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub limit: u16,
    /// Order of the hits.
    #[arg(long, value_name = "ORDER", default_value = "relevance")]
    pub sort: SearchOrder,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// The order of search hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SearchOrder {
    /// Best match first.
    Relevance,
    /// Most recently sent first.
    Newest,
}

/// The subcommands of `tidings servers`.
#[derive(Debug, Clone, Subcommand)]
pub enum ServersCommand {
    /// Fetch the pinned servers into the cache, unless they are already there.
    Fetch,
    /// Print the paths of the server programs that would be used.
    Path,
    /// Diagnose which server programs are found, and why others cannot be used.
    Doctor,
    /// Run a command with embedded servers; their addresses are in DATABASE_URL and NATS_URL.
    Run {
        /// Command to run, with its arguments.
        #[arg(trailing_var_arg = true, required = true, value_name = "COMMAND")]
        command: Vec<std::ffi::OsString>,
    },
}

/// Parses a human-readable duration: `7d`, `90s`, `1h 30m`.
fn parse_duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(std::iter::once("tidings").chain(args.iter().copied()))
    }

    #[test]
    fn the_command_line_definition_is_valid() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_are_accepted_before_and_after_the_command() {
        for args in [["--data", "/d", "up"], ["up", "--data", "/d"]] {
            assert_eq!(
                parse(&args).expect("the arguments parse").config.data,
                PathBuf::from("/d")
            );
        }
    }

    #[test]
    fn durations_are_human_readable() {
        let cli = parse(&["up", "--offline-window", "1d 12h"]).expect("the arguments parse");
        assert_eq!(cli.config.offline_window, Duration::from_secs(36 * 3600));
        assert!(parse(&["up", "--offline-window", "soon"]).is_err());
    }

    #[test]
    fn sealing_can_be_disabled_and_seals_can_be_delivered() {
        let seals = |args: &[&str]| parse(&[&["up"], args].concat()).map(|cli| cli.config.seals);
        assert_eq!(
            seals(&["--seal-every", "2s"])
                .expect("the arguments parse")
                .seal_every,
            SealInterval::AtMost(Duration::from_secs(2))
        );
        assert_eq!(
            seals(&["--seal-every", "off"])
                .expect("the arguments parse")
                .seal_every,
            SealInterval::Off
        );
        let url = ["--seal-webhook", "https://a.example/seals"];
        assert!(seals(&url).is_err(), "a seal webhook needs a secret");
        let secret = ["--seal-webhook-secret", "whsec_x"];
        assert!(seals(&[url, secret].concat()).is_ok());
    }

    #[test]
    fn invalid_invocations_are_rejected() {
        for args in [
            &["up", "--listen", "8080"][..],
            &["up", "--fanout-threshold", "-1"],
            &["up", "--auth-public-key", "a", "--auth-jwks", "b"],
            &["import", "f", "--url", "http://x"],
            &["status", "--nonsense"],
            &["nonsense"],
        ] {
            let error = parse(args).expect_err("the invocation is invalid");
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
        .expect("the arguments parse");
        assert!(!format!("{cli:?}").contains("s3cret"));
    }
}
