//! The composition root: assembles, runs and stops one service or all of them in this process.
//!
//! The modules, in the order of a start:
//!
//! - [`start_report`]: what is known once the services have started.
//! - `origins`: whose pages may call the API. `place`: the pages, and what they say about the
//!   place.
//! - [`ports`]: where the services listen. [`pools`]: their connections to Postgres.
//! - [`readiness`]: the readiness checks.
//! - `hook`: the service that checks messages.
//! - [`acks`]: executes the acknowledgements of live connections as commands.
//! - `push_setup`: how this process delivers pushes.
//! - `mirror_repair`: restarts an embedded nats-server that stores nothing.
//! - `background`: the background tasks. [`tasks`]: groups of tasks. [`gauges`]: metrics that are
//!   sampled at an interval.
//! - `rulebook`: keeps the rules of the deployment current. `shedding`: sheds load.
//! - `profile_sight`: tells commands who can see whose profile.
//! - `token_keys`: rereads the keys of tokens when their files change. `jwks`: fetches them from an
//!   address.
//! - [`signals`]: the signals that stop the process.

#![deny(missing_docs)]

pub mod acks;
mod background;
mod desks;
pub mod gauges;
mod hook;
mod jwks;
mod mirror_repair;
mod origins;
mod place;
pub mod pools;
pub mod ports;
mod profile_sight;
mod push_setup;
pub mod readiness;
mod rulebook;
mod shedding;
pub mod signals;
pub mod start_report;
pub mod tasks;
mod token_keys;

use std::sync::Arc;
use std::time::{Duration, Instant};

use access::SharedAccess;
use accounts_api::TokenIssuer;
use anyhow::{Context as _, Result, anyhow};
use axum::Router;
use axum::middleware::from_fn_with_state;
use command_svc::CommandState;
use connectivity::OutageLog;
use data_dir::retry::{self, RetryError};
use data_dir::{ServerUrl, TokenKeys, UsageError, postgres};
use diagnostics::fetch_postgres_version;
use embedded_servers::{ServerRestart, process};
use event_log::reader::LogReader;
use event_log::{EventLog, LogConfig, LogError};
use event_stream::commit_feed::CommitFeed;
use event_stream::mirror::MirrorConfig;
use event_stream::mirror_health::MirrorHealth;
use event_stream::nats;
use file_store::Previews;
use http_edge::gate::{self, Gate};
use http_edge::{Auth, EdgeConfig, KnownParameters, RateLimiter, apply_middleware, docs, ops};
use moderation::LiveRulebook;
use projector::InProcessChannels;
use push::{PushConfig, PushRegistry};
use query_api::{QuerySetup, QueryState};
use read_model::projection_signal::ProjectionSignalChannel;
use settings::{SealInterval, Services, Switch, SystemConfig};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use traces::SpanExport;
use utoipa_axum::router::OpenApiRouter;

use acks::CommandAcks;
use audit::AccessRecorder;
use gauges::GaugeSources;
use pools::Pools;
use ports::ServicePorts;
use readiness::StartupState;
pub use start_report::{ServerVersions, StartReport};
use tasks::TaskGroup;
use token_keys::TokenKeyReload;

/// How long to wait for background tasks to end: long enough for one batch of the projector.
const BACKGROUND_STOP_TIMEOUT: Duration = Duration::from_secs(15);

/// File descriptors reserved for everything except client connections: Postgres, NATS, the search
/// index.
const RESERVED_FILES: u64 = 300;

/// The inputs of [`run`].
pub struct ServiceSetup {
    /// The configuration.
    pub config: SystemConfig,
    /// The services to run.
    pub services: Services,
    /// Where they listen.
    pub ports: ServicePorts,
    /// The address of Postgres. May contain a password.
    pub database_url: String,
    /// The address of NATS. May contain a password.
    pub nats_url: String,
    /// Restarts the embedded nats-server, if there is one.
    pub nats_restart: Option<ServerRestart>,
    /// The keys of tokens, as they were at the start.
    pub keys: TokenKeys,
    /// The verifier of tokens, with these keys.
    pub auth: Auth,
}

