//! All flags and environment variables. A flag takes precedence over its variable, and the variable
//! over the default. There is no configuration file but `.env`, which sets variables.
//!
//! - `environment`: reads `.env`, and finds variables that are no settings.
//! - `cli`: the command line, with the options of the smaller commands. `help`: what the help of a
//!   command shows.
//! - `system`: the options that all commands share, and what follows from them. `defaults`: where
//!   systems are. `services`: which services a command runs.
//! - `accounts`, `analytics`, `backup`, `erase`, `files`, `log`, `psql`, `push`, `rebuild`,
//!   `webhooks`: the options of these commands, and of what they operate. `given`: the settings
//!   that were given.
//! - `rules`: the options of `tidings switch` and `tidings moderation`. `jwks_url`: where keys of
//!   tokens are fetched from.
//! - `questions`: the options of commands that answer questions about messages. `limits`: the
//!   limits of the domain rules. `trace_export`: where traces of requests are sent.
//! - `usage`: explains wrong invocations. `ports`: TLS and the port of the metrics. `parse`: the
//!   formats of values. `confirm`: how a command that destroys something is confirmed.

#![deny(missing_docs)]

mod accounts;
mod analytics;
mod backup;
mod cli;
mod confirm;
mod defaults;
mod environment;
mod erase;
mod files;
mod given;
mod help;
mod idle_syncs;
mod jwks_url;
mod limits;
mod log;
mod parse;
mod people;
mod ports;
mod psql;
mod push;
mod questions;
mod rebuild;
mod rules;
mod services;
mod system;
mod trace_export;
mod usage;
mod user;
mod webhooks;

pub use accounts::{AccountArgs, AccountCommand, AccountPasswordArgs, AccountsMode};
pub use analytics::AnalyticsCommand;
pub use backup::{BackupArgs, RestoreArgs};
pub use cli::{
    Cli, CliCommand, CompletionsArgs, DemoArgs, DoctorArgs, ImportArgs, ManArgs, SearchArgs,
    SearchOrder, ServersCommand, StatusArgs, TokenArgs, UpArgs,
};
pub use confirm::ConfirmArgs;
pub use defaults::{
    DEFAULT_DATA, DEFAULT_LISTEN_COMMAND_SVC, DEFAULT_LISTEN_DEMO, DEFAULT_LISTEN_DISPATCHER,
    DEFAULT_LISTEN_PROJECTOR, DEFAULT_LISTEN_QUERY_API, DEFAULT_LISTEN_UP,
};
pub use environment::{load_file, unknown_variables};
pub use erase::{EraseCommand, ExportUserArgs, OutputArgs, RetentionArgs};
pub use files::FileArgs;
pub use given::given_settings;
pub use help::arrange as arrange_help;
pub use idle_syncs::IdleSyncsArg;
pub use jwks_url::JwksUrl;
pub use limits::LimitArgs;
pub use log::{
    EventFilterArgs, LogCommand, LogExportArgs, LogReplayArgs, LogStatsArgs, LogTailArgs,
    LogVerifyArgs, SealArgs, SealInterval,
};
pub use ports::PortArgs;
pub use psql::{PsqlArgs, RowFormatArg};
pub use push::PushArgs;
pub use questions::{
    ExplainArgs, LogLoadArgs, LogUnreadArgs, TraceArgs, UnreadGroupingArg, UnreadIntervalArg,
};
pub use rebuild::{RebuildAction, RebuildArgs, RebuildSource, VerifyArgs};
pub use rules::{ListAction, ModerationCommand, ResolveArgs, SetListArgs, SwitchCommand};
pub use services::Services;
pub use system::{AuthArgs, LogFormat, Switch, SystemConfig};
pub use trace_export::TraceExportArgs;
pub use usage::explain as explain_usage;
pub use user::{UserCommand, UserKindArg, UserRestrictArgs, UserSetArgs};
pub use webhooks::{WebhookAddArgs, WebhookArgs, WebhookListArgs, WebhooksCommand};
