//! The options that all commands share, and what follows from them.

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use data_dir::{DataDir, ServerUrl, ServerUrls, TokenKeyFiles, TokenKeys, UsageError};
use embedded_servers::ServerOptions;
use event_stream::mirror::MirrorConfig;
use http_edge::Origin;
use http_edge::auth::TokenPolicy;
use projector::ProjectorConfig;
use search::index::IndexDir;

use super::accounts::{AccountArgs, AccountsMode};
use super::defaults::DEFAULT_DATA;
use super::erase::RetentionArgs;
use super::files::FileArgs;
use super::idle_syncs::IdleSyncsArg;
use super::jwks_url::JwksUrl;
use super::limits::LimitArgs;
use super::log::SealArgs;
use super::parse::parse_duration;
use super::people::PeopleArgs;
use super::ports::PortArgs;
use super::push::PushArgs;
use super::trace_export::TraceExportArgs;
use super::webhooks::WebhookArgs;

/// The options that all commands share.
#[derive(Debug, Clone, Args)]
pub struct SystemConfig {
    /// Data directory of the embedded servers, the keys and the search index.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_DATA",
        value_name = "DIR",
        default_value = DEFAULT_DATA
    )]
    pub data: PathBuf,

    /// Listen address [default: 127.0.0.1:8080; command-svc 8081, query-api 8082, projector 8083,
    /// dispatcher 8084].
    #[arg(long, global = true, env = "TIDINGS_LISTEN", value_name = "ADDR:PORT")]
    pub listen: Option<SocketAddr>,

    /// How the ports are served.
    #[command(flatten)]
    pub ports: PortArgs,

    /// Postgres to use, version 15 to 18 [default: an embedded one in the data directory].
    #[arg(
        long,
        global = true,
        env = "DATABASE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub database_url: Option<ServerUrl>,

    /// A standby of that Postgres, which this process reads to answer queries [default: the
    /// primary].
    #[arg(
        long,
        global = true,
        env = "TIDINGS_READ_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub read_url: Option<ServerUrl>,

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

    /// How local accounts are opened.
    #[command(flatten)]
    pub local_accounts: AccountArgs,

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

    /// Maximum number of live connections of one user; 0 for no limit.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_MAX_LIVE_PER_USER",
        value_name = "N",
        default_value_t = query_api::live::MAX_LIVE_PER_USER
    )]
    pub max_live_per_user: usize,

    /// Maximum number of queries of one user at a time, without live connections; 0 for no limit.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_MAX_REQUESTS",
        value_name = "N",
        default_value_t = http_edge::DEFAULT_REQUESTS_PER_USER
    )]
    pub max_requests: usize,

    /// Maximum memory in bytes for answers that clients have not read; at least 4 MiB.
    #[arg(long, global = true, env = "TIDINGS_MAX_ANSWER_BYTES", value_name = "BYTES",
        default_value_t = 268_435_456,
        value_parser = clap::value_parser!(u64).range(4_194_304..))]
    pub max_answer_bytes: u64,

    /// What answers a sync that finds nothing new: memory where it can know, the database, or the
    /// database with a comparison of both (`verify`).
    #[arg(
        long,
        global = true,
        env = "TIDINGS_IDLE_SYNCS",
        value_name = "memory|database|verify",
        default_value = "memory"
    )]
    pub idle_syncs: IdleSyncsArg,

    /// Origins of the web pages that may call this API, such as `https://chat.example.com`, or `*`
    /// for any. `up` also allows pages of this machine.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_ALLOWED_ORIGINS",
        value_name = "ORIGIN",
        value_delimiter = ','
    )]
    pub allowed_origins: Vec<Origin>,

    /// Who can see whom.
    #[command(flatten)]
    pub people: PeopleArgs,

    /// Where files are, and how large they may be.
    #[command(flatten)]
    pub files: FileArgs,

    /// How the log is sealed.
    #[command(flatten)]
    pub seals: SealArgs,

    /// How long messages are retained.
    #[command(flatten)]
    pub retention: RetentionArgs,

    /// How webhooks are delivered.
    #[command(flatten)]
    pub webhooks: WebhookArgs,

    /// How pushes are delivered.
    #[command(flatten)]
    pub push: PushArgs,

    /// Directory of the search index. Each query-api has its own; several on one machine can share
    /// one [default: DATA/search].
    #[arg(long, global = true, env = "TIDINGS_SEARCH_DIR", value_name = "DIR")]
    pub search_dir: Option<PathBuf>,

    /// Whether this process maintains the search index in its directory [default: on where queries
    /// are served].
    #[arg(long, global = true, env = "TIDINGS_INDEXER", value_name = "on|off")]
    pub indexer: Option<Switch>,

    /// Name of the JetStream stream; must differ between systems that share a nats-server.
    #[arg(long, global = true, env = "TIDINGS_STREAM", value_name = "NAME")]
    pub stream: Option<String>,

    /// Number of nodes of a NATS cluster that have a copy of the stream [default: 3, or as many as
    /// there are].
    #[arg(long, global = true, env = "TIDINGS_STREAM_REPLICAS", value_name = "N",
        value_parser = clap::value_parser!(u8).range(1..=5))]
    pub stream_replicas: Option<u8>,

    /// How long the stream may be without a leader before it is recreated from the log.
    #[arg(long, global = true, env = "TIDINGS_STREAM_RECREATE_AFTER", value_name = "DURATION", default_value = "60s",
        value_parser = parse_duration)]
    pub stream_recreate_after: Duration,

    /// Directory with the programs of the embedded Postgres [default: found or fetched].
    #[arg(long, global = true, env = "TIDINGS_PG_BIN", value_name = "DIR")]
    pub pg_bin: Option<PathBuf>,

    /// Program of the embedded nats-server [default: found or fetched].
    #[arg(long, global = true, env = "TIDINGS_NATS_BIN", value_name = "FILE")]
    pub nats_bin: Option<PathBuf>,

    /// Port of the embedded nats-server on this machine, for programs that read the stream
    /// [default: one that is free, another at each start].
    #[arg(long, global = true, env = "TIDINGS_NATS_PORT", value_name = "PORT")]
    pub nats_port: Option<NonZeroU16>,

    /// Log filter, such as `info` or `service=debug,info`.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_LOG",
        value_name = "FILTER",
        default_value = "info"
    )]
    pub log: String,

    /// Log a line for each request but probes: method, path without query, status, duration.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_LOG_REQUESTS",
        value_name = "on|off",
        num_args = 0..=1,
        require_equals = true,
        default_value = "off",
        default_missing_value = "on"
    )]
    pub log_requests: Switch,

    /// Log format; logs go to standard error.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "text"
    )]
    pub log_format: LogFormat,

    /// Where traces of requests are sent.
    #[command(flatten)]
    pub traces: TraceExportArgs,
}

