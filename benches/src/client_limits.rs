//! `make bench-limits`: what clients that read nothing and floods of typing notifications cost, in
//! one run on one machine. The exit status is 1 if a target is missed.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use embedded_servers::process::raise_open_file_limit;
use futures::future::try_join_all;
use tests::program::Program;
use tests::raw_socket::{FINAL, RawFrame, RawSocket, TEXT, encode_frame};
use tests::slow_reader::SlowReader;
use tests::world::create_dir;
use tests::{servers, token};
use tokio::task::JoinHandle;

use crate::load_generator::{LoadPlan, RequestTemplate, run_load};
use crate::statistics::{median, millis};
use crate::targets::{Target, TargetTable, exit_code};
use crate::{environment, warm_postgres};

/// The history that is not read: 200 messages of 60 KB.
const MESSAGES: usize = 200;
const TEXT_BYTES: usize = 60_000;
const LARGE_PAGE: &str = "/v1/conversations/large/messages?limit=200";

/// The default, which other benchmarks switch off.
const MAX_REQUESTS: (&str, &str) = ("TIDINGS_MAX_REQUESTS", "32");

/// What connections of one user that read nothing may cost.
const MAX_UNREAD_MIB: f64 = 64.0;

/// How much a flood may change the 99th percentile of sends.
const MAX_FLOOD_RATIO: f64 = 1.2;

/// The members of the group in which a member floods, all of them connected. Typing is delivered in
/// groups up to this size.
const TYPING_MEMBERS: usize = 100;

/// The frames that the flooding member sends at a time.
const FLOOD_FRAMES: usize = 500;

/// How often the flooding member tries to connect again while it is refused.
const RECONNECT_INTERVAL: Duration = Duration::from_millis(100);

/// The conversations and connections of the sends.
const CONVERSATIONS: usize = 64;
const SENDING_CONNECTIONS: usize = 8;

/// How long a process is left alone before its memory is read.
const SETTLE_TIME: Duration = Duration::from_secs(3);

