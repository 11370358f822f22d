//! Processes of `tidings`: services that keep running, and commands that end.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::client::http;
use crate::eventually::within;
use crate::process::Owned;
use crate::{binary, token};

/// How long a service may take until it is ready.
const READY: Duration = Duration::from_secs(60);

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
        command
            .arg(role)
            .arg("--listen")
            .arg(format!("127.0.0.1:{port}"));
        command
            .arg("--data")
            .arg(dir.join("data"))
            .envs(env.iter().cloned());
        let name = format!("tidings {role}");
        match Owned::start(&name, command, &dir.join(format!("{role}.log")), None) {
            Ok(child) => Self { child, port },
            Err(error) => panic!("{name}: {error}"),
        }
    }
}

/// Runs a subcommand of `tidings` to its end.
pub async fn run_tidings(
    arguments: &[&str],
    env: &[(&'static str, String)],
) -> std::process::Output {
    let mut command = tokio::process::Command::new(binary::tidings());
    command
        .args(arguments)
        .envs(env.iter().cloned())
        .kill_on_drop(true);
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
        (
            "TIDINGS_LOG",
            std::env::var("TIDINGS_LOG").unwrap_or_else(|_| "warn".to_owned()),
        ),
    ]
}

/// Brings a database up to date, as an operator does.
pub async fn migrate(env: &[(&'static str, String)]) {
    let output = run_tidings(&["migrate"], env).await;
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
