//! Changes of the history under load: two command services, a projector and a query API with a
//! primary that is killed and a standby that is promoted, or with a database that is restored from
//! an earlier copy. Afterwards everything that a part of the system has is
//! what the log of the new primary has.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use eventually::eventually;
use serde_json::Value;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::task::JoinSet;

use crate::chaos::send_until_certain;
use crate::client::{BaseUrls, Client, http_client};
use crate::database_copy::DatabaseCopy;
use crate::log;
use crate::ports;
use crate::replication::{ConnectionLoss, PostgresPair, ReplicationMode};
use crate::seed::Rng;
use crate::servers::NatsInstance;
use crate::service::{ServiceProcess, migrate, service_env};
use crate::world::create_dir;

/// How many users send at the same time, half of them through each command service.
const SENDERS: usize = 8;

/// How many conversations there are. Each has all senders.
const GROUPS: usize = 4;

/// How many sends are acknowledged before the primary is killed, and after the failover.
const SENDS_PER_PHASE: usize = 150;

/// The longest time between the last of these and the kill, in milliseconds.
const MAX_PAUSE_MS: i64 = 300;

/// How a run changes the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryChange {
    /// The primary is killed and its standby promoted.
    Failover,
    /// An earlier copy of the database takes its place.
    Restore,
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
}

/// An acknowledged send.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ConfirmedSend {
    conversation: String,
    seq: i64,
    position: i64,
}

/// The system under test.
pub struct FailoverFleet {
    pair: PostgresPair,
    nats: NatsInstance,
    _services: Vec<ServiceProcess>,
    command_ports: [u16; 2],
    query_port: u16,
    pool: PgPool,
    http: reqwest::Client,
    settings: FailoverSettings,
}

impl FailoverFleet {
    /// Starts the servers and the services, and creates the conversations.
    pub async fn start(settings: FailoverSettings) -> Self {
        let dir = create_dir();
        let bin = postgres_programs().await;
        let servers = dir.join("pair");
        let pair = PostgresPair::start(&bin, &servers, settings.mode, settings.delay).await;
        let nats = NatsInstance::start(&dir.join("nats"));
        let mut env = service_env(&pair.url(), &nats.url);
        env.push((
            "TIDINGS_SEARCH_DIR",
            dir.join("search").display().to_string(),
        ));
        migrate(&env).await;
        let roles = ["command-svc", "command-svc", "projector", "query-api"];
        let mut services = Vec::new();
        for (number, role) in roles.into_iter().enumerate() {
            let home = dir.join(format!("{role}-{number}"));
            std::fs::create_dir_all(&home).expect("a directory");
            let started = ServiceProcess::start(role, ports::find_free(), &home, &env).await;
            services.push(started.unwrap_or_else(|output| panic!("{role}: {output}")));
        }
        let fleet = Self {
            pool: connect(&pair).await,
            command_ports: [services[0].port, services[1].port],
            query_port: services[3].port,
            pair,
            nats,
            _services: services,
            http: http_client(),
            settings,
        };
        for group in 0..GROUPS {
            let others: Vec<String> = (1..SENDERS).map(sender_name).collect();
            let others: Vec<&str> = others.iter().map(String::as_str).collect();
            let creator = fleet.user(&sender_name(0), 0);
            creator
                .create_group(&group_name(group), &others)
                .await
                .expect(201);
        }
        fleet
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
        let load = FailoverLoad::start(self, round);
        load.wait_for(SENDS_PER_PHASE).await;
        let copy = match self.settings.change {
            HistoryChange::Failover => None,
            HistoryChange::Restore => Some(DatabaseCopy::take(&self.pool).await),
        };
        load.wait_for(load.count() + SENDS_PER_PHASE).await;
        rng.pause(MAX_PAUSE_MS).await;
        let changed = Instant::now();
        match copy {
            Some(copy) => copy.take_over().await,
            None => self.pair.fail_over(self.settings.loss).await,
        }
        // The connections of the old pool may be silent.
        self.pool = connect(&self.pair).await;
        load.wait_for(load.count() + 1).await;
        report.longest_silence = report.longest_silence.max(changed.elapsed());
        load.wait_for(load.count() + SENDS_PER_PHASE).await;
        let acked = load.stop().await?;
        report.rounds += 1;
        report.acked += acked.len();
        let lost = self
            .check(&acked)
            .await
            .with_context(|| format!("round {round}"))?;
        report.lost += lost;
        report.rounds_with_losses += usize::from(lost > 0);
        ensure!(
            lost == 0 || self.may_lose(),
            "round {round}: {lost} acknowledged sends were lost although the standby is synchronous"
        );
        if self.settings.change == HistoryChange::Failover {
            self.pair.add_standby().await;
        }
        Ok(())
    }

    /// Whether acknowledged sends can be lost under these conditions.
    fn may_lose(&self) -> bool {
        self.settings.change == HistoryChange::Restore
            || self.settings.mode == ReplicationMode::Asynchronous
    }

