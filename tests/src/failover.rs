//! Changes of the history under load: two command services, a projector and a query API with a
//! primary that is killed and a standby that is promoted, with a database that is restored from
//! an earlier copy, or with two primaries while the network is partitioned. Afterwards everything
//! that a part of the system or a client has is what the log of the new primary has.
//!
//! - `load`: the senders; `synced_client`: a client that reads.
//! - [`check`]: what is compared afterwards.
//! - `split_brain`: the partition.

pub mod check;
mod load;
mod split_brain;
mod synced_client;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use eventually::eventually;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use self::check::{ConfirmedSends, load_sends};
use self::load::{FailoverLoad, GROUPS, SENDERS, SENDS_PER_PHASE, group_name, sender_name};
use self::split_brain::{CUT_OFF, OldPrimaryFate, SplitBrain, SplitNetwork, check_lost};
use self::synced_client::SyncedClient;
use crate::client::{BaseUrls, Client, http_client};
use crate::database_copy::DatabaseCopy;
use crate::log;
use crate::ports;
use crate::process::DirRemoval;
use crate::replication::{ConnectionLoss, PostgresPair, ReplicationMode};
use crate::seed::Rng;
use crate::servers::NatsInstance;
use crate::service::{ServiceProcess, migrate, run_tidings, service_env};
use crate::world::create_dir;

/// A member of each conversation who only reads.
const READER: &str = "reader";

/// The longest time between the last send of a phase and the change, in milliseconds.
const MAX_PAUSE_MS: i64 = 300;

/// How a run changes the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryChange {
    /// The primary is killed and its standby promoted.
    Failover,
    /// An earlier copy of the database takes its place.
    Restore,
    /// The standby is promoted while the primary continues to run, cut off together with one of the
    /// command services. Then the partition heals: in every other round, the old primary is
    /// stopped, and in the others it stays a primary and can be reached again.
    SplitBrain,
}

/// The conditions of a run.
#[derive(Debug, Clone, Copy)]
pub struct FailoverSettings {
    /// How the history changes.
    pub change: HistoryChange,
    /// How the primary replicates.
    pub mode: ReplicationMode,
    /// How much later the standby receives everything.
    pub delay: Duration,
    /// What happens to the connections of clients.
    pub loss: ConnectionLoss,
}

/// What a run has found.
#[derive(Debug, Clone, Copy, Default)]
pub struct FailoverReport {
    /// The failovers.
    pub rounds: usize,
    /// The acknowledged sends.
    pub acked: usize,
    /// The acknowledged sends that the new primary does not have.
    pub lost: usize,
    /// The rounds in which some were lost.
    pub rounds_with_losses: usize,
    /// The longest time from the change to the next acknowledgement.
    pub longest_silence: Duration,
    /// The sends that the cut-off side has acknowledged during a partition.
    pub cut_off_acked: usize,
    /// The longest time from the end of a partition to the first send that the new primary got
    /// through the command service that was cut off.
    pub longest_return: Duration,
    /// How often the reader has started over, because its history was lost.
    pub restarts: usize,
}

/// The system under test.
pub struct FailoverFleet {
    pair: PostgresPair,
    network: Option<SplitNetwork>,
    nats: NatsInstance,
    _services: Vec<ServiceProcess>,
    command_ports: [u16; 2],
    query_port: u16,
    env: Vec<(&'static str, String)>,
    pool: PgPool,
    http: reqwest::Client,
    settings: FailoverSettings,
    reader: Option<SyncedClient>,
    _removal: DirRemoval,
}

impl FailoverFleet {
    /// Starts the servers and the services, and creates the conversations.
    pub async fn start(settings: FailoverSettings) -> Self {
        let dir = create_dir();
        let bin = postgres_programs().await;
        let servers = dir.join("pair");
        let pair = PostgresPair::start(&bin, &servers, settings.mode, settings.delay).await;
        let network = match settings.change {
            HistoryChange::SplitBrain => Some(SplitNetwork::start(&pair).await),
            _ => None,
        };
        let nats = NatsInstance::start(&dir.join("nats"));
        let mut env = service_env(&pair.url(), &nats.url);
        env.push((
            "TIDINGS_SEARCH_DIR",
            dir.join("search").display().to_string(),
        ));
        migrate(&env).await;
        let services = start_services(&dir, &env, network.as_ref()).await;
        let mut fleet = Self {
            pool: connect(&pair).await,
            command_ports: [services[0].port, services[1].port],
            query_port: services[3].port,
            pair,
            network,
            nats,
            _services: services,
            env,
            http: http_client(),
            settings,
            reader: None,
            _removal: DirRemoval::new(&dir),
        };
        fleet.create_groups().await;
        fleet.reader = Some(SyncedClient::new(fleet.user(READER, 1)));
        fleet
    }

