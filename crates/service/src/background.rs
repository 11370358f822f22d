//! The background tasks of a process: each runs until the process shuts down. With them come the
//! routes for administrators and those of local accounts.

use std::sync::Arc;
use std::time::Duration;

use access::AccessFollower;
use accounts_api::{AccountsSetup, AccountsState};
use anyhow::{Context as _, Result};
use audit::AccessRecorder;
use axum::middleware::from_fn_with_state;
use command_svc::CommandState;
use command_svc::moderation_follower::{self, ModerationFollower};
use command_svc::retention::{self, Retention, RetentionPolicy};
use command_svc::scheduled::{self, ScheduledSender};
use connectivity::OutageLog;
use data_dir::{UsageError, seal_key};
use dispatcher::address::AllowedNetworks;
use dispatcher::seals::{self, SealPublisher};
use dispatcher::{PushDelivery, Senders, WebhookSender};
use event_log::EventLog;
use event_log::reader::LogReader;
use event_stream::mirror_health::{self, MirrorMonitor};
use event_stream::relay;
use file_store::{Previews, Renderer};
use files_api::{FileLimits, FilesSetup, FilesState, PreviewFollower};
use log_integrity::erasure::eraser::{self, Eraser};
use log_integrity::seal::sealer::{self, Sealer, SealerConfig};
use moderation::LiveRulebook;
use operator_api::{OperatorSetup, OperatorState};
use projector::InProcessChannels;
use projector::index::IntegrityChecks;
use push::{PushConfig, PushSender};
use read_model::projection_signal::ProjectionSignalChannel;
use settings::SealInterval;
use tokio::sync::watch;
use utoipa_axum::router::OpenApiRouter;

use super::ServiceRuntime;
use super::acks::CommandAcks;
use super::hook;
use super::jwks::JwksFetcher;
use super::mirror_repair;
use super::push_setup::{self, CommandPushDrops};
use super::shedding;
use super::tasks::TaskGroup;

impl ServiceRuntime {
    /// Starts the relay, and what observes and repairs the mirror.
    pub(super) fn spawn_relay(&self, log: EventLog, background: &mut TaskGroup) {
        let (nats, mirror) = (self.nats.clone(), self.mirror.clone());
        let relaying = relay::run(log, nats, mirror, self.background_shutdown.clone());
        background.spawn("the relay", async move { Ok(relaying.await?) });
        let monitor = MirrorMonitor::new(
            LogReader::new(self.pools.projections.clone()),
            self.nats.clone(),
            self.mirror.clone(),
            self.mirror_health.clone(),
        );
        let ending = self.background_shutdown.clone();
        background.spawn("the mirror monitor", async move {
            mirror_health::run(monitor, ending).await;
            Ok(())
        });
        if let Some(restart) = self.nats_restart.clone() {
            let (health, ending) = (self.mirror_health.clone(), self.background_shutdown.clone());
            background.spawn("the repair of the mirror", async move {
                mirror_repair::run(health, restart, ending).await;
                Ok(())
            });
        }
    }

    /// Starts what works on the log besides the relay and the projections.
    pub(super) fn spawn_log_followers(&self, background: &mut TaskGroup) -> Result<()> {
        if self.services.commands {
            if let SealInterval::AtMost(every) = self.config.seals.seal_every {
                background.spawn("the sealer", self.sealer_task(every)?);
            }
            background.spawn("the eraser", self.eraser_task());
        }
        if self.services.dispatcher
            && let Some(copies) = self.seal_copies_task()?
        {
            background.spawn("the seal copies", copies);
        }
        Ok(())
    }

    /// Fetches the keys of tokens for the first time, and starts what keeps them current, if they
    /// come from an address.
    pub(super) async fn follow_key_address(&self, background: &mut TaskGroup) -> Result<()> {
        let auth = &self.config.auth;
        if let Some(url) = &auth.auth_jwks_url {
            let (interval, policy) = (auth.auth_jwks_refresh, auth.policy());
            let fetcher = JwksFetcher::start(url, interval, policy, self.auth.clone()).await?;
            let ending = self.background_shutdown.clone();
            background.spawn("the fetches of token keys", fetcher.run(ending));
        }
        Ok(())
    }

