//! A Postgres primary with one or two streaming standbys, and an address for clients that does not
//! change: a failover points it at the new primary.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use embedded_servers::run_as::Account;
use eventually::eventually;
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::ports;
use crate::postgres_setup::{PostgresNode, PostgresSetup, USER, connect};
use crate::process::ChildProcess;
use crate::proxy::TcpProxy;

/// No server listens at this port of this machine.
const CLOSED_PORT: u16 = 1;

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
    /// A commit waits until one of two standbys has it. A failover promotes the standby that has
    /// received more.
    Quorum,
}

impl ReplicationMode {
    fn number_of_standbys(self) -> usize {
        match self {
            Self::Asynchronous | Self::Synchronous => 1,
            Self::Quorum => 2,
        }
    }

    /// The value of `synchronous_standby_names`.
    fn standby_names(self) -> &'static str {
        match self {
            Self::Asynchronous => "",
            Self::Synchronous => "*",
            Self::Quorum => "ANY 1 (*)",
        }
    }
}

/// What happens to the connections of clients in a failover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionLoss {
    /// They are closed.
    Closed,
    /// They stay open and silent, as when a machine vanishes.
    Silent,
}

/// A standby, and its link to the primary.
struct Standby {
    node: PostgresNode,
    link: TcpProxy,
}

/// The servers.
pub struct PostgresPair {
    bin: PathBuf,
    dir: PathBuf,
    account: Option<Account>,
    mode: ReplicationMode,
    delay: Duration,
    primary: PostgresNode,
    standbys: Vec<Standby>,
    /// A primary that still runs although another one was promoted.
    replaced: Option<PostgresNode>,
    clients: TcpProxy,
    nodes: usize,
}

impl PostgresPair {
    /// Starts a primary, and a standby that receives everything `delay` later. In a quorum, the
    /// second standby receives everything at once. `bin` has the programs of Postgres.
    pub async fn start(bin: &Path, dir: &Path, mode: ReplicationMode, delay: Duration) -> Self {
        let account = Account::resolve(dir);
        std::fs::create_dir_all(dir).expect("a directory");
        let setup = PostgresSetup {
            bin,
            account: account.as_ref(),
        };
        setup.own(dir);
        let data = dir.join("node0");
        setup.init(&data, &["--locale=C", "-E", "UTF8"]).await;
        let conf = data.join("postgresql.conf");
        let before = std::fs::read_to_string(&conf).expect("a configuration");
        std::fs::write(&conf, before + SETTINGS).expect("written");
        let primary = setup.start_node(&data, ports::find_free()).await;
        let clients = TcpProxy::start(primary.port, Duration::ZERO).await;
        let mut pair = Self {
            bin: bin.to_owned(),
            dir: dir.to_owned(),
            account,
            mode,
            delay,
            primary,
            standbys: Vec::new(),
            replaced: None,
            clients,
            nodes: 1,
        };
        let mut admin = pair.connect("postgres").await;
        admin
            .execute("CREATE DATABASE tidings")
            .await
            .expect("a database");
        pair.add_standbys().await;
        pair
    }

