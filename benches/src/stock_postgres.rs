//! `make bench-stock-postgres`: sends on a Postgres as `initdb` makes it, compared with the private
//! Postgres of `tidings up`, in turns. A stock server has less memory, and compiles statements.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use embedded_servers::run_as::Account;
use serde_json::json;
use sqlx::Executor as _;
use tests::client::{BaseUrls, Client, http_client};
use tests::failover::postgres_programs;
use tests::ports;
use tests::postgres_setup::{PostgresNode, PostgresSetup, USER, connect};
use tests::servers;
use tests::service::{ServiceProcess, service_env};
use tests::world::create_dir;

use crate::statistics::{median, millis};
use crate::targets::{Target, TargetTable, exit_code};

/// How much longer a send may take.
const MAX_RATIO: f64 = 3.0;

/// Sends before a measurement: connections open, and statements are prepared.
const WARM_UP: usize = 100;

/// Where Debian keeps the programs of each version.
const DEBIAN_DIR: &str = "/usr/lib/postgresql";

/// The options of `benches stock-postgres`.
#[derive(clap::Args)]
pub struct Args {
    /// Directories of Postgres programs [default: the pinned version, and those of Debian].
    #[arg(long, value_delimiter = ',')]
    pg_bin: Vec<PathBuf>,
    /// Sends in each round.
    #[arg(long, default_value_t = 300)]
    sends: usize,
    /// Rounds, each with the private server and then with the stock one.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// A `tidings up` on some Postgres.
struct MeasuredSystem {
    client: Client,
    times: Vec<Duration>,
    sent: usize,
    _service: ServiceProcess,
}

/// Measures and prints a table. The exit status is 1 if a stock server is too slow.
pub async fn run(args: &Args) -> Result<ExitCode> {
    let bins = if args.pg_bin.is_empty() {
        find_programs().await
    } else {
        args.pg_bin.clone()
    };
    let dir = create_dir();
    let private = servers::start_both(&dir.join("private"));
    let (url, nats) = (&private.database_url, &private.nats_url);
    let mut ours = MeasuredSystem::start(url, nats, "private", &dir).await?;
    let (mut targets, mut rows) = (Vec::new(), Vec::new());
    for (nth, bin) in bins.iter().enumerate() {
        let home = dir.join(format!("stock{nth}"));
        let (server, version) = start_stock(bin, &home).await?;
        let url = format!("postgres://{USER}@127.0.0.1:{}/tidings", server.port);
        let name = format!("stock{nth}");
        let mut stock = MeasuredSystem::start(&url, nats, &name, &home).await?;
        ours.times.clear();
        for _ in 0..args.rounds {
            ours.measure(args.sends).await?;
            stock.measure(args.sends).await?;
        }
        let (with_ours, with_stock) = (median(ours.times.clone()), median(stock.times));
        let ratio = millis(with_stock) / millis(with_ours);
        rows.push(format!(
            "| {version} | {:.2} ms | {:.2} ms | {ratio:.2} |",
            millis(with_ours),
            millis(with_stock)
        ));
        targets.push(Target::at_most(
            "stock to private, median send",
            ratio,
            MAX_RATIO,
            "",
        ));
    }
    println!("| stock Postgres | private | stock | ratio |\n|---|---|---|---|");
    println!("{}\n{}", rows.join("\n"), TargetTable(&targets));
    Ok(exit_code(&targets))
}

/// The directories of the programs of each version on this machine.
async fn find_programs() -> Vec<PathBuf> {
    let pinned = postgres_programs().await;
    let versions = std::fs::read_dir(DEBIAN_DIR)
        .into_iter()
        .flatten()
        .flatten();
    let bins = versions.map(|version| version.path().join("bin"));
    let others = bins.filter(|bin| bin.join("initdb").is_file() && *bin != pinned);
    let others: Vec<PathBuf> = others.collect();
    [vec![pinned], others].concat()
}

/// Starts a server with the settings of `initdb`. Only where it listens differs.
async fn start_stock(bin: &Path, home: &Path) -> Result<(PostgresNode, String)> {
    std::fs::create_dir_all(home)?;
    let account = Account::resolve(home);
    let setup = PostgresSetup {
        bin,
        account: account.as_ref(),
    };
    setup.own(home);
    let data = home.join("data");
    setup.init(&data, &["--encoding=UTF8"]).await;
    let file = data.join("postgresql.conf");
    let settings = std::fs::read_to_string(&file)?;
    std::fs::write(&file, settings + "unix_socket_directories = ''\n")?;
    let server = setup.start_node(&data, ports::find_free()).await;
    let mut admin = connect(server.port, "postgres").await;
    admin.execute("CREATE DATABASE tidings").await?;
    let version = sqlx::query_scalar("SHOW server_version");
    let version = version.fetch_one(&mut admin).await?;
    Ok((server, version))
}

impl MeasuredSystem {
    async fn start(database: &str, nats: &str, name: &str, dir: &Path) -> Result<Self> {
        let mut env = service_env(database, nats);
        env.push(("TIDINGS_STREAM", name.to_uppercase()));
        let port = ports::find_free();
        let service = ServiceProcess::start("up", port, dir, &env).await;
        let service = service.map_err(anyhow::Error::msg)?;
        let base = format!("http://127.0.0.1:{port}");
        let bases = Arc::new(BaseUrls {
            commands: base.clone(),
            queries: base,
        });
        let client = Client::for_user(http_client(), bases, "ann");
        client.create_group("room", &["bob"]).await.expect(201);
        let mut system = Self {
            client,
            times: Vec::new(),
            sent: 0,
            _service: service,
        };
        system.measure(WARM_UP).await?;
        system.times.clear();
        Ok(system)
    }

    /// Sends one message after the other.
    async fn measure(&mut self, sends: usize) -> Result<()> {
        for _ in 0..sends {
            let text = format!("message {}", self.sent);
            self.sent += 1;
            let message =
                json!({ "client_message_id": text, "type": "text", "body": { "text": text } });
            let began = Instant::now();
            let path = "/v1/conversations/room/messages";
            let status = self.client.post(path, message).await.status;
            self.times.push(began.elapsed());
            ensure!(status == 201, "a send got {status}");
        }
        Ok(())
    }
}