/// The shared parts of a running service.
struct ServiceRuntime {
    config: SystemConfig,
    /// The address of Postgres. May contain a password.
    database_url: String,
    services: Services,
    auth: Auth,
    issuer: TokenIssuer,
    access: SharedAccess,
    edge: EdgeConfig,
    mirror: MirrorConfig,
    mirror_health: MirrorHealth,
    pools: Pools,
    nats: async_nats::Client,
    nats_restart: Option<ServerRestart>,
    startup: Arc<StartupState>,
    /// Cancelled first: the port stops accepting requests.
    draining: CancellationToken,
    /// Cancelled once all requests have been answered and their events have been written:
    /// background tasks end.
    background_shutdown: CancellationToken,
}

/// Runs the services until `stop` is cancelled, then answers the requests that have arrived, writes
/// the queued events, and returns. Calls `on_open` once the gate is open. Returns an error that
/// names the task if one ends unexpectedly.
pub async fn run(
    setup: ServiceSetup,
    stop: CancellationToken,
    on_open: impl FnOnce(StartReport),
) -> Result<()> {
    let metrics = ops::install_recorder().context("cannot install the metrics recorder")?;
    check_open_file_limit(setup.config.max_connections);
    signals::handle_file_size_limit();
    let traces = start_traces(&setup)?;
    let base = setup.ports.base_url()?;
    let (ports, service) = ServiceRuntime::new(setup).await?;
    let (issuer, auth) = (service.issuer.clone(), service.auth.clone());
    let reload = TokenKeyReload::new(&service.config, issuer, auth);
    let reload = token_keys::run(reload, service.background_shutdown.clone());
    let mut ops = ops::health_routes(service.readiness());
    if !ports.has_metrics_port() {
        ops = ops.merge(ops::metrics_route(metrics.clone()));
    }
    let gate = Gate::new(service.with_middleware(gate::starting_router().merge(ops.clone())));
    let mut foreground = TaskGroup::default();
    ports.serve(
        gate.clone(),
        service.with_middleware(ops::metrics_route(metrics.clone())),
        &service.edge,
        &service.draining,
        &mut foreground,
    );
    let mut background = TaskGroup::default();
    background.spawn("the reload of token keys", reload);
    let upkeep = ops::run_upkeep(metrics, service.background_shutdown.clone());
    background.spawn("the metrics upkeep", async move {
        upkeep.await;
        Ok(())
    });
    let log = tokio::select! {
        log = service.start(&gate, ops, &mut background) => Some(log),
        () = stop.cancelled() => None,
        error = foreground.wait_for_unexpected_exit() => Some(Err(error)),
    };
    let ended = match &log {
        None => Ok(()),
        Some(Ok(_)) => {
            let versions = service.fetch_versions().await;
            versions.log_start(service.services, &base);
            let setup_code = service.issue_setup_code().await;
            on_open(StartReport {
                versions,
                setup_code,
            });
            tokio::select! {
                () = stop.cancelled() => Ok(()),
                error = foreground.wait_for_unexpected_exit() => Err(error),
                error = background.wait_for_unexpected_exit() => Err(error),
            }
        }
        Some(Err(error)) => Err(anyhow!("{error:#}")),
    };
    if let Err(error) = &ended {
        tracing::error!(error = format!("{error:#}"), "stopping");
    }
    let log = log.and_then(Result::ok).flatten();
    service.stop(log, foreground, background).await;
    if let Some(traces) = traces {
        traces.shut_down().await;
    }
    ended
}

/// Turns traces on if a collector is configured.
fn start_traces(setup: &ServiceSetup) -> Result<Option<SpanExport>> {
    let Some(config) = setup.config.traces.export_config(setup.services)? else {
        return Ok(None);
    };
    tracing::info!(collector = %config.endpoint, "sending traces of requests");
    let started = traces::start_export(config);
    started.context("cannot start sending traces")
}

/// Raises the limit of open files, and logs a warning if it is too low for the configured number of
/// connections.
fn check_open_file_limit(connections: u32) {
    let needed = u64::from(connections) + RESERVED_FILES;
    match process::raise_open_file_limit() {
        Ok(allowed) if allowed < needed => {
            tracing::warn!(
                allowed,
                needed,
                "the limit of open files (ulimit -Hn) is too low for --max-connections"
            );
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "cannot read the limit of open files"),
    }
}

