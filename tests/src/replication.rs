//! A Postgres primary with a streaming standby, whose addresses do not change: one for clients,
//! which a failover points at the new primary.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use embedded_servers::run_as::Account;
use eventually::eventually;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection};

use crate::ports;
use crate::process::ChildProcess;
use crate::proxy::TcpProxy;

const USER: &str = "tidings";

/// The settings of both servers. Everything that makes commits durable has its default.
const SETTINGS: &str = "listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
wal_level = replica
max_wal_senders = 10
hot_standby = on
shared_buffers = 128MB
wal_keep_size = 1GB
";

/// How the primary replicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplicationMode {
    /// A commit does not wait for the standby.
    Asynchronous,
    /// A commit waits until the standby has it.
    Synchronous,
}

/// What happens to the connections of clients in a failover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionLoss {
    /// They are closed.
    Closed,
    /// They stay open and silent, as when a machine vanishes.
    Silent,
}

/// The two servers.
pub struct PostgresPair {
    bin: PathBuf,
    dir: PathBuf,
    account: Option<Account>,
    mode: ReplicationMode,
    delay: Duration,
    primary: Node,
    standby: Option<(Node, TcpProxy)>,
    clients: TcpProxy,
    nodes: usize,
}

struct Node {
    process: ChildProcess,
    port: u16,
}

impl PostgresPair {
    /// Starts a primary, and a standby that receives everything `delay` later. `bin` has the
    /// programs of Postgres.
    pub async fn start(bin: &Path, dir: &Path, mode: ReplicationMode, delay: Duration) -> Self {
        let account = Account::resolve(dir);
        std::fs::create_dir_all(dir).expect("a directory");
        let setup = Setup {
            bin,
            account: account.as_ref(),
        };
        setup.own(dir);
        let data = dir.join("node0");
        let (path, user) = (data.to_str().expect("UTF-8"), ["-U", USER]);
        let options = ["--auth=trust", "--locale=C", "-E", "UTF8", "-D", path];
        setup
            .run("initdb", &[&user[..], &options[..]].concat())
            .await;
        let conf = data.join("postgresql.conf");
        let before = std::fs::read_to_string(&conf).expect("a configuration");
        std::fs::write(&conf, before + SETTINGS).expect("written");
        let primary = setup.start_node(&data).await;
        let clients = TcpProxy::start(primary.port, Duration::ZERO).await;
        let mut pair = Self {
            bin: bin.to_owned(),
            dir: dir.to_owned(),
            account,
            mode,
            delay,
            primary,
            standby: None,
            clients,
            nodes: 1,
        };
        let mut admin = pair.connect("postgres").await;
        admin
            .execute("CREATE DATABASE tidings")
            .await
            .expect("a database");
        pair.add_standby().await;
        pair
    }

    fn setup(&self) -> Setup<'_> {
        Setup {
            bin: &self.bin,
            account: self.account.as_ref(),
        }
    }

    /// The URL for clients, which stays the same after a failover.
    pub fn url(&self) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/tidings", self.clients.port)
    }

    async fn connect(&self, database: &str) -> PgConnection {
        connect(self.primary.port, database).await
    }

    /// Copies the primary to a new standby, and waits until it streams.
    pub async fn add_standby(&mut self) {
        let link = TcpProxy::start(self.primary.port, self.delay).await;
        let data = self.dir.join(format!("node{}", self.nodes));
        self.nodes += 1;
        let (path, port) = (data.to_str().expect("UTF-8"), link.port.to_string());
        let from = ["-h", "127.0.0.1", "-p", &port, "-U", USER];
        let how = ["-D", path, "-R", "-X", "stream", "-c", "fast"];
        let setup = self.setup();
        setup
            .run("pg_basebackup", &[&from[..], &how[..]].concat())
            .await;
        let node = setup.start_node(&data).await;
        self.standby = Some((node, link));
        let mut admin = self.connect("postgres").await;
        eventually("the standby streams", async || {
            let streaming: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'",
            )
            .fetch_one(&mut admin)
            .await
            .ok()?;
            (streaming > 0).then_some(())
        })
        .await;
        if self.mode == ReplicationMode::Synchronous {
            set_synchronous(&mut admin, "*").await;
        }
    }

    /// Kills the primary with SIGKILL, promotes the standby and connects clients to it. The new
    /// primary has no standby until [`PostgresPair::add_standby`].
    pub async fn fail_over(&mut self, loss: ConnectionLoss) {
        let (standby, link) = self.standby.take().expect("a standby");
        if loss == ConnectionLoss::Silent {
            self.clients.switch(standby.port, true);
        }
        kill_with_children(&mut self.primary.process);
        drop(link);
        let mut admin = connect(standby.port, "postgres").await;
        admin
            .execute("SELECT pg_promote(true, 30)")
            .await
            .expect("promoted");
        if self.mode == ReplicationMode::Synchronous {
            set_synchronous(&mut admin, "").await;
        }
        let _ = admin.close().await;
        if loss == ConnectionLoss::Closed {
            self.clients.switch(standby.port, false);
        }
        self.primary = standby;
    }
}

async fn set_synchronous(admin: &mut PgConnection, standbys: &str) {
    let set = format!("ALTER SYSTEM SET synchronous_standby_names = '{standbys}'");
    for statement in [set.as_str(), "SELECT pg_reload_conf()"] {
        admin.execute(statement).await.expect("a setting");
    }
    eventually("the setting applies", async || {
        let now: String = sqlx::query_scalar("SHOW synchronous_standby_names")
            .fetch_one(&mut *admin)
            .await
            .ok()?;
        (now == standbys).then_some(())
    })
    .await;
}

async fn connect(port: u16, database: &str) -> PgConnection {
    let options = PgConnectOptions::new()
        .host("127.0.0.1")
        .port(port)
        .username(USER)
        .database(database);
    eventually(
        format!("Postgres accepts connections at {port}"),
        async || options.connect().await.ok(),
    )
    .await
}

/// Kills a postmaster and its backends at the same time, as when the machine stops.
fn kill_with_children(postmaster: &mut ChildProcess) {
    let pid = postmaster.id().to_string();
    let _ = Command::new("pkill").args(["-KILL", "-P", &pid]).status();
    postmaster.kill();
    let _ = Command::new("pkill").args(["-KILL", "-P", &pid]).status();
}

/// Runs the programs of Postgres as the user that may run them.
struct Setup<'a> {
    bin: &'a Path,
    account: Option<&'a Account>,
}

impl Setup<'_> {
    fn own(&self, path: &Path) {
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

    async fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = self.command(program);
        command.args(arguments);
        let output = tokio::process::Command::from(command).output().await;
        let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program}: {stderr}");
    }

    async fn start_node(&self, data: &Path) -> Node {
        let port = ports::find_free();
        let mut command = Command::new(self.bin.join("postgres"));
        command.current_dir("/");
        command.arg("-D").arg(data).args(["-p", &port.to_string()]);
        let log = data.with_extension("log");
        let process = ChildProcess::start("postgres", command, &log, self.account);
        let node = Node {
            process: process.unwrap_or_else(|error| panic!("postgres: {error}")),
            port,
        };
        connect(port, "postgres").await;
        node
    }
}
