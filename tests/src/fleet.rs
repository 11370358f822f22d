//! Services as a fleet runs them: one process each, on servers of their own that may be killed too.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use embedded_servers::EmbeddedServers;
use search::index::{Index, IndexDigest, IndexDir};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use crate::client::{Bases, Client, http};
use crate::servers::{self, Which};
use crate::service::{Service, migrate, run_tidings, service_env};
use crate::world::{Settings, directory};
use crate::{ports, token};

/// One of the services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// One of the command services.
    Command(usize),
    /// The projector.
    Projector,
    /// One of the query APIs.
    Query(usize),
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Command(_) => "command-svc",
            Self::Projector => "projector",
            Self::Query(_) => "query-api",
        }
    }
}

/// See the module.
pub struct Fleet {
    /// A pool on its database. Its connections break when Postgres is killed, and heal.
    pub pool: PgPool,
    servers: EmbeddedServers,
    dir: PathBuf,
    env: Vec<(&'static str, String)>,
    services: Vec<(Role, u16, Option<Service>)>,
    /// This one is all services in one process.
    whole: Option<Role>,
    http: reqwest::Client,
}

impl Fleet {
    /// Starts servers, migrates, and starts this many command services, a projector and a query API.
    pub async fn start(command_services: usize, settings: &Settings) -> Self {
        Self::of(command_services, 1, None, settings).await
    }

    /// The same with several query APIs. The projector starts before them. One of them may be `whole`: a process
    /// with all services, beside the others.
    pub async fn of(
        command_services: usize,
        query_apis: usize,
        whole: Option<Role>,
        settings: &Settings,
    ) -> Self {
        let dir = directory();
        let servers = servers::both(&dir.join("servers"));
        let mut env = service_env(&servers.database_url, &servers.nats_url);
        let index = dir.join("search").display().to_string();
        env.push(("TIDINGS_SEARCH_DIR", index));
        env.extend(settings.env.iter().cloned());
        migrate(&env).await;
        let pool = PgPoolOptions::new()
            .max_connections(4)
            .connect(&servers.database_url)
            .await;
        let pool = pool.unwrap_or_else(|error| panic!("{error}"));
        let mut fleet = Self {
            pool,
            servers,
            dir,
            env,
            services: Vec::new(),
            whole,
            http: http(),
        };
        let roles = (0..command_services)
            .map(Role::Command)
            .chain([Role::Projector])
            .chain((0..query_apis).map(Role::Query));
        for role in roles {
            fleet.services.push((role, ports::free(), None));
            fleet.wake(role).await;
        }
        fleet
    }

    /// Starts a service, after a kill on the port that it had.
    pub async fn wake(&mut self, role: Role) {
        let (port, place) = self.place(role);
        let dir = self.dir.join(format!("{}-{port}", role.name()));
        if let Err(error) = std::fs::create_dir_all(&dir) {
            panic!("{}: {error}", dir.display());
        }
        let program = if self.whole == Some(role) {
            "up"
        } else {
            role.name()
        };
        match Service::start(program, port, &dir, &self.env).await {
            Ok(service) => self.services[place].2 = Some(service),
            Err(words) => panic!("{role:?} does not start: {words}"),
        }
    }

    /// kill -9 of a service.
    pub fn kill(&mut self, role: Role) {
        let (_, place) = self.place(role);
        self.services[place].2 = None;
    }

    /// kill -9 of a server, whose keeper starts it again.
    pub async fn kill_server(&mut self, which: Which) {
        tokio::task::block_in_place(|| servers::kill(&self.servers, which));
    }

    fn place(&self, role: Role) -> (u16, usize) {
        let found = self
            .services
            .iter()
            .position(|(candidate, _, _)| *candidate == role);
        let place = found.unwrap_or_else(|| panic!("{role:?} is not in the fleet"));
        (self.services[place].1, place)
    }

    /// Where the search index is.
    pub fn index(&self) -> IndexDir {
        IndexDir::new(self.dir.join("search"))
    }

    /// What an index says that is made of the read models now.
    pub async fn index_anew(&self) -> Result<IndexDigest> {
        let elsewhere = self.dir.join("anew");
        let path = elsewhere.to_str().context("a path is UTF-8")?;
        let built = run_tidings(&["rebuild", "search", "--search-dir", path], &self.env).await;
        let said = String::from_utf8_lossy(&built.stderr);
        ensure!(built.status.success(), "{said}");
        let place = IndexDir::new(&elsewhere);
        let build = place.current_build()?.context("nothing was built")?;
        Ok(Index::open(&place.build_path(build))?.digest()?)
    }

    /// Where NATS is.
    pub fn nats_url(&self) -> &str {
        &self.servers.nats_url
    }

    /// `127.0.0.1:port` of a service.
    fn address(&self, role: Role) -> String {
        format!("127.0.0.1:{}", self.place(role).0)
    }

    /// `127.0.0.1:port` of one of the query APIs.
    pub fn query_address(&self, query_api: usize) -> String {
        self.address(Role::Query(query_api))
    }

    /// A user whose commands go to one of the command services.
    pub fn user(&self, name: &str, command_service: usize) -> Client {
        self.user_at(name, Role::Command(command_service), Role::Query(0))
    }

    /// A user whose queries go to one of the query APIs.
    pub fn query_user(&self, name: &str, query_api: usize) -> Client {
        self.user_at(name, Role::Command(0), Role::Query(query_api))
    }

    fn user_at(&self, name: &str, commands: Role, queries: Role) -> Client {
        let base = |role| format!("http://{}", self.address(role));
        let bases = Arc::new(Bases {
            commands: base(commands),
            queries: base(queries),
        });
        Client::as_user(self.http.clone(), bases, name)
    }

    /// A user who may see the log.
    pub fn admin(&self) -> Client {
        self.user("admin", 0)
            .with_token(Some(token::admin("admin")))
    }

    /// Whether every service still runs that was not killed.
    pub fn is_whole(&mut self) -> bool {
        self.services
            .iter_mut()
            .all(|(_, _, service)| service.as_mut().is_none_or(|s| s.child.is_running()))
    }
}
