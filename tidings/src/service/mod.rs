//! One service, or all of them, in this process.
//!
//! In the order of a start:
//!
//! - [`roles`]: which services; [`pools`]: their connections to Postgres.
//! - [`gate`]: the port answers from the first moment on: at first only that this is starting.
//! - [`retry`]: Postgres may not be there yet; [`readiness`] says so, and [`lag`] how far the read
//!   model is behind.
//! - [`acks`]: what live connections acknowledge becomes commands.
//! - [`tasks`]: what runs beside the port. [`stop`]: the signals that end it all.
//! - [`gauges`]: what is measured by looking now and then.

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
use command_svc::retention::{self, Ages, Retention};
use dispatcher::Sender;
use dispatcher::address::Allowed;
use dispatcher::seals::{self, SealCopies};
use event_log::bell::NearBell;
use event_log::erasure::{self, Eraser};
use event_log::mirror::MirrorConfig;
use event_log::reader::Reader;
use event_log::seal::sealer::{self, Sealer, SealerConfig};
use event_log::{EventLog, Failed, LogConfig, broker, relay};
use http_edge::{Auth, EdgeConfig, Limiter, docs, harden, ops};
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

/// How long the tasks beside the port may take to end: one batch of the projector.
const BACKGROUND_PATIENCE: Duration = Duration::from_secs(15);

/// Files and sockets besides clients' connections: Postgres, NATS, the search index.
const FILES: u64 = 300;

/// What a service is made of.
pub struct Setup {
    /// The flags.
    pub config: Config,
    /// Which services.
    pub roles: Roles,
    /// Where it listens.
    pub listener: TcpListener,
    /// Its Postgres. May hold a password.
    pub database_url: String,
    /// Its NATS. May hold a password.
    pub nats_url: String,
    /// Whose tokens are good.
    pub auth: Auth,
}

/// What the servers say they are. Nothing of one that does not answer.
#[derive(Debug, Clone, Default)]
pub struct Versions {
    /// Postgres, as `15.18 (Debian 15.18-1)`.
    pub postgres: Option<String>,
    /// nats-server, as `2.15.1`.
    pub nats: Option<String>,
}

/// What a running service has in its hands.
struct Service {
    config: Config,
    roles: Roles,
    auth: Auth,
    edge: EdgeConfig,
    mirror: MirrorConfig,
    pools: Pools,
    nats: async_nats::Client,
    progress: Arc<Progress>,
    /// Cancelled first: no more requests.
    draining: CancellationToken,
    /// Cancelled when all requests are answered and what they appended is written.
    ending: CancellationToken,
}

/// Runs until `stop`, then answers what has arrived, writes what is queued, and ends. Calls
/// `on_open` when requests are taken. An error names what has ended without being told to.
pub async fn run(
    setup: Setup,
    stop: CancellationToken,
    on_open: impl FnOnce(Versions),
) -> Result<()> {
    let metrics = ops::install_recorder().context("cannot count anything")?;
    open_files(setup.config.max_connections);
    let (listener, service) = Service::new(setup).await?;
    let ops = ops::routes(service.readiness(), metrics.clone());
    let gate = Gate::closed(service.hardened(gate::starting().merge(ops.clone())));
    let mut front = Tasks::default();
    let serving = http_edge::serve(
        listener,
        gate.router(),
        service.edge.clone(),
        service.draining.clone(),
    );
    front.spawn("the HTTP port", async move { Ok(serving.await?) });
    let mut behind = Tasks::default();
    let upkeep = ops::upkeep(metrics, service.ending.clone());
    behind.spawn("the upkeep of metrics", async move {
        upkeep.await;
        Ok(())
    });
    let log = tokio::select! {
        log = service.start(&gate, ops, &mut behind) => Some(log),
        () = stop.cancelled() => None,
        error = front.unexpected_end() => Some(Err(error)),
    };
    let ended = match &log {
        None => Ok(()),
        Some(Ok(_)) => {
            on_open(service.versions().await);
            tokio::select! {
                () = stop.cancelled() => Ok(()),
                error = front.unexpected_end() => Err(error),
                error = behind.unexpected_end() => Err(error),
            }
        }
        Some(Err(error)) => Err(anyhow!("{error:#}")),
    };
    if let Err(error) = &ended {
        tracing::error!(error = format!("{error:#}"), "stopping");
    }
    let patience = service.edge.drain + Duration::from_secs(5);
    service.draining.cancel();
    front.wait(patience).await;
    if let Some(Ok(Some(log))) = log {
        log.shut_down().await;
    }
    service.ending.cancel();
    behind.wait(BACKGROUND_PATIENCE).await;
    service.pools.close().await;
    ended
}

