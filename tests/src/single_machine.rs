//! `tidings up` with its own servers, all in one data directory that can be copied and replaced.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use embedded_servers::process::Signal;
use serde_json::Value;
use sqlx::postgres::PgPoolOptions;

use crate::client::{BaseUrls, Client, http_client};
use crate::endpoints::SystemEndpoints;
use crate::process::DirRemoval;
use crate::service::{ServiceProcess, run_tidings, service_env};
use crate::world::{Settings, create_dir};
use crate::{ports, token};

/// How long it may take to stop after SIGTERM: the servers stop too.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

/// How many connections to its database a test has.
const MAX_CONNECTIONS: u32 = 4;

/// A machine with one data directory. Dropping it kills its processes.
pub struct SingleMachine {
    /// The directory that contains `data`.
    pub dir: PathBuf,
    env: Vec<(&'static str, String)>,
    service: Option<ServiceProcess>,
    port: u16,
    http: reqwest::Client,
    _removal: DirRemoval,
}

impl SingleMachine {
    /// Starts a machine with an empty data directory. Its tokens are signed with the secret of the
    /// tests.
    pub async fn start(settings: &Settings) -> Self {
        let mut machine = Self::stopped(settings);
        machine.start_service().await;
        machine
    }

    /// A machine on which nothing runs yet.
    pub fn stopped(settings: &Settings) -> Self {
        let mut env = service_env("", "");
        env.retain(|(name, _)| !matches!(*name, "DATABASE_URL" | "NATS_URL"));
        env.extend(settings.env.iter().cloned());
        let dir = create_dir();
        Self {
            _removal: DirRemoval::new(&dir),
            dir,
            env,
            service: None,
            port: ports::find_free(),
            http: http_client(),
        }
    }

    /// Starts `tidings up`. After a stop, it gets the same port.
    pub async fn start_service(&mut self) {
        if let Err(output) = self.try_start_service().await {
            panic!("tidings up does not start: {output}");
        }
    }

    /// The same, but the error is the output of a process that ends instead.
    pub async fn try_start_service(&mut self) -> Result<(), String> {
        let started = ServiceProcess::start("up", self.port, &self.dir, &self.env).await;
        started.map(|service| self.service = Some(service))
    }

    /// Starts `tidings up` without waiting until it is ready.
    pub fn spawn_service(&mut self) {
        let spawned = ServiceProcess::spawn("up", self.port, &self.dir, &self.env);
        self.service = Some(spawned);
    }

    /// The id of the process, if it was started.
    pub fn process_id(&self) -> Option<u32> {
        Some(self.service.as_ref()?.process.id())
    }

    /// Kills `tidings up` with SIGKILL.
    pub fn kill(&mut self) {
        self.service = None;
    }

    /// Stops `tidings up` with SIGTERM.
    pub fn stop(&mut self) {
        if let Some(mut service) = self.service.take() {
            let status = service.process.stop(Signal::Terminate, STOP_TIMEOUT);
            let log = service.process.log_tail();
            assert!(status.is_some_and(|status| status.success()), "{log}");
        }
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// `127.0.0.1:port`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The address of its nats-server while it runs, with the password.
    pub fn nats_url(&self) -> String {
        self.server_url("nats_url")
    }

    /// An address in the run file.
    fn server_url(&self, field: &str) -> String {
        let path = self.data().join("run.json");
        let text = std::fs::read(&path).unwrap_or_else(|error| panic!("run.json: {error}"));
        let running: Value = serde_json::from_slice(&text).expect("run.json is JSON");
        running[field].as_str().expect("a URL").to_owned()
    }

    /// How a load reaches the machine while it runs.
    pub async fn endpoints(&self) -> Result<SystemEndpoints, sqlx::Error> {
        let pool = PgPoolOptions::new()
            .max_connections(MAX_CONNECTIONS)
            .connect(&self.server_url("database_url"))
            .await?;
        Ok(SystemEndpoints {
            pool,
            nats_url: self.nats_url(),
            bases: vec![self.base_urls()],
            http: self.http.clone(),
        })
    }

    fn base_urls(&self) -> Arc<BaseUrls> {
        let base = format!("http://{}", self.address());
        Arc::new(BaseUrls {
            commands: base.clone(),
            queries: base,
        })
    }

    /// A user.
    pub fn user(&self, name: &str) -> Client {
        Client::for_user(self.http.clone(), self.base_urls(), name)
    }

    /// A user with the scope `admin`.
    pub fn admin(&self) -> Client {
        self.user("admin")
            .with_token(Some(token::for_admin("admin")))
    }

    /// Runs a subcommand on the data directory.
    pub async fn run(&self, arguments: &[&str]) -> std::process::Output {
        let data = self.data();
        let mut arguments = arguments.to_vec();
        arguments.extend(["--data", data.to_str().expect("UTF-8")]);
        run_tidings(&arguments, &self.env).await
    }

    /// Runs a subcommand that must succeed. Returns its standard output.
    pub async fn run_ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {error}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

/// Copies a directory as an operator does, with owners and modes.
pub fn copy_directory(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(copied.expect("cp runs").success(), "{}", from.display());
}