/// A setting that is on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

impl SystemConfig {
    /// Whether a process that serves queries, or does not, maintains the search index.
    pub fn maintains_index(&self, serves_queries: bool) -> bool {
        match self.indexer {
            Some(switch) => switch == Switch::On,
            None => serves_queries,
        }
    }

    /// The directory of the search index.
    pub fn index_dir(&self) -> IndexDir {
        let default = || self.data.join("search");
        IndexDir::new(self.search_dir.clone().unwrap_or_else(default))
    }

    /// The data directory.
    pub fn data_dir(&self) -> DataDir {
        DataDir::new(&self.data)
    }

    /// Refuses an address whose password is not escaped. Its host would be a part of the password.
    pub fn check_addresses(&self) -> Result<(), UsageError> {
        for (name, url) in [
            ("--database-url (DATABASE_URL)", &self.database_url),
            ("--nats-url (NATS_URL)", &self.nats_url),
        ] {
            if url.as_ref().is_some_and(ServerUrl::has_unescaped_user) {
                return Err(UsageError(format!(
                    "the user name or the password in {name} contains / or #: write / as %2F, # as \
                     %23, @ as %40, ? as %3F and % as %25"
                )));
            }
        }
        Ok(())
    }

    /// The configured addresses of the servers.
    pub fn server_urls(&self) -> ServerUrls {
        let reveal = |url: &ServerUrl| url.reveal().to_owned();
        ServerUrls {
            database: self.database_url.as_ref().map(reveal),
            nats: self.nats_url.as_ref().map(reveal),
        }
    }

