//! A world for one test: a fresh database, a nats-server of its own and a running `tidings up`.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use embedded_servers::process::Signal;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::client::{Bases, Client, http};
use crate::database::database;
use crate::eventually::eventually;
use crate::process::scratch;
use crate::servers::Nats;
use crate::service::{Service, run_tidings, service_env};
use crate::{ports, token};

/// How long a service may take to stop when asked.
const STOP: Duration = Duration::from_secs(30);

/// How many ports are tried.
const PORTS: usize = 3;

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
        let pool = PgPoolOptions::new()
            .max_connections(4)
            .connect(&database_url)
            .await;
        let pool = pool.unwrap_or_else(|error| panic!("{error}"));
        let port = ports::free();
        Self {
            pool,
            nats,
            dir,
            database_url,
            settings,
            service: None,
            port,
            http: http(),
            _room: room,
        }
    }

    /// Starts `tidings up`; after a stop, on the same port.
    pub async fn wake(&mut self) {
        for _ in 0..PORTS {
            match Service::start("up", self.port, &self.dir, &self.env()).await {
                Ok(service) => {
                    self.service = Some(service);
                    return;
                }
                // Somebody else may have taken the port.
                Err(words) => eprintln!("tidings up does not start: {words}"),
            }
            self.port = ports::free();
        }
        panic!("tidings up does not start");
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
        Arc::new(Bases {
            commands: base.clone(),
            queries: base,
        })
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

    /// Waits until the read model has a position.
    pub async fn projected(&self, position: i64) {
        let (admin, path) = (
            self.admin(),
            format!("/v1/inbox/unread?min_position={position}"),
        );
        eventually(format!("the projection is at {position}"), async || {
            (admin.get(&path).await.status == 200).then_some(())
        })
        .await;
    }

    /// Runs a subcommand of `tidings`, which must succeed; gives what it said.
    pub async fn said(&self, arguments: &[&str]) -> String {
        let output = self.tidings(arguments).await;
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {error}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs a subcommand of `tidings` to its end in this world; gives its status and output.
    pub async fn tidings(&self, arguments: &[&str]) -> std::process::Output {
        run_tidings(arguments, &self.env()).await
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