    /// Starts the services that append to the log, and the relay. Returns their routes. Without a
    /// projector in this process, `projected_position` becomes what the query service follows.
    pub(super) async fn start_services(
        &self,
        log: &EventLog,
        signal: &ProjectionSignalChannel,
        projected_position: &mut watch::Receiver<i64>,
        background: &mut TaskGroup,
    ) -> Result<OpenApiRouter> {
        let rulebook = LiveRulebook::default();
        self.follow_rules(rulebook.clone(), background).await?;
        let push = self.push_config().await?;
        let state = self.command_state(log, &rulebook, &push);
        let recorder = AccessRecorder::new(self.pools.projections.clone());
        let files = self.config.files.open(&self.config.data)?;
        let previews = Previews::new(files, Renderer::of_this_program()?);
        let mut routes = OpenApiRouter::new();
        if self.services.queries {
            let acks = Arc::new(CommandAcks(state.clone()));
            let queries = self.query_state(acks, signal, rulebook.clone(), &previews, &push);
            let queries = queries.await;
            if !self.services.projector {
                *projected_position = queries.subscribe_position();
            }
            routes = routes.merge(self.query_routes(queries, &rulebook, &recorder));
            background.spawn("load shedding", self.shedding_task(&state));
        }
        if self.services.commands {
            let commands =
                self.serve_commands(state.clone(), log, recorder, previews, background)?;
            routes = routes.merge(commands);
        }
        if self.services.dispatcher {
            let dispatcher = self.dispatcher_task(state, rulebook, push)?;
            background.spawn("the dispatcher", dispatcher);
        }
        self.spawn_relay(log.clone(), background);
        Ok(routes)
    }

    /// Starts what belongs to the command service. Returns its routes, and those that need it.
    pub(super) fn serve_commands(
        &self,
        state: CommandState,
        log: &EventLog,
        recorder: AccessRecorder,
        previews: Previews,
        background: &mut TaskGroup,
    ) -> Result<OpenApiRouter> {
        self.startup.set_log(log.clone());
        background.spawn("retention", self.retention_task(state.clone()));
        let sender = self.scheduled_sender_task(state.clone());
        background.spawn("the sender of scheduled messages", sender);
        background.spawn("moderation", self.moderation_task(state.clone()));
        background.spawn("service desks", self.desks_task(state.clone()));
        let operator_state = self.operator_state(state.live_rulebook());
        let audited = from_fn_with_state(recorder.clone(), audit::record_calls);
        Ok(operator_api::command_router(operator_state)
            .layer(audited)
            .merge(self.serve_accounts(&state, log, recorder, background)?)
            .merge(self.serve_hook(&state)?)
            .merge(self.serve_files(&state, log, previews, background))
            .merge(command_svc::router(state)))
    }

    /// Lets commands ask the hook. Returns the route that sets it.
    fn serve_hook(&self, commands: &CommandState) -> Result<OpenApiRouter> {
        let allowed = AllowedNetworks::new(self.config.webhooks.webhook_allow.clone());
        hook::serve(commands, self.pools.writes.clone(), allowed)
    }

    /// The routes of local accounts. Starts what finishes changes of passwords.
    fn serve_accounts(
        &self,
        commands: &CommandState,
        log: &EventLog,
        recorder: AccessRecorder,
        background: &mut TaskGroup,
    ) -> Result<OpenApiRouter> {
        let mode = self.accounts_mode();
        let (issuer, reads) = (self.issuer.clone(), self.pools.reads.clone());
        let state = AccountsState::new(AccountsSetup {
            mode,
            issuer,
            commands: commands.clone(),
            log: log.clone(),
            recorder,
            reads,
        });
        let state = state.context("local accounts cannot be served")?;
        let upkeep = accounts_api::upkeep::run(state.clone(), self.background_shutdown.clone());
        background.spawn("the upkeep of accounts", upkeep);
        Ok(accounts_api::router(state))
    }