    async fn create_groups(&self) {
        let others: Vec<String> = (1..SENDERS).map(sender_name).collect();
        let others = others.iter().map(String::as_str).chain([READER]);
        let others: Vec<&str> = others.collect();
        let creator = self.user(&sender_name(0), 0);
        for group in 0..GROUPS {
            let created = creator.create_group(&group_name(group), &others).await;
            created.expect(201);
        }
    }

    fn user(&self, name: &str, command_service: usize) -> Client {
        let base = |port: u16| format!("http://127.0.0.1:{port}");
        let bases = Arc::new(BaseUrls {
            commands: base(self.command_ports[command_service]),
            queries: base(self.query_port),
        });
        Client::for_user(self.http.clone(), bases, name)
    }

    /// Changes the history once under load and checks everything.
    pub async fn run_round(&mut self, rng: &mut Rng, report: &mut FailoverReport) -> Result<()> {
        let round = report.rounds;
        let load = FailoverLoad::start(|name, service| self.user(name, service), round);
        let stop = Arc::new(AtomicBool::new(false));
        let reader = self.reader.take().context("the last round has failed")?;
        let reading = tokio::spawn(reader.follow(stop.clone()));
        load.wait_for_more(SENDS_PER_PHASE).await;
        let changed = self.change_history(&load, rng, report);
        let old = changed.await.with_context(|| format!("round {round}"))?;
        load.wait_for_more(SENDS_PER_PHASE).await;
        let acked = load.stop().await?;
        stop.store(true, Ordering::Relaxed);
        self.reader = Some(reading.await.context("the reader failed")?);
        report.rounds += 1;
        report.acked += acked.len();
        let lost = self
            .check(&acked)
            .await
            .with_context(|| format!("round {round}"))?;
        report.lost += lost.len();
        report.rounds_with_losses += usize::from(!lost.is_empty());
        report.restarts = self.reader.as_ref().map_or(0, |reader| reader.restarts);
        if let Some(old) = old {
            check_lost(&lost, &acked, &old).with_context(|| format!("round {round}"))?;
            ensure!(
                lost.is_empty() != self.may_lose(),
                "{} were lost",
                lost.len()
            );
        }
        if !self.may_lose() {
            check::require_none_lost(&lost).with_context(|| format!("round {round}"))?;
        }
        if self.settings.change != HistoryChange::Restore {
            self.pair.add_standbys().await;
        }
        if let Some(network) = &mut self.network {
            network.replace_old_primary(self.pair.standby_port());
        }
        Ok(())
    }

    /// Changes the history, and waits for the next acknowledgement. Returns the sends of an old
    /// primary that continued to run.
    async fn change_history(
        &mut self,
        load: &FailoverLoad,
        rng: &mut Rng,
        report: &mut FailoverReport,
    ) -> Result<Option<ConfirmedSends>> {
        let copy = match self.settings.change {
            HistoryChange::Restore => Some(DatabaseCopy::create(&self.pool).await),
            HistoryChange::Failover | HistoryChange::SplitBrain => None,
        };
        load.wait_for_more(SENDS_PER_PHASE).await;
        rng.pause(MAX_PAUSE_MS).await;
        if self.settings.change == HistoryChange::SplitBrain {
            return Ok(Some(self.split_brain(load, report).await?));
        }
        let changed = Instant::now();
        match copy {
            Some(copy) => copy.take_over().await,
            None => self.pair.fail_over(self.settings.loss).await,
        }
        // The connections of the old pool may be silent.
        self.pool = connect(&self.pair).await;
        load.wait_for_more(1).await;
        report.longest_silence = report.longest_silence.max(changed.elapsed());
        Ok(None)
    }