/// Says so at the start if the system does not let this process have as many connections as configured.
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
        Err(error) => tracing::warn!(%error, "the limit of open files is not known"),
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
            nats: broker::client(&setup.nats_url)
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
        let limiter = Limiter::per_second(self.config.rate_limit);
        harden(router, self.auth.clone(), &self.edge, limiter)
    }

    /// Waits for Postgres, starts what runs beside the port, and opens the gate.
    async fn start(
        &self,
        gate: &Gate,
        ops: Router,
        behind: &mut Tasks,
    ) -> Result<Option<EventLog>> {
        pools::migrated(&self.pools.writes).await?;
        // Live connections acknowledge what they have: queries append too.
        let log = if self.roles.commands || self.roles.queries {
            Some(self.open_log().await?)
        } else {
            None
        };
        let mut routes = OpenApiRouter::new();
        let bell = NearBell::default();
        if let Some(log) = &log {
            let state = CommandState::new(log.clone(), self.limits(), command_svc::Clock::system());
            if self.roles.queries {
                let acks = Arc::new(Commands(state.clone()));
                routes = routes.merge(query_api::router(self.query_state(acks, &bell).await));
            }
            if self.roles.commands {
                self.progress.appends_to(log.clone());
                behind.spawn("retention", self.retention(state.clone()));
                routes = routes.merge(command_svc::router(state));
            }
            behind.spawn("the relay", self.relay(log.clone()));
        }
        if self.roles.commands {
            if let SealEvery::Within(every) = self.config.seals.seal_every {
                behind.spawn("the sealer", self.sealer(every)?);
            }
            behind.spawn("the eraser", self.eraser());
        }
        if self.roles.projector {
            let (projected, heard) = watch::channel(0);
            let near = Near {
                feed: log.as_ref().map(EventLog::feed),
                projected,
                bell,
            };
            behind.spawn("the projector", self.projector(near));
            behind.spawn("the indexer", self.indexer(heard));
        }
        if self.roles.dispatcher {
            behind.spawn("the dispatcher", self.dispatcher()?);
            if let Some(copies) = self.seal_copies()? {
                behind.spawn("copies of seals", copies);
            }
        }
        behind.spawn(
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
                Err(failed @ Failed::Unavailable(_)) => Err(Attempt::Passing(anyhow!(failed))),
                Err(failed) => Err(Attempt::Lasting(anyhow!(failed))),
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

    async fn query_state(&self, acks: Arc<Commands>, bell: &NearBell) -> QueryState {
        QueryState::start(QuerySetup {
            pool: self.pools.reads.clone(),
            reader: Reader::new(self.pools.reads.clone()),
            nats: Some(&self.nats),
            mirror: &self.mirror,
            near_bell: self.roles.projector.then(|| bell.clone()),
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
            // The relay asks the server what it is, so there has to be one.
            if broker::connected(&nats, &ending).await {
                relay::run(log, nats, mirror, ending).await?;
            }
            Ok(())
        }
    }

    fn retention(&self, state: CommandState) -> impl Future<Output = Result<()>> + use<> {
        let args = &self.config.retention;
        let ages = Ages {
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
            every,
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

    fn projector(&self, near: Near) -> impl Future<Output = Result<()>> + use<> {
        let running = projector::run(
            self.pools.projections.clone(),
            Some(self.nats.clone()),
            self.mirror.clone(),
            self.config.projector(),
            near,
            self.ending.clone(),
        );
        async move { Ok(running.await?) }
    }

    /// Nothing if nobody wants them.
    fn seal_copies(&self) -> Result<Option<impl Future<Output = Result<()>> + use<>>> {
        let args = &self.config.seals;
        let (Some(url), Some(secret)) = (&args.seal_webhook, &args.seal_webhook_secret) else {
            return Ok(None);
        };
        let secret = dispatcher::secret::Secret::parse(secret.reveal())
            .context("TIDINGS_SEAL_WEBHOOK_SECRET")?;
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