impl ServiceRuntime {
    async fn new(setup: ServiceSetup) -> Result<(ServicePorts, Self)> {
        let config = setup.config;
        let edge = EdgeConfig {
            max_connections: config.max_connections as usize,
            max_requests_per_user: config.max_requests,
            log_requests: config.log_requests == Switch::On,
            allowed_origins: origins::allowed_origins(&config, setup.services),
            trusted_proxies: config.ports.trusted_proxies.clone(),
            upload_routes: &[files_api::UPLOAD_ROUTE],
            ..EdgeConfig::default()
        };
        let mirror = config.mirror_config();
        let access = SharedAccess::default();
        let service = Self {
            pools: Pools::new(
                &setup.database_url,
                config.read_url.as_ref().map(ServerUrl::reveal),
                setup.services,
            )?,
            nats: nats::connect(&setup.nats_url)
                .await
                .map_err(|error| UsageError(error.to_string()))?,
            nats_restart: setup.nats_restart,
            services: setup.services,
            auth: setup.auth.with_access(Arc::new(access.clone())),
            access,
            issuer: TokenIssuer::new(setup.keys, config.auth.policy()),
            mirror_health: MirrorHealth::default(),
            startup: Arc::default(),
            database_url: setup.database_url,
            draining: CancellationToken::new(),
            background_shutdown: CancellationToken::new(),
            config,
            edge,
            mirror,
        };
        Ok((setup.ports, service))
    }

    /// Answers the requests that have arrived, writes the queued events, and ends all tasks.
    async fn stop(
        self,
        log: Option<EventLog>,
        mut foreground: TaskGroup,
        mut background: TaskGroup,
    ) {
        let began = Instant::now();
        let timeout = self.edge.drain_timeout + Duration::from_secs(5);
        self.draining.cancel();
        foreground.wait_all(timeout).await;
        if let Some(log) = log {
            log.shut_down().await;
        }
        self.background_shutdown.cancel();
        background.wait_all(BACKGROUND_STOP_TIMEOUT).await;
        self.pools.close().await;
        tracing::info!(seconds = began.elapsed().as_secs_f64(), "stopped");
    }

    fn readiness(&self) -> ops::Readiness {
        readiness::build_checks(
            self.services,
            &self.startup,
            &self.pools,
            &self.mirror_health,
            self.draining.clone(),
        )
    }

    fn with_middleware(&self, router: Router) -> Router {
        self.with_middleware_of(&self.edge, router)
    }

    fn with_middleware_of(&self, edge: &EdgeConfig, router: Router) -> Router {
        let limiter = RateLimiter::per_second(self.config.rate_limit);
        apply_middleware(router, self.auth.clone(), edge, limiter)
    }

    /// Adds the routes with the API documents, and the middleware, which knows from them the
    /// parameters of each operation.
    fn with_documents(&self, routes: OpenApiRouter, ops: Router) -> Result<Router> {
        let (routes, mut api) = routes.split_for_parts();
        docs::describe(&mut api, env!("CARGO_PKG_VERSION"));
        let edge = EdgeConfig {
            parameters: KnownParameters::from_document(&api),
            ..self.edge.clone()
        };
        let documents = docs::routes(api, query_api::build_live_document)?;
        let routes = routes.merge(ops).merge(documents).merge(self.pages());
        Ok(self.with_middleware_of(&edge, routes))
    }

    /// Waits for Postgres, starts the background tasks, and opens the gate.
    async fn start(
        &self,
        gate: &Gate,
        ops: Router,
        background: &mut TaskGroup,
    ) -> Result<Option<EventLog>> {
        self.follow_key_address(background).await?;
        let follower = self.pools.wait_for_primary().await?;
        postgres::migrate(&self.pools.writes).await?;
        let following = follower.run(self.background_shutdown.clone());
        background.spawn("the search for the primary", async move {
            following.await;
            Ok(())
        });
        self.follow_access(background).await?;
        // The query service appends acknowledgements, and the dispatcher tokens that are gone.
        let log = if self.services.append() {
            Some(self.open_log().await?)
        } else {
            None
        };
        let mut routes = OpenApiRouter::new();
        let signal = ProjectionSignalChannel::default();
        let (projected, mut projected_position) = watch::channel(0);
        if let Some(log) = &log {
            let starting = self.start_services(log, &signal, &mut projected_position, background);
            routes = starting.await?;
        }
        self.spawn_log_followers(background)?;
        if self.services.projector {
            let in_process = InProcessChannels {
                feed: log.as_ref().map(CommitFeed::subscribe),
                projected,
                signal,
            };
            background.spawn("the projector", self.projector_task(in_process));
        }
        if self.config.maintains_index(self.services.queries) {
            background.spawn("the indexer", self.indexer_task(projected_position));
        }
        background.spawn(
            "the gauges",
            gauges::run(
                self.gauge_sources(log.clone()),
                self.background_shutdown.clone(),
            ),
        );
        gate.open(self.with_documents(routes, ops)?);
        self.startup.mark_started();
        Ok(log)
    }