/// The options of `benches client-limits`.
#[derive(clap::Args)]
pub struct Args {
    /// Connections that read nothing.
    #[arg(long, default_value_t = 150)]
    connections: usize,
    /// Seconds for which sends are measured in each half of a round.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Rounds, each without and with a flood.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// Measures both and prints the report.
pub async fn run(args: &Args) -> Result<ExitCode> {
    raise_open_file_limit()?;
    let dir = create_dir();
    let servers = servers::start_both(&dir.join("servers"));
    println!("{}", environment::describe("all programs", &servers));
    warm_postgres::fill_wal(&servers.database_url).await?;
    let program = Program::start_with_env(&servers, &dir, &[MAX_REQUESTS]).await?;
    fill_history(&program, args.connections).await?;
    let one_user = vec!["reader".to_owned(); args.connections];
    let users = (0..args.connections)
        .map(|n| format!("reader{n}"))
        .collect();
    let one = measure_unread(&program, one_user).await?;
    let many = measure_unread(&program, users).await?;
    println!("\n| connections that read nothing | answered | resident memory |\n|---|---|---|");
    for (label, unread) in [("of one user", &one), ("of a user each", &many)] {
        let Unread { answered, mib } = unread;
        println!(
            "| {} {label} | {answered} | {mib:.1} MiB |",
            args.connections
        );
    }
    let flood = measure_flood(&program, args).await?;
    println!("\n| sends, p99 | without a flood | with a flood | ratio |\n|---|---|---|---|");
    println!(
        "| {} rounds, median | {:.2} ms | {:.2} ms | {:.2}x |",
        args.rounds,
        millis(flood.quiet),
        millis(flood.flooded),
        flood.ratio()
    );
    println!("\n{} sockets were closed for their floods.", flood.closed);
    let targets = [
        Target::at_most("connections of one user", one.mib, MAX_UNREAD_MIB, " MiB"),
        Target::at_most(
            "p99 of sends in a flood",
            flood.ratio(),
            MAX_FLOOD_RATIO,
            "x",
        ),
    ];
    println!("{}", TargetTable(&targets));
    Ok(exit_code(&targets))
}

/// Creates the history that is not read, with all readers as members.
async fn fill_history(program: &Program, readers: usize) -> Result<()> {
    let names: Vec<String> = (0..readers).map(|n| format!("reader{n}")).collect();
    let mut members: Vec<&str> = names.iter().map(String::as_str).collect();
    members.push("reader");
    let sender = program.user("sender");
    let answer = sender.create_group("large", &members).await;
    ensure!(answer.status == 201, "{answer}");
    let text = "x".repeat(TEXT_BYTES);
    for n in 0..MESSAGES {
        let answer = sender.send("large", &n.to_string(), &text).await;
        ensure!(answer.status == 201, "{answer}");
    }
    program.measure_lag().await?;
    // The process at rest has already built such a page.
    let answer = sender.get(LARGE_PAGE).await;
    ensure!(answer.status == 200, "{answer}");
    Ok(())
}

/// What connections cost that read nothing.
struct Unread {
    /// Connections with an answer; the others got 429 or 503.
    answered: usize,
    /// Resident memory, in addition to the process at rest.
    mib: f64,
}

/// Sends a request of each of these users and reads no answer.
async fn measure_unread(program: &Program, users: Vec<String>) -> Result<Unread> {
    eventually::pause(SETTLE_TIME).await;
    let rest = program.service.process.memory()?.resident;
    let address = program.address.to_string();
    let readers = users.into_iter().map(|user| {
        let address = &address;
        async move {
            let reader = SlowReader::open(address, &token::for_user(&user), LARGE_PAGE).await?;
            let status = reader.status().await;
            ensure!(matches!(status, 200 | 429 | 503), "status {status}");
            Ok((reader, status))
        }
    });
    let readers = try_join_all(readers).await?;
    let busy = program.service.process.memory()?.resident;
    Ok(Unread {
        answered: readers.iter().filter(|reader| reader.1 == 200).count(),
        mib: (busy as f64 - rest as f64) / 1024.0,
    })
}

/// The 99th percentiles of sends, each the median of all rounds.
struct FloodCost {
    quiet: Duration,
    flooded: Duration,
    /// Sockets that the server closed.
    closed: usize,
}

impl FloodCost {
    fn ratio(&self) -> f64 {
        self.flooded.as_secs_f64() / self.quiet.as_secs_f64()
    }
}

async fn measure_flood(program: &Program, args: &Args) -> Result<FloodCost> {
    let names: Vec<String> = (0..TYPING_MEMBERS - 1).map(|n| format!("t{n}")).collect();
    let members: Vec<&str> = names.iter().map(String::as_str).collect();
    let answer = program
        .user("typist")
        .create_group("typing", &members)
        .await;
    ensure!(answer.status == 201, "{answer}");
    for n in 0..CONVERSATIONS {
        let sender = program.user(&format!("s{n}"));
        let answer = sender.create_group(&format!("c{n}"), &["other"]).await;
        ensure!(answer.status == 201, "{answer}");
    }
    program.measure_lag().await?;
    let address = program.address.to_string();
    let mut listeners = Vec::new();
    for name in &names {
        let socket = RawSocket::open(&address, &token::for_user(name), "").await;
        listeners.push(tokio::spawn(drain(socket)));
    }
    let (mut quiet, mut flooded, mut closed) = (Vec::new(), Vec::new(), 0);
    // The first round warms up.
    for round in 0..=args.rounds {
        let calm = measure_sends(program, args).await?;
        let flood = Flood::start(address.clone());
        let busy = measure_sends(program, args).await?;
        closed += flood.stop().await?;
        if round > 0 {
            quiet.push(calm);
            flooded.push(busy);
        }
    }
    listeners.iter().for_each(JoinHandle::abort);
    Ok(FloodCost {
        quiet: median(quiet),
        flooded: median(flooded),
        closed,
    })
}

/// Reads whatever comes, so that the server has to deliver it.
async fn drain(mut socket: RawSocket) {
    while socket.wait_for_frame().await != RawFrame::End {}
}

async fn measure_sends(program: &Program, args: &Args) -> Result<Duration> {
    let template =
        |n: usize| RequestTemplate::send(&format!("c{n}"), &token::for_user(&format!("s{n}")));
    let plan = LoadPlan {
        address: program.address,
        templates: Arc::new((0..CONVERSATIONS).map(template).collect()),
        connections: SENDING_CONNECTIONS,
        warm_up: Duration::from_secs(1),
        duration: Duration::from_secs(args.seconds),
    };
    let result = tokio::task::spawn_blocking(move || run_load(&plan)).await??;
    Ok(result.p99)
}

/// A member who sends typing notifications as fast as the server takes them, and connects again
/// when the server has closed the connection.
struct Flood {
    stop: tokio::sync::watch::Sender<bool>,
    task: JoinHandle<usize>,
}

impl Flood {
    fn start(address: String) -> Self {
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let frame = br#"{"type":"typing","conversation_id":"typing"}"#;
        let frames = encode_frame(FINAL | TEXT, frame, true).repeat(FLOOD_FRAMES);
        let task = tokio::spawn(async move {
            let mut closed = 0;
            while !*stopped.borrow() {
                let token = token::for_user("typist");
                let Ok(mut socket) = RawSocket::try_open(&address, &token, "").await else {
                    eventually::pause(RECONNECT_INTERVAL).await;
                    continue;
                };
                while socket.send_bytes(&frames).await.is_ok() && !*stopped.borrow() {}
                closed += 1;
            }
            closed
        });
        Self { stop, task }
    }

    /// Stops it and returns how many connections it has used up.
    async fn stop(self) -> Result<usize> {
        self.stop.send_replace(true);
        Ok(self.task.await?)
    }
}