    /// Compares the log with the acknowledgements, and everything else with the log. Returns how
    /// many acknowledged sends the log does not have.
    async fn check(&self, acked: &HashMap<String, ConfirmedSend>) -> Result<usize> {
        let head = eventually("the log is readable", async || {
            log::head(&self.pool).await.ok()
        })
        .await;
        log::check_positions(&self.pool).await?;
        let logged = self.logged_sends().await?;
        for (key, send) in &logged {
            let (conversation, _) = key.split_once('/').context("a key")?;
            ensure!(
                conversation == send.conversation,
                "{key} was written into {}",
                send.conversation
            );
        }
        let mut lost = 0;
        for (key, send) in acked {
            match logged.get(key) {
                Some(found) => ensure!(
                    found == send,
                    "{key} was acknowledged as {send:?}, the log has {found:?}"
                ),
                None => lost += 1,
            }
        }
        for group in 0..GROUPS {
            self.check_history(&group_name(group), &logged, head)
                .await?;
        }
        let parked: i64 = sqlx::query_scalar("SELECT count(*) FROM read.parked")
            .fetch_one(&self.pool)
            .await?;
        ensure!(parked == 0, "{parked} events wait behind a hole");
        let admin = self.user("admin", 0);
        let admin = admin.with_token(Some(crate::token::for_admin("admin")));
        let events = log::fetch_events(&admin).await?;
        let mut difference = String::new();
        let nats = &self.nats.url;
        let exact = eventually::eventually_within(
            Duration::from_secs(30),
            "the mirror is exact",
            async || match log::check_mirror(nats, &events).await {
                Ok(_) => Some(Ok::<(), String>(())),
                Err(error) => {
                    difference = error.to_string();
                    None
                }
            },
        );
        exact.await.map_err(|error| anyhow::anyhow!(error))?;
        Ok(lost)
    }

    async fn logged_sends(&self) -> Result<HashMap<String, ConfirmedSend>> {
        let rows: Vec<(i64, String, i64, String)> = sqlx::query_as(
            "SELECT position, aggregate_id, (payload->>'seq')::bigint, payload->'body'->>'text'
             FROM events WHERE event_type = 'message_sent' ORDER BY position",
        )
        .fetch_all(&self.pool)
        .await?;
        let mut sends = HashMap::new();
        for (position, conversation, seq, key) in rows {
            let send = ConfirmedSend {
                conversation,
                seq,
                position,
            };
            let twice = sends.insert(key.clone(), send);
            ensure!(twice.is_none(), "{key} is in the log twice");
        }
        Ok(sends)
    }

    /// A conversation shows what the log has, in order and without a gap.
    async fn check_history(
        &self,
        group: &str,
        logged: &HashMap<String, ConfirmedSend>,
        head: i64,
    ) -> Result<()> {
        let mut expected: Vec<(i64, &str)> = logged
            .iter()
            .filter(|(_, send)| send.conversation == group)
            .map(|(key, send)| (send.seq, key.as_str()))
            .collect();
        expected.sort_unstable();
        let reader = self.user(&sender_name(1), 0);
        let mut shown: Vec<(i64, String)> = Vec::new();
        loop {
            let after = shown.last().map_or(0, |(seq, _)| *seq);
            let path = format!(
                "/v1/conversations/{group}/messages?limit=200&after={after}&min_position={head}"
            );
            let page = eventually("the projection is at the head", async || {
                let answer = reader.get(&path).await;
                (answer.status == 200).then(|| answer.json())
            })
            .await;
            let messages = page["messages"].as_array().cloned().unwrap_or_default();
            let read = |message: &Value| {
                let text = message["body"]["text"].as_str().unwrap_or_default();
                (message["seq"].as_i64().unwrap_or_default(), text.to_owned())
            };
            shown.extend(messages.iter().map(read));
            if page["has_more"] != true {
                break;
            }
        }
        for (number, (seq, _)) in shown.iter().enumerate() {
            ensure!(*seq == number as i64 + 1, "{group} has a hole before {seq}");
        }
        let shown: Vec<(i64, &str)> = shown
            .iter()
            .map(|(seq, key)| (*seq, key.as_str()))
            .collect();
        ensure!(
            shown == expected,
            "{group} shows {} messages, the log has {}",
            shown.len(),
            expected.len()
        );
        Ok(())
    }
}

/// Fails over several times.
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

fn sender_name(number: usize) -> String {
    format!("sender{number}")
}

fn group_name(number: usize) -> String {
    format!("g{number}")
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

/// Senders that continue through a failover.
struct FailoverLoad {
    stop: Arc<AtomicBool>,
    count: Arc<AtomicUsize>,
    senders: JoinSet<Result<HashMap<String, ConfirmedSend>>>,
}

impl FailoverLoad {
    fn start(fleet: &FailoverFleet, round: usize) -> Self {
        let mut load = Self {
            stop: Arc::default(),
            count: Arc::default(),
            senders: JoinSet::new(),
        };
        for number in 0..SENDERS {
            let client = fleet.user(&sender_name(number), number % 2);
            let (stop, count) = (load.stop.clone(), load.count.clone());
            load.senders.spawn(run_sender(client, round, stop, count));
        }
        load
    }

    fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    async fn wait_for(&self, count: usize) {
        eventually(format!("{count} sends are acknowledged"), async || {
            (self.count() >= count).then_some(())
        })
        .await;
    }

    async fn stop(mut self) -> Result<HashMap<String, ConfirmedSend>> {
        self.stop.store(true, Ordering::Relaxed);
        let mut acked = HashMap::new();
        while let Some(sender) = self.senders.join_next().await {
            acked.extend(sender.context("a sender failed")??);
        }
        Ok(acked)
    }
}

async fn run_sender(
    client: Client,
    round: usize,
    stop: Arc<AtomicBool>,
    count: Arc<AtomicUsize>,
) -> Result<HashMap<String, ConfirmedSend>> {
    let mut acked = HashMap::new();
    for n in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let conversation = group_name(n % GROUPS);
        let key = format!("{conversation}/{}:{round}:{n}", client.user());
        let (answer, _) = send_until_certain(&client, &conversation, &key).await?;
        let send = ConfirmedSend {
            conversation,
            seq: answer.number("seq"),
            position: answer.position(),
        };
        acked.insert(key, send);
        count.fetch_add(1, Ordering::Relaxed);
    }
    Ok(acked)
}
