//! Runs `tidings`: services that keep running, and commands that end.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use eventually::eventually_within;

use crate::client::http_client;
use crate::process::ChildProcess;
use crate::{binary, token};

/// How long a service may take to become ready.
const READY_TIMEOUT: Duration = Duration::from_secs(60);

/// A running service of `tidings`.
pub struct ServiceProcess {
    /// The process.
    pub process: ChildProcess,
    /// The port at which it listens.
    pub port: u16,
}

impl ServiceProcess {
    /// Starts a subcommand and waits until it is ready. If it ends instead, for example because the
    /// port is taken, the error is its output.
    pub async fn start(
        role: &str,
        port: u16,
        dir: &Path,
        env: &[(&'static str, String)],
    ) -> Result<Self, String> {
        Self::start_program(binary::path(), role, port, dir, env).await
    }

    /// The same with another program than the one under test, such as an earlier one.
    pub async fn start_program(
        program: &Path,
        role: &str,
        port: u16,
        dir: &Path,
        env: &[(&'static str, String)],
    ) -> Result<Self, String> {
        let mut service = Self::spawn_program(program, role, port, dir, env);
        let http = http_client();
        let url = format!("http://127.0.0.1:{port}/readyz");
        let outcome = eventually_within(READY_TIMEOUT, format!("{role} is ready"), async || {
            if !service.process.is_running() {
                return Some(Err(service.process.log_tail()));
            }
            let answer = http.get(&url).send().await.ok()?;
            (answer.status() == 200).then_some(Ok(()))
        });
        outcome.await.map(|()| service)
    }

    /// Starts a subcommand without waiting.
    pub fn spawn(role: &str, port: u16, dir: &Path, env: &[(&'static str, String)]) -> Self {
        Self::spawn_program(binary::path(), role, port, dir, env)
    }

    fn spawn_program(
        program: &Path,
        role: &str,
        port: u16,
        dir: &Path,
        env: &[(&'static str, String)],
    ) -> Self {
        let mut command = Command::new(program);
        command
            .arg(role)
            .arg("--listen")
            .arg(format!("127.0.0.1:{port}"));
        command
            .arg("--data")
            .arg(dir.join("data"))
            .envs(env.iter().cloned());
        let name = format!("tidings {role}");
        match ChildProcess::start(&name, command, &dir.join(format!("{role}.log")), None) {
            Ok(child) => Self {
                process: child,
                port,
            },
            Err(error) => panic!("{name}: {error}"),
        }
    }
}

/// Runs a subcommand of `tidings` and waits for its end.
pub async fn run_tidings(
    arguments: &[&str],
    env: &[(&'static str, String)],
) -> std::process::Output {
    let mut command = tokio::process::Command::new(binary::path());
    command
        .args(arguments)
        .envs(env.iter().cloned())
        .kill_on_drop(true);
    match command.output().await {
        Ok(output) => output,
        Err(error) => panic!("tidings {arguments:?}: {error}"),
    }
}

/// The environment of every service under test.
pub fn service_env(database_url: &str, nats_url: &str) -> Vec<(&'static str, String)> {
    vec![
        ("DATABASE_URL", database_url.to_owned()),
        ("NATS_URL", nats_url.to_owned()),
        ("TIDINGS_AUTH_SECRET", token::SECRET.to_owned()),
        ("TIDINGS_RATE_LIMIT", "0".to_owned()),
        (
            "TIDINGS_LOG",
            std::env::var("TIDINGS_LOG").unwrap_or_else(|_| "warn".to_owned()),
        ),
    ]
}

/// Applies all migrations, as an operator does.
pub async fn migrate(env: &[(&'static str, String)]) {
    let output = run_tidings(&["migrate"], env).await;
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
