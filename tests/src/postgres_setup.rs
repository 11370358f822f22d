//! Runs the programs of Postgres: `initdb`, the server and others.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use embedded_servers::run_as::Account;
use eventually::eventually_within;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, PgConnection};

use crate::process::ChildProcess;

/// The superuser of the servers.
pub const USER: &str = "tidings";

/// A running server. Dropping it kills it.
pub struct PostgresNode {
    /// The postmaster.
    pub process: ChildProcess,
    /// The port of this machine at which it listens.
    pub port: u16,
    /// Its data directory.
    pub data: PathBuf,
}

/// How long a server may take to accept sessions: on a busy machine, recovery after a crash writes
/// every file to a disk that all servers of all tests share.
const START_TIMEOUT: Duration = Duration::from_secs(180);

/// Opens a session as soon as the server at a port of this machine accepts it. Prints each reason
/// why it does not, for a test that fails.
pub async fn connect(port: u16, database: &str) -> PgConnection {
    let options = PgConnectOptions::new()
        .host("127.0.0.1")
        .port(port)
        .username(USER)
        .database(database);
    let mut reason = String::new();
    let attempt = async || match options.connect().await {
        Ok(connection) => Some(connection),
        Err(error) => {
            let error = error.to_string();
            if reason != error {
                eprintln!("Postgres at {port}: {error}");
                reason = error;
            }
            None
        }
    };
    let goal = format!("Postgres accepts connections at {port}");
    eventually_within(START_TIMEOUT, goal, attempt).await
}

/// Runs the programs of Postgres as the user that may run them.
pub struct PostgresSetup<'a> {
    /// The directory of the programs.
    pub bin: &'a Path,
    /// The user that runs them, if it is another one.
    pub account: Option<&'a Account>,
}

impl PostgresSetup<'_> {
    /// Gives a path to the user.
    pub fn own(&self, path: &Path) {
        if let Some(account) = self.account {
            account.take_ownership(path).expect("the owner changes");
        }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.bin.join(program));
        command.current_dir("/");
        if let Some(account) = self.account {
            account.apply_to(&mut command);
        }
        command
    }

    /// Creates a data directory with the defaults of `initdb`, apart from these options.
    pub async fn init(&self, data: &Path, options: &[&str]) {
        let path = data.to_str().expect("UTF-8");
        let always = ["-U", USER, "--auth=trust", "-D", path];
        self.run("initdb", &[&always[..], options].concat()).await;
    }

    /// Runs a program to its end.
    pub async fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = self.command(program);
        command.args(arguments);
        let output = tokio::process::Command::from(command).output().await;
        let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program}: {stderr}");
    }

    /// Starts a server and waits until it accepts connections.
    pub async fn start_node(&self, data: &Path, port: u16) -> PostgresNode {
        let mut command = Command::new(self.bin.join("postgres"));
        command.current_dir("/");
        command.arg("-D").arg(data).args(["-p", &port.to_string()]);
        let log = data.with_extension("log");
        let process = ChildProcess::start("postgres", command, &log, self.account);
        let node = PostgresNode {
            process: process.unwrap_or_else(|error| panic!("postgres: {error}")),
            port,
            data: data.to_owned(),
        };
        connect(port, "postgres").await;
        node
    }
}