    fn gauge_sources(&self, log: Option<EventLog>) -> GaugeSources {
        GaugeSources {
            pools: self.pools.clone(),
            data: self.config.data.clone(),
            log,
            seals: self.services.commands && self.config.seals.seal_every != SealInterval::Off,
            moderates: self.services.commands,
        }
    }

    async fn fetch_versions(&self) -> ServerVersions {
        let nats = self.nats.server_info().version;
        ServerVersions {
            postgres: fetch_postgres_version(&self.pools.reads).await.ok(),
            nats: Some(nats).filter(|version| !version.is_empty()),
        }
    }

    async fn open_log(&self) -> Result<EventLog> {
        let open =
            async || match EventLog::open(self.pools.writes.clone(), LogConfig::default()).await {
                Ok(log) => Ok(log),
                Err(error @ LogError::Unavailable(_)) => Err(RetryError::Transient(anyhow!(error))),
                Err(error) => Err(RetryError::Permanent(anyhow!(error))),
            };
        retry::retry_until_ok(&OutageLog::new("Opening the log"), open).await
    }

    fn limits(&self) -> Arc<domain::limits::Limits> {
        let limits = &self.config.limits;
        Arc::new(domain::limits::Limits {
            body_bytes: limits.max_body as usize,
            group_members: limits.max_members as usize,
            recall_window_ms: i64::try_from(limits.recall_window.as_millis()).unwrap_or(i64::MAX),
            ..domain::limits::Limits::default()
        })
    }

    fn command_state(
        &self,
        log: &EventLog,
        rulebook: &LiveRulebook,
        push: &PushConfig,
    ) -> CommandState {
        let clock = command_svc::Clock::system();
        let (rulebook, access) = (rulebook.clone(), self.access.clone());
        let state = CommandState::new(log.clone(), self.limits(), clock, rulebook, access);
        let directory = self.config.people.directory.into();
        let sight = profile_sight::profile_sight(self.pools.reads.clone(), directory);
        state.set_profile_sight(sight);
        state.set_groups_from(self.config.people.groups_from.into());
        state.set_push(PushRegistry::new(self.pools.writes.clone(), push));
        state
    }

    async fn query_state(
        &self,
        acks: Arc<CommandAcks>,
        signal: &ProjectionSignalChannel,
        rulebook: LiveRulebook,
        previews: &Previews,
        push: &PushConfig,
    ) -> QueryState {
        QueryState::start(QuerySetup {
            pool: self.pools.reads.clone(),
            presence_pool: self.pools.projections.clone(),
            reader: LogReader::new(self.pools.reads.clone()),
            primary: self
                .pools
                .reads_replica()
                .then(|| LogReader::new(self.pools.writes.clone())),
            nats: Some(&self.nats),
            mirror: &self.mirror,
            local_signal: self.services.projector.then(|| signal.clone()),
            index: self.config.index_dir(),
            acks,
            directory: self.config.people.directory.into(),
            groups_from: self.config.people.groups_from.into(),
            plain_reads: true,
            idle_feeds: self.config.idle_syncs.into(),
            max_live_connections: self.config.max_live as usize,
            max_live_per_user: self.config.max_live_per_user,
            previews: previews.clone(),
            webpush_key: push.vapid_key.public_key(),
            answer_bytes: usize::try_from(self.config.max_answer_bytes).unwrap_or(usize::MAX),
            min_position_timeout: query_api::MIN_POSITION_TIMEOUT,
            rulebook,
            removed_devices: self.access.subscribe_removed_devices(),
            shutdown: self.draining.clone(),
        })
        .await
    }

    /// The routes of the query service, and those that need other services too.
    fn query_routes(
        &self,
        queries: QueryState,
        rulebook: &LiveRulebook,
        recorder: &AccessRecorder,
    ) -> OpenApiRouter {
        query_api::router(queries)
            .merge(operator_api::router(self.operator_state(rulebook)))
            .merge(self.place_routes())
            .layer(from_fn_with_state(recorder.clone(), audit::record_calls))
    }
}
