//! The composition root: assembles, runs and stops one service or all of them in this process.
//!
//! The modules, in the order of a start:
//!
//! - [`services`]: which services run in this process. [`pools`]: their connections to Postgres.
//! - [`gate`]: the port is open from the start, but first responds only that the process is
//!   starting.
//! - [`retry`]: retries until Postgres is available. [`readiness`]: the readiness checks. [`lag`]:
//!   the lag of the read model.
//! - [`acks`]: executes the acknowledgements of live connections as commands.
//! - [`tasks`]: groups of tasks. [`gauges`]: metrics that are sampled at an interval.
//! - [`signals`]: the signals that stop the process.

pub mod acks;
pub mod gate;
pub mod gauges;
pub mod lag;
pub mod pools;
pub mod readiness;
pub mod retry;
pub mod roles;
pub mod stop;
pub mod tasks;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use axum::Router;
use command_svc::CommandState;
use command_svc::retention::{self, Retention, RetentionPolicy};
use dispatcher::Sender;
use dispatcher::address::Allowed;
use dispatcher::seals::{self, SealCopies};
use event_log::erasure::{self, Eraser};
use event_log::mirror::MirrorConfig;
use event_log::projection_signal::ProjectionSignalChannel;
use event_log::reader::LogReader;
use event_log::seal::sealer::{self, Sealer, SealerConfig};
use event_log::{EventLog, LogConfig, LogError, nats, relay};
use http_edge::{Auth, EdgeConfig, RateLimiter, apply_middleware, docs, ops};
use projector::Near;
use projector::index::Watch;
use query_api::{QuerySetup, QueryState};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;

use crate::config::{Config, SealEvery};
use crate::seal_key;
use crate::servers::process;
use crate::usage::Usage;
use acks::Commands;
use gate::Gate;
use pools::Pools;
use readiness::Progress;
use retry::Attempt;
use roles::Roles;
use tasks::Tasks;

/// How long to wait for background tasks to end: long enough for one batch of the projector.
const BACKGROUND_PATIENCE: Duration = Duration::from_secs(15);

/// File descriptors reserved for everything except client connections: Postgres, NATS, the search
/// index.
const FILES: u64 = 300;

/// The inputs of [`run`].
pub struct Setup {
    /// The configuration.
    pub config: Config,
    /// The services to run.
    pub roles: Roles,
    /// The listener of the HTTP port.
    pub listener: TcpListener,
    /// The address of Postgres. May contain a password.
    pub database_url: String,
    /// The address of NATS. May contain a password.
    pub nats_url: String,
    /// The verifier of tokens.
    pub auth: Auth,
}

/// The versions that the servers report. `None` for a server that does not respond.
#[derive(Debug, Clone, Default)]
pub struct Versions {
    /// Postgres, as `15.18 (Debian 15.18-1)`.
    pub postgres: Option<String>,
    /// nats-server, as `2.15.1`.
    pub nats: Option<String>,
}

/// The shared parts of a running service.
struct Service {
    config: Config,
    roles: Roles,
    auth: Auth,
    edge: EdgeConfig,
    mirror: MirrorConfig,
    pools: Pools,
    nats: async_nats::Client,
    progress: Arc<Progress>,
    /// Cancelled first: the port stops accepting requests.
    draining: CancellationToken,
    /// Cancelled once all requests have been answered and their events have been written:
    /// background tasks end.
    ending: CancellationToken,
}

/// Runs the services until `stop` is cancelled, then answers the requests that have arrived, writes
/// the queued events, and returns. Calls `on_open` once the gate is open. Returns an error that
/// names the task if one ends unexpectedly.
pub async fn run(
    setup: Setup,
    stop: CancellationToken,
    on_open: impl FnOnce(Versions),
) -> Result<()> {
    let metrics = ops::install_recorder().context("cannot install the metrics recorder")?;
    open_files(setup.config.max_connections);
    let (listener, service) = Service::new(setup).await?;
    let ops = ops::routes(service.readiness(), metrics.clone());
    let gate = Gate::closed(service.hardened(gate::starting().merge(ops.clone())));
    let mut foreground = Tasks::default();
    let serving = http_edge::serve(
        listener,
        gate.router(),
        service.edge.clone(),
        service.draining.clone(),
    );
    foreground.spawn("the HTTP port", async move { Ok(serving.await?) });
    let mut background = Tasks::default();
    let upkeep = ops::run_upkeep(metrics, service.ending.clone());
    background.spawn("the metrics upkeep", async move {
        upkeep.await;
        Ok(())
    });
    let log = tokio::select! {
        log = service.start(&gate, ops, &mut background) => Some(log),
        () = stop.cancelled() => None,
        error = foreground.unexpected_end() => Some(Err(error)),
    };
    let ended = match &log {
        None => Ok(()),
        Some(Ok(_)) => {
            on_open(service.versions().await);
            tokio::select! {
                () = stop.cancelled() => Ok(()),
                error = foreground.unexpected_end() => Err(error),
                error = background.unexpected_end() => Err(error),
            }
        }
        Some(Err(error)) => Err(anyhow!("{error:#}")),
    };
    if let Err(error) = &ended {
        tracing::error!(error = format!("{error:#}"), "stopping");
    }
    let timeout = service.edge.drain_timeout + Duration::from_secs(5);
    service.draining.cancel();
    foreground.wait(timeout).await;
    if let Some(Ok(Some(log))) = log {
        log.shut_down().await;
    }
    service.ending.cancel();
    background.wait(BACKGROUND_PATIENCE).await;
    service.pools.close().await;
    ended
}

