//! A system with one process per service, on its own servers, which can be killed too.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use embedded_servers::EmbeddedServers;
use embedded_servers::process::{Signal, send_signal};
use search::index::{Index, IndexDigest, IndexDir};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use crate::client::{BaseUrls, Client, http_client};
use crate::endpoints::SystemEndpoints;
use crate::planted_bug::{BugProxy, PlantedBug, PostgresPlace};
use crate::process::DirRemoval;
use crate::servers::{self, ServerKind};
use crate::service::{ServiceProcess, migrate, run_tidings, service_env};
use crate::world::{Settings, create_dir};
use crate::{ports, token};

/// The socket of an embedded Postgres in its directory.
const SOCKET_NAME: &str = ".s.PGSQL.5432";

/// A service of the fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FleetRole {
    /// A command service, by number.
    Command(usize),
    /// The projector.
    Projector,
    /// A query API, by number.
    Query(usize),
}

impl FleetRole {
    fn name(self) -> &'static str {
        match self {
            Self::Command(_) => "command-svc",
            Self::Projector => "projector",
            Self::Query(_) => "query-api",
        }
    }
}

/// Which search indexes a fleet has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexPlacement {
    /// Each query API has its own.
    PerQueryApi,
    /// The projector writes one, which the query APIs only read.
    InProjector,
}

/// The services of a fleet, beside its projector.
#[derive(Debug, Clone, Copy)]
pub struct FleetLayout {
    /// The number of command services.
    pub command_services: usize,
    /// The number of query APIs. They start after the projector.
    pub query_apis: usize,
    /// This service is a process with all services.
    pub all_in_one: Option<FleetRole>,
    /// The search indexes.
    pub index: IndexPlacement,
}

impl FleetLayout {
    /// So many command services, and one query API with an index.
    fn of_writers(command_services: usize) -> Self {
        Self {
            command_services,
            query_apis: 1,
            all_in_one: None,
            index: IndexPlacement::PerQueryApi,
        }
    }
}

/// Frozen processes. Dropping this continues them, so that they can end.
pub struct FrozenProcesses(Vec<u32>);

impl FrozenProcesses {
    fn send(&self, signal: Signal) {
        for pid in &self.0 {
            // A backend may have ended in the meantime.
            let _ = send_signal(*pid, signal);
        }
    }
}

impl Drop for FrozenProcesses {
    fn drop(&mut self) {
        self.send(Signal::Continue);
    }
}

/// The ids of the processes that a process has started.
fn child_pids(parent: u32) -> Vec<u32> {
    let path = format!("/proc/{parent}/task/{parent}/children");
    let children = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    children
        .split_whitespace()
        .filter_map(|pid| pid.parse().ok())
        .collect()
}

/// The running processes. Dropping it kills them.
pub struct Fleet {
    /// A pool on the database of the fleet. It reconnects after Postgres was killed.
    pub pool: PgPool,
    bugs: Option<BugProxy>,
    servers: EmbeddedServers,
    dir: PathBuf,
    env: Vec<(&'static str, String)>,
    services: Vec<(FleetRole, u16, Option<ServiceProcess>)>,
    layout: FleetLayout,
    http: reqwest::Client,
    _removal: DirRemoval,
}

impl Fleet {
    /// Starts the servers (no NATS if the settings name one), migrates the database, and starts the
    /// command services, a projector and one query API.
    pub async fn start(command_services: usize, settings: &Settings) -> Self {
        Self::start_with(FleetLayout::of_writers(command_services), settings).await
    }

    /// The same with another layout.
    pub async fn start_with(layout: FleetLayout, settings: &Settings) -> Self {
        Self::start_planted(layout, settings, None).await
    }

    /// Command services, a projector and one query API, with these bugs.
    pub async fn start_with_bugs(command_services: usize, bugs: &[PlantedBug]) -> Self {
        let layout = FleetLayout::of_writers(command_services);
        Self::start_planted(layout, &Settings::default(), Some(bugs)).await
    }

