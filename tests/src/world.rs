//! The world of one test: a new database, its own nats-server and a running `tidings up`.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use embedded_servers::process::Signal;
use eventually::eventually;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::client::{BaseUrls, Client, http_client};
use crate::database::WorldDatabase;
use crate::process::{DirRemoval, scratch_dir};
use crate::servers::NatsInstance;
use crate::service::{ServiceProcess, run_tidings, service_env};
use crate::{ports, token};

/// How long a service may take to stop after SIGTERM.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// How many ports are tried.
const MAX_PORT_ATTEMPTS: usize = 3;

/// Limits the worlds that exist at a time, because they share the connections of one Postgres.
static WORLD_SLOTS: Semaphore = Semaphore::const_new(3);

/// The settings of a world.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Environment variables for the services, in addition to those that every world sets.
    pub env: Vec<(&'static str, String)>,
}

impl Settings {
    /// Adds a variable.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.env.push((name, value.to_string()));
        self
    }

    /// The value of a variable.
    pub fn value(&self, name: &str) -> Option<&str> {
        let found = self.env.iter().rfind(|(candidate, _)| *candidate == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// The world of one test. Dropping it kills its processes.
pub struct World {
    /// A pool on the world's database.
    pub pool: PgPool,
    /// The world's nats-server.
    pub nats: NatsInstance,
    /// The world's directory.
    pub dir: PathBuf,
    database: WorldDatabase,
    settings: Settings,
    service: Option<ServiceProcess>,
    port: u16,
    http: reqwest::Client,
    _removal: DirRemoval,
    _slot: SemaphorePermit<'static>,
}

impl World {
    /// A world with the default settings and without a rate limit.
    pub async fn start() -> Self {
        Self::start_with(Settings::default()).await
    }

    /// A world with other settings.
    pub async fn start_with(settings: Settings) -> Self {
        let mut world = Self::stopped(settings).await;
        world.start_service().await;
        world
    }

    /// A world whose service has not been started.
    pub async fn stopped(settings: Settings) -> Self {
        let room = match WORLD_SLOTS.acquire().await {
            Ok(room) => room,
            Err(error) => panic!("{error}"),
        };
        let database = WorldDatabase::create().await;
        let dir = create_dir();
        let nats = NatsInstance::start(&dir.join("nats"));
        let pool = PgPoolOptions::new()
            .max_connections(4)
            .connect(database.url())
            .await;
        let pool = pool.unwrap_or_else(|error| panic!("{error}"));
        let port = ports::find_free();
        Self {
            pool,
            nats,
            _removal: DirRemoval::new(&dir),
            dir,
            database,
            settings,
            service: None,
            port,
            http: http_client(),
            _slot: room,
        }
    }

    /// Starts `tidings up`. After a stop, it gets the same port.
    pub async fn start_service(&mut self) {
        for _ in 0..MAX_PORT_ATTEMPTS {
            match ServiceProcess::start("up", self.port, &self.dir, &self.env()).await {
                Ok(service) => {
                    self.service = Some(service);
                    return;
                }
                // Another process may have taken the port.
                Err(output) => eprintln!("tidings up does not start: {output}"),
            }
            self.port = ports::find_free();
        }
        panic!("tidings up does not start");
    }

    /// Starts `tidings up` without waiting until it is ready.
    pub fn spawn_service(&mut self) {
        self.service = Some(ServiceProcess::spawn(
            "up",
            self.port,
            &self.dir,
            &self.env(),
        ));
    }

    /// Sets an environment variable for services that start from now on.
    pub fn set_env(&mut self, name: &'static str, value: &str) {
        self.settings.env.push((name, value.to_owned()));
    }

    /// Stops nats-server, removes its data and starts it again at another address. Services have to
    /// be restarted too.
    pub fn wipe_nats(&mut self) {
        let dir = self.dir.join("nats");
        tokio::task::block_in_place(|| {
            self.nats.stop();
            let store = dir.join("servers/nats");
            if let Err(error) = std::fs::remove_dir_all(&store) {
                panic!("{}: {error}", store.display());
            }
            self.nats = NatsInstance::start(&dir);
        });
    }

    /// The environment of every service of this world.
    pub fn env(&self) -> Vec<(&'static str, String)> {
        let mut env = service_env(self.database.url(), &self.nats.url);
        env.extend(self.settings.env.iter().cloned());
        env
    }

    /// Stops `tidings up` with SIGTERM and waits for its end.
    pub fn stop(&mut self) -> Option<ExitStatus> {
        self.service
            .take()?
            .process
            .stop(Signal::Terminate, STOP_TIMEOUT)
    }

    /// Kills `tidings up` with SIGKILL.
    pub fn kill(&mut self) {
        self.service = None;
    }

    /// The running `tidings up`.
    pub fn service(&mut self) -> &mut ServiceProcess {
        match &mut self.service {
            Some(service) => service,
            None => panic!("no service runs in this world"),
        }
    }

    /// The port of `tidings up`.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `127.0.0.1:port` of the running `tidings up`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The base URLs of the running `tidings up`.
    pub fn base_urls(&self) -> Arc<BaseUrls> {
        let base = format!("http://{}", self.address());
        Arc::new(BaseUrls {
            commands: base.clone(),
            queries: base,
        })
    }

    /// A user of this world.
    pub fn user(&self, name: &str) -> Client {
        Client::for_user(self.http.clone(), self.base_urls(), name)
    }

    /// A user with the scope `admin`.
    pub fn admin(&self) -> Client {
        self.user("admin")
            .with_token(Some(token::for_admin("admin")))
    }

    /// A client without a token.
    pub fn anonymous(&self) -> Client {
        self.user("nobody").with_token(None)
    }

    /// Waits until the read model has reached a position.
    pub async fn wait_until_projected(&self, position: i64) {
        let (admin, path) = (
            self.admin(),
            format!("/v1/inbox/unread?min_position={position}"),
        );
        eventually(format!("the projection is at {position}"), async || {
            (admin.get(&path).await.status == 200).then_some(())
        })
        .await;
    }

    /// The value of a metric, named with its labels; `None` if there is none yet.
    pub async fn metric(&self, name: &str) -> Option<f64> {
        let response = self.anonymous().get("/metrics").await;
        let text = String::from_utf8_lossy(&response.body).into_owned();
        let mut values = text.lines().filter_map(|line| line.rsplit_once(' '));
        values.find(|(found, _)| *found == name)?.1.parse().ok()
    }

    /// Runs a subcommand of `tidings` that must succeed and returns its standard output.
    pub async fn run_ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {error}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs a subcommand of `tidings` in this world and returns its status and output.
    pub async fn run(&self, arguments: &[&str]) -> std::process::Output {
        let mut env = self.env();
        if !env.iter().any(|(name, _)| *name == "TIDINGS_DATA") {
            env.push(("TIDINGS_DATA", self.dir.join("data").display().to_string()));
        }
        run_tidings(arguments, &env).await
    }
}

/// Creates a new directory in the scratch directory of this process.
pub fn create_dir() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let dir = scratch_dir().join(format!("w{}", COUNT.fetch_add(1, Ordering::Relaxed)));
    if let Err(error) = std::fs::create_dir_all(&dir) {
        panic!("{}: {error}", dir.display());
    }
    dir
}
