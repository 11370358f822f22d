//! `tidings up` with its own servers, all in one data directory that can be copied and replaced.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use embedded_servers::process::Signal;
use serde_json::Value;

use crate::client::{BaseUrls, Client, http_client};
use crate::service::{ServiceProcess, run_tidings, service_env};
use crate::world::{Settings, create_dir};
use crate::{ports, token};

/// How long it may take to stop after SIGTERM: the servers stop too.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

/// A machine with one data directory. Dropping it kills its processes.
pub struct SingleMachine {
    /// The directory that contains `data`.
    pub dir: PathBuf,
    env: Vec<(&'static str, String)>,
    service: Option<ServiceProcess>,
    port: u16,
    http: reqwest::Client,
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
        Self {
            dir: create_dir(),
            env,
            service: None,
            port: ports::find_free(),
            http: http_client(),
        }
    }

    /// Starts `tidings up`. After a stop, it gets the same port.
    pub async fn start_service(&mut self) {
        match ServiceProcess::start("up", self.port, &self.dir, &self.env).await {
            Ok(service) => self.service = Some(service),
            Err(output) => panic!("tidings up does not start: {output}"),
        }
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
        let path = self.data().join("run.json");
        let text = std::fs::read(&path).unwrap_or_else(|error| panic!("run.json: {error}"));
        let running: Value = serde_json::from_slice(&text).expect("run.json is JSON");
        running["nats_url"].as_str().expect("a URL").to_owned()
    }

    /// A user.
    pub fn user(&self, name: &str) -> Client {
        let base = format!("http://{}", self.address());
        let bases = BaseUrls {
            commands: base.clone(),
            queries: base,
        };
        Client::for_user(self.http.clone(), Arc::new(bases), name)
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
