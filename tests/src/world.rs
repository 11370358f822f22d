//! A world for one test: a fresh database, a nats-server of its own and a running `tidings up`.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, Executor, PgConnection, PgPool};
use tidings::servers::process::Signal;
use tokio::sync::{OnceCell, Semaphore, SemaphorePermit};

use crate::client::{Bases, Client, http};
use crate::eventually::within;
use crate::process::{Owned, scratch};
use crate::servers::Nats;
use crate::{binary, ports, servers, token};

/// How long a service may take until it is ready.
const READY: Duration = Duration::from_secs(60);

/// How long a service may take to stop when asked.
const STOP: Duration = Duration::from_secs(30);

/// Worlds at a time, however many cores there are: they share one Postgres's connections.
static ROOM: Semaphore = Semaphore::const_new(3);

/// What is asked of a world.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Environment variables for the services, beyond those that every world sets.
    pub env: Vec<(&'static str, String)>,
}

impl Settings {
    /// With one more variable.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.env.push((name, value.to_string()));
        self
    }
}

/// See the module.
pub struct World {
    /// A pool on the world's database.
    pub pool: PgPool,
    /// The world's nats-server.
    pub nats: Nats,
    /// The world's directory.
    pub dir: PathBuf,
    database_url: String,
    settings: Settings,
    service: Option<Service>,
    port: u16,
    http: reqwest::Client,
    _room: SemaphorePermit<'static>,
}

impl World {
    /// With the defaults, but no rate limit.
    pub async fn start() -> Self {
        Self::with(Settings::default()).await
    }

    /// With other settings.
    pub async fn with(settings: Settings) -> Self {
        let mut world = Self::asleep(settings).await;
        world.wake().await;
        world
    }

    /// Without a running service.
    pub async fn asleep(settings: Settings) -> Self {
        let room = match ROOM.acquire().await {
            Ok(room) => room,
            Err(error) => panic!("{error}"),
        };
        let database_url = database().await;
        let dir = directory();
        let nats = Nats::start(&dir.join("nats"));
        let pool = PgPoolOptions::new().max_connections(4).connect(&database_url).await;
        let pool = pool.unwrap_or_else(|error| panic!("{error}"));
        let port = ports::free();
        Self { pool, nats, dir, database_url, settings, service: None, port, http: http(), _room: room }
    }

    /// Starts `tidings up`; after a stop, on the same port.
    pub async fn wake(&mut self) {
        let mut service = None;
        for _ in 0..5 {
            match Service::start("up", self.port, &self.dir, &self.env()).await {
                Ok(started) => service = Some(started),
                Err(_) => self.port = ports::free(),
            }
            if service.is_some() {
                break;
            }
        }
        self.service = service;
        assert!(self.service.is_some(), "tidings up does not start; see {}", self.dir.display());
    }

    /// Starts `tidings up` and does not wait until it is ready.
    pub fn launch(&mut self) {
        self.service = Some(Service::launch("up", self.port, &self.dir, &self.env()));
    }

    /// Tells services that start from now on something else.
    pub fn tell(&mut self, name: &'static str, value: &str) {
        self.settings.env.push((name, value.to_owned()));
    }

    /// Stops nats-server, removes everything that it had stored, and starts it again, at another
    /// address: services have to be started again too.
    pub fn wipe_nats(&mut self) {
        let dir = self.dir.join("nats");
        tokio::task::block_in_place(|| {
            self.nats.end();
            let store = dir.join("servers/nats");
            if let Err(error) = std::fs::remove_dir_all(&store) {
                panic!("{}: {error}", store.display());
            }
            self.nats = Nats::start(&dir);
        });
    }

    /// What every service of this world is told.
    pub fn env(&self) -> Vec<(&'static str, String)> {
        let mut env = service_env(&self.database_url, &self.nats.url);
        env.extend(self.settings.env.iter().cloned());
        env
    }

    /// Asks `tidings up` to stop, and waits.
    pub fn stop(&mut self) -> Option<ExitStatus> {
        self.service.take()?.child.stop(Signal::Terminate, STOP)
    }

    /// kill -9 of `tidings up`.
    pub fn kill(&mut self) {
        self.service = None;
    }

    /// The running `tidings up`.
    pub fn service(&mut self) -> &mut Service {
        match &mut self.service {
            Some(service) => service,
            None => panic!("nothing runs in this world"),
        }
    }

    /// `127.0.0.1:port` of the running `tidings up`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Where commands and queries go.
    pub fn bases(&self) -> Arc<Bases> {
        let base = format!("http://{}", self.address());
        Arc::new(Bases { commands: base.clone(), queries: base })
    }

    /// A user of this world.
    pub fn user(&self, name: &str) -> Client {
        Client::as_user(self.http.clone(), self.bases(), name)
    }