    /// The routes of files. Starts what deletes those that nothing uses, and what makes previews.
    fn serve_files(
        &self,
        commands: &CommandState,
        log: &EventLog,
        previews: Previews,
        background: &mut TaskGroup,
    ) -> OpenApiRouter {
        let args = &self.config.files;
        let state = FilesState::new(FilesSetup {
            commands: commands.clone(),
            log: log.clone(),
            pool: self.pools.projections.clone(),
            store: previews.store().clone(),
            limits: FileLimits {
                file_bytes: args.max_file,
                user_bytes: args.file_quota,
            },
            clock: command_svc::Clock::system(),
        });
        let pool = self.pools.projections.clone();
        commands.set_erased_files(Box::new(move |files| {
            let pool = pool.clone();
            Box::pin(async move { files_api::note_erased(&pool, files).await })
        }));
        let collection = files_api::run_collection(state.clone(), self.background_shutdown.clone());
        background.spawn("the collection of files", collection);
        let follower = PreviewFollower::new(state.clone(), previews);
        let following = files_api::run_previews(follower, self.background_shutdown.clone());
        background.spawn("the previews of files", following);
        files_api::router(state)
    }

    /// Learns who may call before the first request, and goes on learning.
    pub(super) async fn follow_access(&self, background: &mut TaskGroup) -> Result<()> {
        let reader = LogReader::new(self.pools.projections.clone());
        let mut follower = AccessFollower::new(reader, self.access.clone());
        let outages = OutageLog::new("Reading who may call");
        while outages.record(follower.catch_up().await).is_err() {
            tokio::time::sleep(access::POLL_INTERVAL).await;
        }
        let ending = self.background_shutdown.clone();
        background.spawn("the search for who may call", async move {
            follower.run(ending).await;
            Ok(())
        });
        Ok(())
    }

    fn retention_task(&self, state: CommandState) -> impl Future<Output = Result<()>> + use<> {
        let args = &self.config.retention;
        let ages = RetentionPolicy {
            direct: args.retain_direct,
            groups: args.retain_groups,
        };
        let ending = self.background_shutdown.clone();
        async move {
            retention::run(Retention::new(state, ages), ending).await;
            Ok(())
        }
    }

    fn moderation_task(&self, state: CommandState) -> impl Future<Output = Result<()>> + use<> {
        let follower = ModerationFollower::new(state);
        let ending = self.background_shutdown.clone();
        async move {
            moderation_follower::run(follower, ending).await;
            Ok(())
        }
    }

    pub(super) fn shedding_task(
        &self,
        state: &CommandState,
    ) -> impl Future<Output = Result<()>> + use<> {
        let ending = self.background_shutdown.clone();
        let (pool, limit) = (self.pools.reads.clone(), self.config.limits.shed_lag);
        shedding::run(pool, limit, state.live_rulebook().clone(), ending)
    }

    pub(super) fn scheduled_sender_task(
        &self,
        state: CommandState,
    ) -> impl Future<Output = Result<()>> + use<> {
        let ending = self.background_shutdown.clone();
        let sender = ScheduledSender::new(state, self.access.clone());
        async move {
            scheduled::run(sender, ending).await;
            Ok(())
        }
    }

    pub(super) fn eraser_task(&self) -> impl Future<Output = Result<()>> + use<> {
        let (pool, nats, mirror) = (&self.pools.projections, &self.nats, &self.mirror);
        let eraser = Eraser::new(pool.clone(), nats.clone(), mirror.clone());
        let ending = self.background_shutdown.clone();
        async move {
            eraser::run(eraser, ending).await;
            Ok(())
        }
    }

    pub(super) fn sealer_task(
        &self,
        every: Duration,
    ) -> Result<impl Future<Output = Result<()>> + use<>> {
        let config = SealerConfig {
            interval: every,
            copy_to: self.config.seals.seal_copy.clone(),
        };
        let key = seal_key::load_or_create(&self.config.seal_key_path())?;
        let sealer = Sealer::new(self.pools.projections.clone(), key, config);
        let ending = self.background_shutdown.clone();
        Ok(async move {
            sealer::run(sealer, ending).await;
            Ok(())
        })
    }