    /// Splits the system and heals it. Returns the sends that the old primary has.
    async fn split_brain(
        &mut self,
        load: &FailoverLoad,
        report: &mut FailoverReport,
    ) -> Result<ConfirmedSends> {
        let split = SplitBrain {
            fate: OldPrimaryFate::of_round(report.rounds),
            mode: self.settings.mode,
            loss: self.settings.loss,
            http: self.http.clone(),
            cut_off_port: self.command_ports[CUT_OFF],
        };
        let network = self.network.as_ref().context("there is no network")?;
        let outcome = split.run(network, &mut self.pair, load).await?;
        self.pool = connect(&self.pair).await;
        report.cut_off_acked += outcome.cut_off_acked;
        report.longest_return = report.longest_return.max(outcome.time_to_return);
        Ok(outcome.old_sends)
    }

    /// Whether acknowledged sends can be lost under these conditions.
    fn may_lose(&self) -> bool {
        self.settings.change == HistoryChange::Restore
            || self.settings.mode == ReplicationMode::Asynchronous
    }

    /// Compares the log with the acknowledgements, and everything else with the log. Returns the
    /// keys of the acknowledged sends that the log does not have.
    async fn check(&mut self, acked: &ConfirmedSends) -> Result<Vec<String>> {
        let head = eventually("the log is readable", async || {
            log::head(&self.pool).await.ok()
        })
        .await;
        log::check_positions(&self.pool).await?;
        let logged = load_sends(&self.pool).await?;
        let lost = check::find_lost(acked, &logged)?;
        let sender = self.user(&sender_name(1), 0);
        for group in 0..GROUPS {
            check::check_conversation(&sender, &group_name(group), &logged, head).await?;
        }
        if let Some(reader) = &mut self.reader {
            reader.check(&logged, head).await?;
        }
        check::check_nothing_parked(&self.pool).await?;
        let admin = self.user("admin", 0);
        let admin = admin.with_token(Some(crate::token::for_admin("admin")));
        check::check_mirror(&self.nats.url, &admin).await?;
        if self.settings.change == HistoryChange::SplitBrain {
            let verified = run_tidings(&["verify"], &self.env).await;
            ensure!(verified.status.success(), "tidings verify: {verified:?}");
        }
        Ok(lost)
    }
}

/// Starts two command services, a projector and a query API. The network leads the first one to the
/// side that will be cut off, and the others to the other side.
async fn start_services(
    dir: &Path,
    env: &[(&'static str, String)],
    network: Option<&SplitNetwork>,
) -> Vec<ServiceProcess> {
    let roles = ["command-svc", "command-svc", "projector", "query-api"];
    let mut services = Vec::new();
    for (number, role) in roles.into_iter().enumerate() {
        let home = dir.join(format!("{role}-{number}"));
        std::fs::create_dir_all(&home).expect("a directory");
        let mut env = env.to_vec();
        if let Some(network) = network {
            let [cut_off, other] = network.urls();
            env.push(("DATABASE_URL", if number == 0 { cut_off } else { other }));
        }
        let started = ServiceProcess::start(role, ports::find_free(), &home, &env).await;
        services.push(started.unwrap_or_else(|output| panic!("{role}: {output}")));
    }
    services
}

/// Changes the history several times.
pub async fn run_failovers(
    settings: FailoverSettings,
    rounds: usize,
    seed: u64,
) -> Result<FailoverReport> {
    let mut fleet = FailoverFleet::start(settings).await;
    let (mut rng, mut report) = (Rng::new(seed), FailoverReport::default());
    for _ in 0..rounds {
        fleet.run_round(&mut rng, &mut report).await?;
    }
    Ok(report)
}

async fn connect(pair: &PostgresPair) -> PgPool {
    let pool = PgPoolOptions::new().max_connections(4);
    pool.connect(&pair.url()).await.expect("the primary")
}

/// The directory of the programs of the Postgres that the tests use.
pub async fn postgres_programs() -> PathBuf {
    let url = &crate::servers::shared_postgres().database_url;
    let pool = PgPool::connect(url).await.expect("the shared server");
    let bin: String = sqlx::query_scalar("SELECT setting FROM pg_config WHERE name = 'BINDIR'")
        .fetch_one(&pool)
        .await
        .expect("the directory of the programs");
    Path::new(&bin).to_owned()
}