    async fn start_planted(
        layout: FleetLayout,
        settings: &Settings,
        bugs: Option<&[PlantedBug]>,
    ) -> Self {
        let dir = create_dir();
        let home = dir.join("servers");
        let servers = match settings.value("NATS_URL") {
            Some(url) => servers::start_postgres(&home, url),
            None => servers::start_both(&home),
        };
        let mut env = service_env(&servers.database_url, &servers.nats_url);
        env.extend(settings.env.iter().cloned());
        migrate(&env).await;
        let bugs = bugs.map(|bugs| {
            let socket = servers::socket_dir(&servers.database_url).expect("a socket");
            let place = PostgresPlace::Socket(socket.join(SOCKET_NAME));
            BugProxy::start(place, bugs)
        });
        if let Some(bugs) = &bugs {
            env.push(("DATABASE_URL", bugs.url()));
        }
        let pool = PgPoolOptions::new()
            .max_connections(4)
            .connect(&servers.database_url)
            .await;
        let pool = pool.unwrap_or_else(|error| panic!("{error}"));
        let mut fleet = Self {
            pool,
            bugs,
            servers,
            _removal: DirRemoval::new(&dir),
            dir,
            env,
            services: Vec::new(),
            layout,
            http: http_client(),
        };
        let roles = (0..layout.command_services)
            .map(FleetRole::Command)
            .chain([FleetRole::Projector])
            .chain((0..layout.query_apis).map(FleetRole::Query));
        for role in roles {
            fleet.services.push((role, ports::find_free(), None));
            fleet.start_service(role).await;
        }
        fleet
    }

    /// Starts a service. After a kill, it gets the same port.
    pub async fn start_service(&mut self, role: FleetRole) {
        let (port, place) = self.find_service(role);
        let dir = self.dir.join(format!("{}-{port}", role.name()));
        if let Err(error) = std::fs::create_dir_all(&dir) {
            panic!("{}: {error}", dir.display());
        }
        let program = if self.layout.all_in_one == Some(role) {
            "up"
        } else {
            role.name()
        };
        let mut env = self.env.clone();
        env.extend(self.index_env(role));
        match ServiceProcess::start(program, port, &dir, &env).await {
            Ok(service) => self.services[place].2 = Some(service),
            Err(output) => panic!("{role:?} does not start: {output}"),
        }
    }

    /// Kills a service with SIGKILL.
    pub fn kill_service(&mut self, role: FleetRole) {
        let (_, place) = self.find_service(role);
        self.services[place].2 = None;
    }

    /// Stops a service with SIGSTOP, or continues it.
    pub fn freeze_service(&mut self, role: FleetRole, signal: Signal) {
        let (_, place) = self.find_service(role);
        let service = self.services[place].2.as_ref();
        let service = service.unwrap_or_else(|| panic!("{role:?} does not run"));
        if let Err(error) = send_signal(service.process.id(), signal) {
            panic!("{role:?}: {error}");
        }
    }

    /// Stops all processes of Postgres with SIGSTOP, until the result is dropped.
    pub fn freeze_postgres(&self) -> FrozenProcesses {
        let postmaster = self.servers.postgres_pid();
        let postmaster = postmaster.unwrap_or_else(|| panic!("Postgres does not run"));
        let mut pids = child_pids(postmaster);
        pids.push(postmaster);
        let frozen = FrozenProcesses(pids);
        frozen.send(Signal::Stop);
        frozen
    }

    /// Kills a server with SIGKILL. Its supervisor restarts it.
    pub async fn kill_server(&mut self, which: ServerKind) {
        tokio::task::block_in_place(|| servers::kill(&self.servers, which));
    }

    fn find_service(&self, role: FleetRole) -> (u16, usize) {
        let found = self
            .services
            .iter()
            .position(|(candidate, _, _)| *candidate == role);
        let place = found.unwrap_or_else(|| panic!("{role:?} is not in the fleet"));
        (self.services[place].1, place)
    }

