//! A running `tidings up` on a Postgres pair.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eventually::eventually;
use serde_json::json;

use crate::client::{BaseUrls, Client, http_client};
use crate::failover::postgres_programs;
use crate::ports;
use crate::process::DirRemoval;
use crate::replication::{PostgresPair, ReplicationMode};
use crate::servers::NatsInstance;
use crate::service::{ServiceProcess, service_env};
use crate::world::create_dir;

/// The pair and the process. Dropping it kills them.
pub struct PairWorld {
    /// The Postgres pair.
    pub pair: PostgresPair,
    /// The process.
    pub service: ServiceProcess,
    /// The environment of the process, also for commands.
    pub env: Vec<(&'static str, String)>,
    log: PathBuf,
    http: reqwest::Client,
    _nats: NatsInstance,
    _removal: DirRemoval,
}

impl PairWorld {
    /// Starts a pair, and a process that connects to the URL that `url` chooses. Does not wait
    /// until it is ready.
    pub async fn spawn(mode: ReplicationMode, url: impl FnOnce(&PostgresPair) -> String) -> Self {
        let dir = create_dir();
        let bin = postgres_programs().await;
        let pair = PostgresPair::start(&bin, &dir.join("pair"), mode, Duration::ZERO).await;
        let nats = NatsInstance::start(&dir.join("nats"));
        let mut env = service_env(&url(&pair), &nats.url);
        env.push(("TIDINGS_LOG", "info".to_owned()));
        let service = ServiceProcess::spawn("up", ports::find_free(), &dir, &env);
        Self {
            pair,
            service,
            env,
            log: dir.join("up.log"),
            http: http_client(),
            _nats: nats,
            _removal: DirRemoval::new(&dir),
        }
    }

    /// The same, ready, with a conversation `room` of ann and bob.
    pub async fn start(mode: ReplicationMode, url: impl FnOnce(&PostgresPair) -> String) -> Self {
        let world = Self::spawn(mode, url).await;
        world.wait_until_ready().await;
        let created = world.user("ann").create_group("room", &["bob"]).await;
        created.expect(201);
        world
    }

    fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.service.port)
    }

    /// A user.
    pub fn user(&self, name: &str) -> Client {
        let bases = BaseUrls {
            commands: self.base(),
            queries: self.base(),
        };
        Client::for_user(self.http.clone(), Arc::new(bases), name)
    }

    /// Sends a message of ann to the room. Returns the status, and how long it took.
    pub async fn send(&self, key: &str) -> (u16, Duration) {
        send_to_room(&self.user("ann"), key).await
    }

    /// Sends until it is accepted. Returns how long that took.
    pub async fn send_until_accepted(&self, key: &str) -> Duration {
        let began = Instant::now();
        eventually(format!("{key} is accepted"), async || {
            matches!(self.send(key).await.0, 200 | 201).then_some(())
        })
        .await;
        began.elapsed()
    }

    /// The status of `/readyz`; 0 if there is no answer.
    pub async fn readiness(&self) -> u16 {
        let answer = self
            .http
            .get(format!("{}/readyz", self.base()))
            .send()
            .await;
        answer.map_or(0, |answer| answer.status().as_u16())
    }

    /// Waits until the process is ready.
    pub async fn wait_until_ready(&self) {
        eventually("it is ready", async || {
            (self.readiness().await == 200).then_some(())
        })
        .await;
    }

    /// How many lines of the program's log contain a text.
    pub fn count_lines(&self, text: &str) -> usize {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        log.lines().filter(|line| line.contains(text)).count()
    }
}

/// Sends a message to the conversation `room`. Returns the status, and how long it took.
pub async fn send_to_room(client: &Client, key: &str) -> (u16, Duration) {
    let message = json!({ "client_message_id": key, "type": "text", "body": { "text": key } });
    let began = Instant::now();
    let sent = client
        .post("/v1/conversations/room/messages", message)
        .await;
    (sent.status, began.elapsed())
}
