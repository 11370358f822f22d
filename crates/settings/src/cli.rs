//! The command line: the commands, and the options of the smaller ones.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use data_dir::SecretString;
use http_edge::auth::{MODERATOR_SCOPE, SERVICE_SCOPE};
use http_edge::extract::describe_unknown;

use super::accounts::AccountCommand;
use super::analytics::AnalyticsCommand;
use super::backup::{BackupArgs, RestoreArgs};
use super::erase::{EraseCommand, ExportUserArgs};
use super::log::LogCommand;
use super::parse::parse_duration;
use super::psql::PsqlArgs;
use super::questions::{ExplainArgs, TraceArgs};
use super::rebuild::{RebuildArgs, VerifyArgs};
use super::rules::{ModerationCommand, SwitchCommand};
use super::system::SystemConfig;
use super::user::UserCommand;
use super::webhooks::WebhooksCommand;

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

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum CliCommand {
    /// Run all services in one process, on one port.
    Up(UpArgs),
    /// Run a small company in a directory of its own, to see in a minute what Tidings is.
    Demo(DemoArgs),
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
    /// Open local accounts, reset their passwords, and close them.
    #[command(subcommand)]
    Account(AccountCommand),
    /// Examine the servers, and name the settings, rights, versions and clocks that hurt.
    Doctor(DoctorArgs),
    /// Show system status.
    Status(StatusArgs),
    /// Import messages from a file into a running system.
    Import(ImportArgs),
    /// Permanently erase content: a message, a conversation, or everything that a user has sent.
    #[command(subcommand)]
    Erase(EraseCommand),
    /// Export all data about a user as JSON Lines.
    ExportUser(ExportUserArgs),
    /// Back up the log, the webhooks, the keys and the settings, while the system serves.
    Backup(BackupArgs),
    /// Restore a backup into a new database.
    Restore(RestoreArgs),
    /// Rebuild the read models or the search index online, while the old ones stay in service.
    Rebuild(RebuildArgs),
    /// Verify the read models or the search index against a fresh rebuild.
    Verify(VerifyArgs),
    /// Search all messages, or those that a given user can see.
    Search(SearchArgs),
    /// Trace a message: stored, mirrored, projected, indexed, sealed, delivered, read, notified.
    Trace(TraceArgs),
    /// Explain why a user sees a message or not.
    Explain(ExplainArgs),
    /// Query the database in a session that can only read.
    Psql(PsqlArgs),
    /// Decide who can read the views for analysts.
    #[command(subcommand)]
    Analytics(AnalyticsCommand),
    /// Read, export, verify and replay the event log.
    #[command(subcommand)]
    Log(LogCommand),
    /// Show, set up, deactivate and log out users.
    #[command(subcommand)]
    User(UserCommand),
    /// Manage webhooks.
    #[command(subcommand)]
    Webhooks(WebhooksCommand),
    /// Switch features of the running system off and on.
    #[command(subcommand)]
    Switch(SwitchCommand),
    /// Manage the word lists of the running system, and show its legal holds.
    #[command(subcommand)]
    Moderation(ModerationCommand),
    /// Manage the embedded servers.
    #[command(subcommand)]
    Servers(ServersCommand),
    /// Print a completion script for a shell.
    Completions(CompletionsArgs),
    /// Print the manual page.
    Man(ManArgs),
}

/// The options of `tidings up`.
#[derive(Debug, Clone, Args)]
pub struct UpArgs {
    /// Print a token for this user to standard output once the system is ready.
    #[arg(long, value_name = "USER")]
    pub print_token: Option<String>,
}

/// The options of `tidings demo`.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// Open the chat in a browser, if there is a display.
    #[arg(long)]
    pub open: bool,
    /// Nobody talks after the history is there.
    #[arg(long)]
    pub silent: bool,
}