    /// The options of the embedded servers.
    pub fn server_options(&self) -> ServerOptions {
        let urls = self.server_urls();
        ServerOptions {
            data: self.data.clone(),
            fsync: true,
            pg_bin: self.pg_bin.clone(),
            nats_bin: self.nats_bin.clone(),
            database_url: urls.database,
            nats_url: urls.nats,
            nats_password: true,
            nats_port: self.nats_port,
            fetch: true,
        }
    }

    /// Loads the keys of tokens; creates a secret if no key is configured and none exists.
    pub fn load_token_keys(&self) -> anyhow::Result<TokenKeys> {
        TokenKeys::load(&self.token_key_files(), &self.data_dir())
    }

    /// Loads the keys of tokens for a command that does not start a system. Returns a
    /// [`UsageError`](data_dir::UsageError) if no key is configured and none exists.
    pub fn load_existing_token_keys(&self) -> anyhow::Result<TokenKeys> {
        let keys = TokenKeys::load_existing(&self.token_key_files(), &self.data_dir())?;
        keys.ok_or_else(|| self.data_dir().no_system_error().into())
    }

    /// The configured files with keys of tokens.
    pub fn token_key_files(&self) -> TokenKeyFiles {
        TokenKeyFiles {
            public_key: self.auth.auth_public_key.clone(),
            jwks: self.auth.auth_jwks.clone(),
            jwks_url: self.auth.auth_jwks_url.as_ref().map(JwksUrl::to_string),
        }
    }

    /// Who can open a local account. A whole system without a configured key is one that somebody
    /// has just started to try, so its accounts are open.
    pub fn accounts_mode(&self, is_whole_system: bool) -> AccountsMode {
        let is_unconfigured = || is_whole_system && !self.token_key_files().is_key_configured();
        match self.local_accounts.accounts {
            Some(mode) => mode,
            None if is_unconfigured() => AccountsMode::Open,
            None => AccountsMode::Off,
        }
    }

    /// The file of the key that signs seals.
    pub fn seal_key_path(&self) -> PathBuf {
        let default = || self.data_dir().seal_key_path();
        self.seals.seal_key.clone().unwrap_or_else(default)
    }

    /// The configuration of the mirror in JetStream.
    pub fn mirror_config(&self) -> MirrorConfig {
        let named = self.stream.as_deref().map(MirrorConfig::named);
        MirrorConfig {
            replicas: self.stream_replicas.map(usize::from),
            recreate_after: self.stream_recreate_after,
            ..named.unwrap_or_default()
        }
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

    /// Address of a JWKS document with the public keys that verify tokens: https, or http to this
    /// machine.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_AUTH_JWKS_URL",
        value_name = "URL",
        conflicts_with_all = ["auth_public_key", "auth_jwks"]
    )]
    pub auth_jwks_url: Option<JwksUrl>,

    /// How often that document is fetched, unless its Cache-Control says otherwise.
    #[arg(long, global = true, env = "TIDINGS_AUTH_JWKS_REFRESH", value_name = "DURATION", default_value = "10m",
        value_parser = parse_duration)]
    pub auth_jwks_refresh: Duration,

    /// Names of this application, one of which a token must have in `aud` [default: any].
    #[arg(
        long,
        global = true,
        env = "TIDINGS_AUTH_AUDIENCE",
        value_name = "NAME",
        value_delimiter = ','
    )]
    pub auth_audience: Vec<String>,

    /// Issuer that a token must have in `iss` [default: any].
    #[arg(long, global = true, env = "TIDINGS_AUTH_ISSUER", value_name = "NAME")]
    pub auth_issuer: Option<String>,

    /// Scope that makes the user of a token an administrator.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_AUTH_ADMIN_SCOPE",
        value_name = "SCOPE",
        default_value = "admin"
    )]
    pub auth_admin_scope: String,
}

impl AuthArgs {
    /// What a token must claim. An empty variable counts as none.
    pub fn policy(&self) -> TokenPolicy {
        let is_given = |name: &&String| !name.is_empty();
        TokenPolicy {
            audiences: self
                .auth_audience
                .iter()
                .filter(is_given)
                .cloned()
                .collect(),
            issuer: self.auth_issuer.as_ref().filter(is_given).cloned(),
            admin_scope: self.auth_admin_scope.clone(),
        }
    }
}

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Human-readable lines.
    Text,
    /// One JSON object per line.
    Json,
}