    fn index_env(&self, role: FleetRole) -> [(&'static str, String); 2] {
        let (query_api, maintains) = match (self.layout.index, role) {
            (IndexPlacement::PerQueryApi, FleetRole::Query(query_api)) => (query_api, true),
            (IndexPlacement::InProjector, FleetRole::Projector) => (0, true),
            _ => (0, false),
        };
        let switch = if maintains { "on" } else { "off" };
        let dir = self.index_dir(query_api).path().display().to_string();
        [
            ("TIDINGS_SEARCH_DIR", dir),
            ("TIDINGS_INDEXER", switch.to_owned()),
        ]
    }

    /// The directory of the search index of a query API; the one of the projector is that of the
    /// first.
    pub fn index_dir(&self, query_api: usize) -> IndexDir {
        IndexDir::new(self.dir.join(format!("search-{query_api}")))
    }

    /// Builds another index from the current read models and returns its digest.
    pub async fn build_reference_index(&self) -> Result<IndexDigest> {
        let elsewhere = self.dir.join("reference-index");
        let path = elsewhere.to_str().context("a path is UTF-8")?;
        let built = run_tidings(&["rebuild", "search", "--search-dir", path], &self.env).await;
        let said = String::from_utf8_lossy(&built.stderr);
        ensure!(built.status.success(), "{said}");
        let place = IndexDir::new(&elsewhere);
        let build = place.current_build()?.context("no index was built")?;
        Ok(Index::open(&place.build_path(build))?.digest()?)
    }

    /// How a load reaches the fleet.
    pub fn endpoints(&self) -> SystemEndpoints {
        let base = |role| format!("http://{}", self.address(role));
        let bases = |command_service| {
            Arc::new(BaseUrls {
                commands: base(FleetRole::Command(command_service)),
                queries: base(FleetRole::Query(0)),
            })
        };
        SystemEndpoints {
            pool: self.pool.clone(),
            nats_url: self.nats_url().to_owned(),
            bases: (0..self.layout.command_services).map(bases).collect(),
            http: self.http.clone(),
        }
    }

    /// The bugs of a fleet that was started with bugs.
    pub fn bugs(&self) -> &BugProxy {
        self.bugs.as_ref().expect("a fleet with bugs")
    }

    /// The URL of NATS.
    pub fn nats_url(&self) -> &str {
        &self.servers.nats_url
    }

    /// `127.0.0.1:port` of a service.
    fn address(&self, role: FleetRole) -> String {
        format!("127.0.0.1:{}", self.find_service(role).0)
    }

    /// `127.0.0.1:port` of one of the command services.
    pub fn command_address(&self, command_service: usize) -> String {
        self.address(FleetRole::Command(command_service))
    }

    /// `127.0.0.1:port` of one of the query APIs.
    pub fn query_address(&self, query_api: usize) -> String {
        self.address(FleetRole::Query(query_api))
    }

    /// A user whose commands go to one of the command services.
    pub fn user(&self, name: &str, command_service: usize) -> Client {
        self.user_at(
            name,
            FleetRole::Command(command_service),
            FleetRole::Query(0),
        )
    }

    /// A user whose queries go to one of the query APIs.
    pub fn query_user(&self, name: &str, query_api: usize) -> Client {
        self.user_at(name, FleetRole::Command(0), FleetRole::Query(query_api))
    }

    fn user_at(&self, name: &str, commands: FleetRole, queries: FleetRole) -> Client {
        let base = |role| format!("http://{}", self.address(role));
        let bases = Arc::new(BaseUrls {
            commands: base(commands),
            queries: base(queries),
        });
        Client::for_user(self.http.clone(), bases, name)
    }

    /// A user with the scope `admin`.
    pub fn admin(&self) -> Client {
        self.user("admin", 0)
            .with_token(Some(token::for_admin("admin")))
    }

    /// Runs a command of the program on the servers of the fleet.
    pub async fn run(&self, arguments: &[&str]) -> std::process::Output {
        run_tidings(arguments, &self.env).await
    }

    /// Whether every service that was not killed still runs.
    pub fn all_services_run(&mut self) -> bool {
        self.services
            .iter_mut()
            .all(|(_, _, service)| service.as_mut().is_none_or(|s| s.process.is_running()))
    }
}