    fn setup(&self) -> PostgresSetup<'_> {
        PostgresSetup {
            bin: &self.bin,
            account: self.account.as_ref(),
        }
    }

    /// The URL for clients, which stays the same after a failover.
    pub fn url(&self) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/tidings", self.clients.port)
    }

    /// The port for clients, which stays the same after a failover.
    pub fn client_port(&self) -> u16 {
        self.clients.port
    }

    /// The URL of the standby, without the proxy for clients.
    pub fn standby_url(&self) -> String {
        format!(
            "postgres://{USER}@127.0.0.1:{}/tidings",
            self.standby_port()
        )
    }

    /// A URL with both servers, the standby first, without the proxy for clients.
    pub fn url_of_both(&self) -> String {
        let (first, second) = (self.standby_port(), self.primary.port);
        format!(
            "postgres://{USER}@127.0.0.1:{first},127.0.0.1:{second}/tidings?target_session_attrs=read-write"
        )
    }

    /// The port of the primary, without the proxy for clients.
    pub fn primary_port(&self) -> u16 {
        self.primary.port
    }

    /// The port of the standby, without the proxy for clients.
    pub fn standby_port(&self) -> u16 {
        self.standby().node.port
    }

    fn standby(&self) -> &Standby {
        self.standbys.first().expect("a standby")
    }

    /// Opens a session with the primary, which no proxy can cut.
    pub async fn connect(&self, database: &str) -> PgConnection {
        connect(self.primary.port, database).await
    }

    /// Copies the primary to new standbys, and waits until they stream.
    pub async fn add_standbys(&mut self) {
        for delay in [self.delay, Duration::ZERO]
            .into_iter()
            .take(self.mode.number_of_standbys())
        {
            let standby = self.start_standby(delay).await;
            self.standbys.push(standby);
        }
        let mut admin = self.connect("postgres").await;
        let expected = self.standbys.len() as i64;
        eventually("the standbys stream", async || {
            let streaming: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'",
            )
            .fetch_one(&mut admin)
            .await
            .ok()?;
            (streaming == expected).then_some(())
        })
        .await;
        set_synchronous(&mut admin, self.mode.standby_names()).await;
    }

    async fn start_standby(&mut self, delay: Duration) -> Standby {
        let link = TcpProxy::start(self.primary.port, delay).await;
        let data = self.dir.join(format!("node{}", self.nodes));
        self.nodes += 1;
        let (path, port) = (data.to_str().expect("UTF-8"), link.port.to_string());
        let from = ["-h", "127.0.0.1", "-p", &port, "-U", USER];
        let how = ["-D", path, "-R", "-X", "stream", "-c", "fast"];
        let setup = self.setup();
        setup
            .run("pg_basebackup", &[&from[..], &how[..]].concat())
            .await;
        let node = setup.start_node(&data, ports::find_free()).await;
        Standby { node, link }
    }

    /// Ends the replication. The standby continues to serve what it has.
    pub fn cut_replication(&self) {
        self.standby().link.switch(CLOSED_PORT, false);
    }

    /// Cuts the connections of clients. They can connect again.
    pub fn cut_clients(&self) {
        self.clients.switch(self.primary.port, false);
    }

    /// Kills the primary with SIGKILL and starts it again: it recovers from the crash.
    pub async fn crash_primary(&mut self) {
        kill_with_children(&mut self.primary.process);
        let (data, port) = (self.primary.data.clone(), self.primary.port);
        self.primary = self.setup().start_node(&data, port).await;
    }

    /// Promotes the standby and connects clients to it, while the old primary continues to run.
    pub async fn split_brain(&mut self) {
        let standby = self.standbys.remove(0);
        let promoted = self.promote(standby).await;
        self.clients.switch(promoted.port, false);
        self.replaced = Some(std::mem::replace(&mut self.primary, promoted));
    }

    fn replaced(&self) -> &PostgresNode {
        self.replaced.as_ref().expect("a split brain")
    }

    /// The port of the old primary after [`PostgresPair::split_brain`].
    pub fn replaced_port(&self) -> u16 {
        self.replaced().port
    }

    /// The URL of the old primary after [`PostgresPair::split_brain`].
    pub fn replaced_url(&self) -> String {
        let port = self.replaced_port();
        format!("postgres://{USER}@127.0.0.1:{port}/tidings")
    }

    /// Kills the old primary after [`PostgresPair::split_brain`], if it still runs.
    pub fn stop_replaced(&mut self) {
        if let Some(mut replaced) = self.replaced.take() {
            kill_with_children(&mut replaced.process);
        }
    }

    /// Connects clients to the old primary after [`PostgresPair::split_brain`], or to the new one.
    pub fn lead_clients_to_replaced(&self, to_replaced: bool) {
        let replaced = self.replaced.as_ref().filter(|_| to_replaced);
        let node = replaced.unwrap_or(&self.primary);
        self.clients.switch(node.port, false);
    }

    /// Kills the primary with SIGKILL, promotes the standby and connects clients to it. The new
    /// primary has no standby until [`PostgresPair::add_standbys`].
    pub async fn fail_over(&mut self, loss: ConnectionLoss) {
        let first = self.standby_port();
        if loss == ConnectionLoss::Silent {
            self.clients.switch(first, true);
        }
        kill_with_children(&mut self.primary.process);
        let standby = self.take_newest_standby().await;
        self.primary = self.promote(standby).await;
        if loss == ConnectionLoss::Closed || self.primary.port != first {
            self.clients.switch(self.primary.port, false);
        }
    }

    /// The standby that has received the most. The others are stopped.
    async fn take_newest_standby(&mut self) -> Standby {
        let mut newest: Option<(i64, Standby)> = None;
        for mut standby in self.standbys.drain(..) {
            let received = received_bytes(standby.node.port).await;
            match newest {
                Some((most, _)) if received <= most => {
                    kill_with_children(&mut standby.node.process);
                }
                _ => {
                    let previous = newest.replace((received, standby));
                    if let Some((_, mut previous)) = previous {
                        kill_with_children(&mut previous.node.process);
                    }
                }
            }
        }
        newest.expect("a standby").1
    }

    /// Promotes a standby, which then waits for none of its own.
    async fn promote(&self, standby: Standby) -> PostgresNode {
        let Standby { node, link } = standby;
        drop(link);
        let mut admin = connect(node.port, "postgres").await;
        let promoted = admin.execute("SELECT pg_promote(true, 30)").await;
        promoted.expect("promoted");
        set_synchronous(&mut admin, "").await;
        let _ = admin.close().await;
        node
    }
}

/// How much of the log of Postgres a standby has received and flushed.
async fn received_bytes(port: u16) -> i64 {
    let mut admin = connect(port, "postgres").await;
    let received = "SELECT (pg_last_wal_receive_lsn() - '0/0'::pg_lsn)::bigint";
    let received = sqlx::query_scalar(received).fetch_one(&mut admin).await;
    received.expect("a standby that streams")
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

/// Kills a postmaster and its backends at the same time, as when the machine stops.
fn kill_with_children(postmaster: &mut ChildProcess) {
    let pid = postmaster.id().to_string();
    let _ = Command::new("pkill").args(["-KILL", "-P", &pid]).status();
    postmaster.kill();
    let _ = Command::new("pkill").args(["-KILL", "-P", &pid]).status();
}
