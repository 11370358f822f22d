//! `tidings up`: runs all services in one process, on one port, and starts embedded servers unless
//! external ones are configured.

use std::fmt::Write as _;
use std::path::{self, Path};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use data_dir::{RunInfo, TokenKeys, UsageError};
use domain::ids::UserId;
use domain::time::Timestamp;
use embedded_servers::EmbeddedServers;
use service::ports::ServicePorts;
use service::{ServerVersions, ServiceSetup, StartReport, signals};
use settings::{DEFAULT_LISTEN_UP, Services, SystemConfig, UpArgs};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use crate::output::out;

/// The lifetime of the printed token.
const PRINTED_TOKEN_TTL: Duration = Duration::from_secs(30 * 24 * 3600);

/// Runs the system until a signal.
pub async fn run(config: &SystemConfig, args: &UpArgs) -> Result<()> {
    let stop = signals::cancel_on_signal()?;
    // Check everything that does not need the servers before starting them.
    let keys = config.load_token_keys()?;
    let token = args
        .print_token
        .as_deref()
        .map(|user| sign_token(config, &keys, user))
        .transpose()?;
    let can_sign = keys.signing_secret().is_ok();
    let data = config.data_dir();
    run_system(config, DEFAULT_LISTEN_UP, keys, stop, |running, started| {
        let token = token.as_ref().map(|token| (args, token.as_str()));
        print(&format_welcome(
            running,
            data.path(),
            started,
            token,
            can_sign,
        ));
    })
    .await
}

/// Starts the servers and all services, calls `on_open` once they answer, and runs them until
/// `stop` is cancelled.
pub(super) async fn run_system(
    config: &SystemConfig,
    default_listen: &str,
    keys: TokenKeys,
    stop: CancellationToken,
    on_open: impl FnOnce(&RunInfo, &StartReport),
) -> Result<()> {
    let auth = keys.to_auth(config.auth.policy())?;
    let ports = ServicePorts::bind(config, default_listen).await?;
    let address = ports.address()?;
    let tls_cert = config.ports.tls_cert.as_ref().map(path::absolute);
    let Some(servers) = start_servers(config, &stop).await? else {
        return Ok(());
    };
    let mut running = RunInfo {
        pid: std::process::id(),
        is_starting: true,
        address,
        tls_cert: tls_cert.transpose()?,
        database_url: servers.database_url.clone(),
        nats_url: servers.nats_url.clone(),
        servers: describe_private_servers(&servers),
        webhook_allow: describe_networks(config),
        started_at: Timestamp::from(OffsetDateTime::now_utc()),
    };
    let announced = config.data_dir().write_run_file(&running)?;
    let setup = ServiceSetup {
        config: config.clone(),
        services: Services::ALL,
        ports,
        database_url: running.database_url.clone(),
        nats_url: running.nats_url.clone(),
        nats_restart: servers.nats_restart(),
        keys,
        auth,
    };
    let welcome = |started: StartReport| {
        running.is_starting = false;
        if let Err(error) = announced.replace(&running) {
            tracing::warn!(error = format!("{error:#}"), "cannot announce the start");
        }
        on_open(&running, &started);
    };
    let outcome = Box::pin(service::run(setup, stop, welcome)).await;
    drop(announced);
    tokio::task::spawn_blocking(|| servers.stop())
        .await
        .context("the thread that stops the servers panicked")?;
    outcome
}

/// Starts the servers that are not configured. Returns `None` if a signal arrives first; servers
/// that have started by then end with the process.
async fn start_servers(
    config: &SystemConfig,
    stop: &CancellationToken,
) -> Result<Option<EmbeddedServers>> {
    let options = config.server_options();
    let starting = tokio::task::spawn_blocking(move || embedded_servers::start(&options));
    tokio::select! {
        servers = starting => match servers.context("the thread that starts the servers panicked")? {
            Ok(servers) => Ok(Some(servers)),
            Err(error) => Err(anyhow!(error)),
        },
        () = stop.cancelled() => Ok(None),
    }
}

fn describe_private_servers(servers: &EmbeddedServers) -> Vec<String> {
    let line = |name: &str, program: &Option<embedded_servers::find::ServerProgram>| {
        program
            .as_ref()
            .map(|program| format!("{name} {} ({})", program.version, program.origin))
    };
    [
        line("Postgres", &servers.postgres),
        line("nats-server", &servers.nats),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn describe_networks(config: &SystemConfig) -> Vec<String> {
    let networks = config.webhooks.webhook_allow.iter();
    networks.map(ToString::to_string).collect()
}

fn sign_token(config: &SystemConfig, keys: &TokenKeys, user: &str) -> Result<String> {
    let user =
        UserId::parse(user).map_err(|error| UsageError(format!("--print-token: {error}")))?;
    keys.sign(&config.auth.policy(), user.as_str(), "", PRINTED_TOKEN_TTL)
}

fn format_welcome(
    running: &RunInfo,
    data: &Path,
    started: &StartReport,
    token: Option<(&UpArgs, &str)>,
    can_sign: bool,
) -> String {
    let base = running.base_url();
    let servers = describe_all_servers(running, &started.versions);
    let mut text = format!(
        "Tidings {} is up at {base}\n  API docs  {base}/docs\n  servers   {servers}\n  data      {}\n",
        env!("CARGO_PKG_VERSION"),
        data.display(),
    );
    if let Some(code) = &started.setup_code {
        // Behind the `#`, so that it is in no log of requests.
        let _ = writeln!(text, "  setup     {base}/ops#setup={}", code.reveal());
    }
    let data = data.display();
    // Writing to a String cannot fail.
    let _ = match token {
        Some((args, token)) => {
            let user = args.print_token.as_deref().unwrap_or_default();
            write!(
                text,
                "  token     {token}\n            (user {user}, 30 days)\n  try       curl -H 'Authorization: Bearer {token}' {base}/v1/inbox\n",
            )
        }
        None if can_sign => writeln!(text, "  token     tidings token USER --data {data}"),
        None => Ok(()),
    };
    text
}

/// Describes the embedded servers, and external ones with the version that they report.
fn describe_all_servers(running: &RunInfo, versions: &ServerVersions) -> String {
    let mut servers = running.servers.clone();
    for (name, version) in [
        ("Postgres", &versions.postgres),
        ("nats-server", &versions.nats),
    ] {
        if !servers.iter().any(|server| server.starts_with(name)) {
            let version = version.as_deref().unwrap_or("(not reachable yet)");
            servers.push(format!("{name} {version}"));
        }
    }
    servers.join(", ")
}

/// Prints to standard output. A closed reader is only logged, so that the system keeps running.
pub(super) fn print(text: &str) {
    if let Err(error) = out!("{text}") {
        tracing::warn!(%error, "cannot announce the address");
    }
}