    pub(super) fn projector_task(
        &self,
        in_process: InProcessChannels,
    ) -> impl Future<Output = Result<()>> + use<> {
        let running = projector::run(
            self.pools.projections.clone(),
            Some(self.nats.clone()),
            self.mirror.clone(),
            self.config.projector_config(),
            in_process,
            self.background_shutdown.clone(),
        );
        async move { Ok(running.await?) }
    }

    /// The task that delivers copies of seals. `None` if no seal webhook is configured.
    pub(super) fn seal_copies_task(
        &self,
    ) -> Result<Option<impl Future<Output = Result<()>> + use<>>> {
        let args = &self.config.seals;
        let (Some(url), Some(secret)) = (&args.seal_webhook, &args.seal_webhook_secret) else {
            return Ok(None);
        };
        let secret = dispatcher::secret::SigningSecret::parse(secret.reveal())
            .context("TIDINGS_SEAL_WEBHOOK_SECRET is invalid")?;
        let pool = self.pools.projections.clone();
        let copies = SealPublisher::new(pool, self.webhook_sender()?, url.clone(), secret);
        let ending = self.background_shutdown.clone();
        Ok(Some(async move {
            seals::run(copies, ending).await;
            Ok(())
        }))
    }

    fn webhook_sender(&self) -> Result<WebhookSender> {
        let allowed = AllowedNetworks::new(self.config.webhooks.webhook_allow.clone());
        WebhookSender::new(allowed).context("webhooks cannot be delivered")
    }

    /// How pushes are delivered.
    pub(super) async fn push_config(&self) -> Result<PushConfig> {
        let allowed = AllowedNetworks::new(self.config.webhooks.webhook_allow.clone());
        push_setup::load(&self.config.push, allowed, &self.pools.writes).await
    }

    pub(super) fn dispatcher_task(
        &self,
        commands: CommandState,
        rulebook: LiveRulebook,
        push: PushConfig,
    ) -> Result<impl Future<Output = Result<()>> + use<>> {
        let args = &self.config.webhooks;
        let senders = Senders {
            webhooks: self.webhook_sender()?,
            pushes: PushDelivery {
                sender: PushSender::new(push).map_err(|error| UsageError(error.to_string()))?,
                drops: Arc::new(CommandPushDrops(commands)),
            },
        };
        let config = dispatcher::DispatcherConfig {
            max_attempts: args.webhook_tries,
            notification_window: args.notify_window,
        };
        let running = dispatcher::run(
            self.pools.projections.clone(),
            Some(self.nats.clone()),
            self.mirror.clone(),
            senders,
            config,
            rulebook,
            self.background_shutdown.clone(),
        );
        Ok(async move {
            running.await;
            Ok(())
        })
    }

    pub(super) fn indexer_task(
        &self,
        projected: watch::Receiver<i64>,
    ) -> impl Future<Output = Result<()>> + use<> {
        let running = projector::index::run_indexer(
            self.pools.projections.clone(),
            self.config.index_dir(),
            IntegrityChecks::default(),
            projected,
            self.background_shutdown.clone(),
        );
        async move {
            running.await;
            Ok(())
        }
    }

    /// What the routes for administrators need.
    pub(super) fn operator_state(&self, rulebook: &LiveRulebook) -> OperatorState {
        let allowed = self.config.webhooks.webhook_allow.clone();
        OperatorState::new(OperatorSetup {
            pool: self.pools.reads.clone(),
            writes: self.pools.writes.clone(),
            nats: self.nats.clone(),
            mirror: self.mirror.clone(),
            index_dir: self.config.index_dir(),
            data: self.config.data_dir(),
            servers: self.config.server_urls(),
            webhook_networks: AllowedNetworks::new(allowed),
            rulebook: rulebook.clone(),
            recorder: AccessRecorder::new(self.pools.projections.clone()),
            database_url: self.database_url.clone(),
            projector: self.config.projector_config(),
            seal_key_path: self.config.seal_key_path(),
            shutdown: self.draining.clone(),
        })
    }
}