/// The options of `tidings token`.
#[derive(Debug, Clone, Args)]
pub struct TokenArgs {
    /// User that the token is for: 1 to 128 characters.
    pub user: String,
    /// Scopes beyond the user's own data, separated by spaces: `admin` (or what --auth-admin-scope
    /// names instead), `moderator`, `service`.
    #[arg(long, default_value = "")]
    pub scope: String,
    /// Token lifetime.
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = parse_duration)]
    pub ttl: Duration,
}

impl TokenArgs {
    /// A note for each scope that opens nothing here. It may be another application's, or
    /// misspelled.
    pub fn describe_unknown_scopes(&self, admin_scope: &str) -> Vec<String> {
        let known = [admin_scope, MODERATOR_SCOPE, SERVICE_SCOPE];
        let scopes = self.scope.split_ascii_whitespace();
        let unknown = scopes.filter(|scope| !known.contains(scope));
        unknown
            .map(|scope| {
                let hint = describe_unknown(scope, &known);
                format!("the scope {scope:?} opens nothing here: {hint}")
            })
            .collect()
    }
}

/// The options of `tidings completions`.
#[derive(Debug, Clone, Args)]
pub struct CompletionsArgs {
    /// The shell.
    pub shell: Shell,
}

/// The options of `tidings man`.
#[derive(Debug, Clone, Args)]
pub struct ManArgs {
    /// Write the pages of all commands into this directory, which must exist.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// The options of `tidings doctor`.
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// The options of `tidings status`.
#[derive(Debug, Clone, Args)]
pub struct StatusArgs {
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Show rates, lags, connections and errors on the whole terminal, until q ends it.
    #[arg(long, conflicts_with = "json")]
    pub watch: bool,
}

/// The options of `tidings import`.
#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// JSON Lines file, or export of Slack, Mattermost, Rocket.Chat, Zulip, Discord, Telegram,
    /// WhatsApp or Matrix: a file (plain, .gz or .zst) or an unpacked directory.
    #[arg(value_name = "PATH")]
    pub file: PathBuf,
    /// File that maps users to user ids: CSV with two columns, or a JSON object.
    #[arg(long, value_name = "MAP")]
    pub users: Option<PathBuf>,
    /// Prefix for the ids of all users who are not in the map, such as `irc:`.
    #[arg(long)]
    pub prefix: Option<String>,
    /// Name of the source, instead of what the input says about it. Imports with the same name add
    /// to the same conversations.
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub source: Option<String>,
    /// URL of the system to import into [default: the one that runs on the data directory].
    #[arg(long, requires = "token")]
    pub url: Option<String>,
    /// Admin token [default: signed with the secret of the data directory].
    #[arg(long, env = "TIDINGS_TOKEN", hide_env_values = true)]
    pub token: Option<SecretString>,
    /// Only read the input: print what would be imported and left out, and which users of the
    /// input exist already. Needs the database (--data or --database-url).
    #[arg(long, conflicts_with = "url")]
    pub dry_run: bool,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}

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
    /// Newest in the log first; imported messages have the place of their import.
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
    /// Print the addresses of the servers of the running system as lines for a shell, or run a
    /// command with them in DATABASE_URL and NATS_URL.
    Env {
        /// Command to run, with its arguments, after `--`.
        #[arg(last = true, value_name = "COMMAND")]
        command: Vec<std::ffi::OsString>,
    },
    /// Run a command with embedded servers; their addresses are in DATABASE_URL and NATS_URL.
    Run {
        /// Command to run, with its arguments.
        #[arg(trailing_var_arg = true, required = true, value_name = "COMMAND")]
        command: Vec<std::ffi::OsString>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_that_opens_nothing_is_named_with_the_nearest_one() {
        let notes = |scope: &str, admin_scope: &str| {
            let args = TokenArgs {
                user: "ann".into(),
                scope: scope.into(),
                ttl: Duration::from_secs(60),
            };
            args.describe_unknown_scopes(admin_scope)
        };
        assert!(notes("root moderator", "root").is_empty());
        assert_eq!(
            notes("amdin", "admin"),
            ["the scope \"amdin\" opens nothing here: unknown; did you mean admin?"]
        );
    }
}