/// Raises the limit of open files, and logs a warning if it is too low for the configured number of
/// connections.
fn open_files(connections: u32) {
    let needed = u64::from(connections) + FILES;
    match process::raise_open_files() {
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

impl Service {
    async fn new(setup: Setup) -> Result<(TcpListener, Self)> {
        let config = setup.config;
        let edge = EdgeConfig {
            max_connections: config.max_connections as usize,
            allowed_origins: config.allowed_origins.clone(),
            ..EdgeConfig::default()
        };
        let mirror = config
            .stream
            .as_deref()
            .map_or_else(MirrorConfig::default, MirrorConfig::named);
        let service = Self {
            pools: Pools::new(&setup.database_url)?,
            nats: nats::connect(&setup.nats_url)
                .await
                .map_err(|error| Usage(error.to_string()))?,
            roles: setup.roles,
            auth: setup.auth,
            progress: Arc::default(),
            draining: CancellationToken::new(),
            ending: CancellationToken::new(),
            config,
            edge,
            mirror,
        };
        Ok((setup.listener, service))
    }

    fn readiness(&self) -> ops::Readiness {
        readiness::checks(
            self.roles,
            &self.progress,
            &self.pools,
            self.draining.clone(),
        )
    }

    fn hardened(&self, router: Router) -> Router {
        let limiter = RateLimiter::per_second(self.config.rate_limit);
        apply_middleware(router, self.auth.clone(), &self.edge, limiter)
    }

    /// Waits for Postgres, starts the background tasks, and opens the gate.
    async fn start(
        &self,
        gate: &Gate,
        ops: Router,
        background: &mut Tasks,
    ) -> Result<Option<EventLog>> {
        pools::migrated(&self.pools.writes).await?;
        // The query service appends too: the acknowledgements of live connections.
        let log = if self.roles.commands || self.roles.queries {
            Some(self.open_log().await?)
        } else {
            None
        };
        let mut routes = OpenApiRouter::new();
        let signal = ProjectionSignalChannel::default();
        if let Some(log) = &log {
            let state = CommandState::new(log.clone(), self.limits(), command_svc::Clock::system());
            if self.roles.queries {
                let acks = Arc::new(Commands(state.clone()));
                routes = routes.merge(query_api::router(self.query_state(acks, &signal).await));
            }
            if self.roles.commands {
                self.progress.appends_to(log.clone());
                background.spawn("retention", self.retention(state.clone()));
                routes = routes.merge(command_svc::router(state));
            }
            background.spawn("the relay", self.relay(log.clone()));
        }
        if self.roles.commands {
            if let SealEvery::Within(every) = self.config.seals.seal_every {
                background.spawn("the sealer", self.sealer(every)?);
            }
            background.spawn("the eraser", self.eraser());
        }
        if self.roles.projector {
            let (projected, projected_position) = watch::channel(0);
            let in_process = Near {
                feed: log.as_ref().map(EventLog::commit_feed),
                projected,
                bell: signal,
            };
            background.spawn("the projector", self.projector(in_process));
            background.spawn("the indexer", self.indexer(projected_position));
        }
        if self.roles.dispatcher {
            background.spawn("the dispatcher", self.dispatcher()?);
            if let Some(copies) = self.seal_copies()? {
                background.spawn("the seal copies", copies);
            }
        }
        background.spawn(
            "the gauges",
            gauges::run(self.pools.clone(), log.clone(), self.ending.clone()),
        );
        let (routes, mut api) = routes.split_for_parts();
        api.info = utoipa::openapi::Info::new("Tidings", env!("CARGO_PKG_VERSION"));
        gate.open(self.hardened(routes.merge(ops).merge(docs::routes(api)?)));
        self.progress.started();
        Ok(log)
    }

    async fn versions(&self) -> Versions {
        let nats = self.nats.server_info().version;
        Versions {
            postgres: pools::server_version(&self.pools.reads).await.ok(),
            nats: Some(nats).filter(|version| !version.is_empty()),
        }
    }

    async fn open_log(&self) -> Result<EventLog> {
        let open =
            async || match EventLog::open(self.pools.writes.clone(), LogConfig::default()).await {
                Ok(log) => Ok(log),
                Err(error @ LogError::Unavailable(_)) => Err(Attempt::Passing(anyhow!(error))),
                Err(error) => Err(Attempt::Lasting(anyhow!(error))),
            };
        retry::until_done("the log cannot be opened", open).await
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

    async fn query_state(
        &self,
        acks: Arc<Commands>,
        signal: &ProjectionSignalChannel,
    ) -> QueryState {
        QueryState::start(QuerySetup {
            pool: self.pools.reads.clone(),
            reader: LogReader::new(self.pools.reads.clone()),
            nats: Some(&self.nats),
            mirror: &self.mirror,
            near_bell: self.roles.projector.then(|| signal.clone()),
            index: self.config.search(),
            acks,
            max_live: self.config.max_live as usize,
            min_position_patience: query_api::MIN_POSITION_PATIENCE,
            shutdown: self.draining.clone(),
        })
        .await
    }

    fn relay(&self, log: EventLog) -> impl Future<Output = Result<()>> + use<> {
        let (nats, mirror, ending) = (self.nats.clone(), self.mirror.clone(), self.ending.clone());
        async move {
            // The relay queries the server's version, so it needs a connection.
            if nats::wait_until_connected(&nats, &ending).await {
                relay::run(log, nats, mirror, ending).await?;
            }
            Ok(())
        }
    }

    fn retention(&self, state: CommandState) -> impl Future<Output = Result<()>> + use<> {
        let args = &self.config.retention;
        let ages = RetentionPolicy {
            direct: args.retain_direct,
            groups: args.retain_groups,
        };
        let ending = self.ending.clone();
        async move {
            retention::run(Retention::new(state, ages), ending).await;
            Ok(())
        }
    }

    fn eraser(&self) -> impl Future<Output = Result<()>> + use<> {
        let (pool, nats, mirror) = (&self.pools.projections, &self.nats, &self.mirror);
        let eraser = Eraser::new(pool.clone(), nats.clone(), mirror.clone());
        let ending = self.ending.clone();
        async move {
            erasure::run(eraser, ending).await;
            Ok(())
        }
    }

    fn sealer(&self, every: Duration) -> Result<impl Future<Output = Result<()>> + use<>> {
        let config = SealerConfig {
            interval: every,
            copy_to: self.config.seals.seal_copy.clone(),
        };
        let key = seal_key::made(&self.config)?;
        let sealer = Sealer::new(self.pools.projections.clone(), key, config);
        let ending = self.ending.clone();
        Ok(async move {
            sealer::run(sealer, ending).await;
            Ok(())
        })
    }

    fn projector(&self, in_process: Near) -> impl Future<Output = Result<()>> + use<> {
        let running = projector::run(
            self.pools.projections.clone(),
            Some(self.nats.clone()),
            self.mirror.clone(),
            self.config.projector(),
            in_process,
            self.ending.clone(),
        );
        async move { Ok(running.await?) }
    }

    /// The task that delivers copies of seals. `None` if no seal webhook is configured.
    fn seal_copies(&self) -> Result<Option<impl Future<Output = Result<()>> + use<>>> {
        let args = &self.config.seals;
        let (Some(url), Some(secret)) = (&args.seal_webhook, &args.seal_webhook_secret) else {
            return Ok(None);
        };
        let secret = dispatcher::secret::Secret::parse(secret.reveal())
            .context("TIDINGS_SEAL_WEBHOOK_SECRET is invalid")?;
        let pool = self.pools.projections.clone();
        let copies = SealCopies::new(pool, self.sender()?, url.clone(), secret);
        let ending = self.ending.clone();
        Ok(Some(async move {
            seals::run(copies, ending).await;
            Ok(())
        }))
    }

    fn sender(&self) -> Result<Sender> {
        let allowed = Allowed::networks(self.config.webhooks.webhook_allow.clone());
        Sender::new(allowed).context("webhooks cannot be delivered")
    }

    fn dispatcher(&self) -> Result<impl Future<Output = Result<()>> + use<>> {
        let args = &self.config.webhooks;
        let sender = self.sender()?;
        let config = dispatcher::Config {
            tries: args.webhook_tries,
            window: args.notify_window,
        };
        let running = dispatcher::run(
            self.pools.projections.clone(),
            Some(self.nats.clone()),
            self.mirror.clone(),
            sender,
            config,
            self.ending.clone(),
        );
        Ok(async move {
            running.await;
            Ok(())
        })
    }

    fn indexer(&self, projected: watch::Receiver<i64>) -> impl Future<Output = Result<()>> + use<> {
        let running = projector::index::run_indexer(
            self.pools.projections.clone(),
            self.config.search(),
            Watch::default(),
            projected,
            self.ending.clone(),
        );
        async move {
            running.await;
            Ok(())
        }
    }
}