    /// A user who may see the log.
    pub fn admin(&self) -> Client {
        self.user("admin").with_token(Some(token::admin("admin")))
    }

    /// Nobody.
    pub fn nobody(&self) -> Client {
        self.user("nobody").with_token(None)
    }

    /// Runs a subcommand of `tidings` to its end in this world; gives its status and output.
    pub async fn tidings(&self, arguments: &[&str]) -> std::process::Output {
        run_tidings(arguments, &self.env()).await
    }
}

/// Runs a subcommand of `tidings` to its end.
pub async fn run_tidings(arguments: &[&str], env: &[(&'static str, String)]) -> std::process::Output {
    let mut command = tokio::process::Command::new(binary::tidings());
    command.args(arguments).envs(env.iter().cloned()).kill_on_drop(true);
    match command.output().await {
        Ok(output) => output,
        Err(error) => panic!("tidings {arguments:?}: {error}"),
    }
}

/// What every service under test is told.
pub fn service_env(database_url: &str, nats_url: &str) -> Vec<(&'static str, String)> {
    vec![
        ("DATABASE_URL", database_url.to_owned()),
        ("NATS_URL", nats_url.to_owned()),
        ("TIDINGS_AUTH_SECRET", token::SECRET.to_owned()),
        ("TIDINGS_RATE_LIMIT", "0".to_owned()),
        ("TIDINGS_LOG", std::env::var("TIDINGS_LOG").unwrap_or_else(|_| "warn".to_owned())),
    ]
}

/// One running process of `tidings`.
pub struct Service {
    /// The process.
    pub child: Owned,
    /// Where it listens.
    pub port: u16,
}

impl Service {
    /// Starts a subcommand and waits until it is ready. An error says what it wrote when it ended
    /// instead, as it does when somebody else has taken the port.
    pub async fn start(
        role: &str,
        port: u16,
        dir: &Path,
        env: &[(&'static str, String)],
    ) -> Result<Self, String> {
        let mut service = Self::launch(role, port, dir, env);
        let http = http();
        let url = format!("http://127.0.0.1:{port}/readyz");
        let outcome = within(READY, format!("{role} is ready"), async || {
            if !service.child.is_running() {
                return Some(Err(service.child.last_words()));
            }
            let answer = http.get(&url).send().await.ok()?;
            (answer.status() == 200).then_some(Ok(()))
        });
        outcome.await.map(|()| service)
    }

    /// Starts a subcommand, and does not wait.
    pub fn launch(role: &str, port: u16, dir: &Path, env: &[(&'static str, String)]) -> Self {
        let mut command = Command::new(binary::tidings());
        command.arg(role).arg("--listen").arg(format!("127.0.0.1:{port}"));
        command.arg("--data").arg(dir.join("data")).envs(env.iter().cloned());
        let name = format!("tidings {role}");
        match Owned::start(&name, command, &dir.join(format!("{role}.log")), None) {
            Ok(child) => Self { child, port },
            Err(error) => panic!("{name}: {error}"),
        }
    }
}

/// A fresh directory of this process.
pub fn directory() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let dir = scratch().join(format!("w{}", COUNT.fetch_add(1, Ordering::Relaxed)));
    if let Err(error) = std::fs::create_dir_all(&dir) {
        panic!("{}: {error}", dir.display());
    }
    dir
}

/// The name of the database that others are copied from.
const TEMPLATE: &str = "template_migrated";

/// A fresh database with every migration applied; gives its URL.
async fn database() -> String {
    static MIGRATED: OnceCell<()> = OnceCell::const_new();
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("world_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let made = async {
        let mut admin = PgConnection::connect(&url_of("postgres")).await?;
        MIGRATED.get_or_try_init(async || migrated().await).await?;
        let copy = format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy");
        admin.execute(copy.as_str()).await?;
        admin.close().await
    };
    if let Err(error) = made.await {
        panic!("{name}: {error}");
    }
    url_of(&name)
}

async fn migrated() -> Result<(), sqlx::Error> {
    let mut admin = PgConnection::connect(&url_of("postgres")).await?;
    admin.execute(format!("CREATE DATABASE {TEMPLATE}").as_str()).await?;
    let options = PgConnectOptions::from_str(&url_of(TEMPLATE))?;
    let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await?;
    migrations::apply(&pool).await.map_err(|error| sqlx::Error::Migrate(Box::new(error)))?;
    pool.close().await;
    admin.close().await
}

/// The URL of another database of the shared Postgres.
fn url_of(database: &str) -> String {
    other_database(&servers::postgres().database_url, database)
}

/// The same server's URL with another database: the path up to the question mark is its name.
pub fn other_database(url: &str, database: &str) -> String {
    let (address, options) = url.split_once('?').unwrap_or((url, ""));
    let server = address.rsplit_once('/').map_or(address, |(server, _)| server);
    format!("{server}/{database}?{options}")
}
