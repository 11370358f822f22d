//! `make compare-sends`: the sends of two programs, such as the current one and an earlier one, or
//! of one program with and without a setting. Both run all the time on servers of their own, and
//! are measured in short turns. The speed of a machine changes from minute to minute, but hardly
//! from one turn to the next, so the ratio is more exact than either rate.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use embedded_servers::EmbeddedServers;
use tests::collector::TraceCollector;
use tests::program::Program;
use tests::servers;
use tests::world::create_dir;

use crate::load_generator::{LoadPlan, RequestTemplate, run_load};
use crate::machine_load::{CpuTime, wait_until_idle};
use crate::send::{create_conversations, member_templates};
use crate::statistics::RatioEstimate;
use crate::targets::{Target, TargetTable, exit_code};
use crate::warm_postgres;

/// The time before each measurement.
const WARM_UP: Duration = Duration::from_millis(500);

/// How long each conversation is used before the first turn.
const FIRST_USE: Duration = Duration::from_secs(5);

/// The options of `benches compare-sends`.
#[derive(clap::Args)]
pub struct Args {
    /// The program that is compared with.
    #[arg(long)]
    before: PathBuf,
    /// The program whose rate is divided by that of the other.
    #[arg(long)]
    after: PathBuf,
    /// Trace this share of the requests of the second program, to a collector.
    #[arg(long)]
    traces: Option<f64>,
    /// How many turns each program has.
    #[arg(long, default_value_t = 20)]
    rounds: usize,
    /// Seconds of each turn.
    #[arg(long, default_value_t = 2)]
    seconds: u64,
    /// Connections that send.
    #[arg(long, default_value_t = 256)]
    connections: usize,
    /// Conversations to which they send, at most 2,000.
    #[arg(long, default_value_t = 2_000)]
    conversations: usize,
    /// The least ratio; the exit status is 1 if it is missed.
    #[arg(long, default_value_t = 0.97)]
    at_least: f64,
}

/// Measures both programs in turns, and prints the ratio of their rates.
pub async fn run(args: &Args) -> Result<ExitCode> {
    ensure!(args.rounds >= 2, "a comparison needs at least two rounds");
    let collector = match args.traces {
        Some(_) => Some(TraceCollector::start().await),
        None => None,
    };
    let templates = member_templates(args.conversations);
    let before = Contestant::start("before", &args.before, &[], &templates, args).await?;
    let share = args.traces.unwrap_or_default().to_string();
    let env = collector.as_ref().map(|collector| {
        [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url()),
            ("OTEL_TRACES_SAMPLER_ARG", share.as_str()),
        ]
    });
    let env = env.as_ref().map_or(&[][..], |env| &env[..]);
    let after = Contestant::start("after", &args.after, env, &templates, args).await?;
    let (mut rates, mut costs) = (Vec::new(), Vec::new());
    for round in 0..args.rounds {
        // Each goes first equally often, because the logs grow all the time.
        let (first, second) = if round % 2 == 0 {
            let first = before.take_turn().await?;
            (first, after.take_turn().await?)
        } else {
            let second = after.take_turn().await?;
            (before.take_turn().await?, second)
        };
        eprintln!("round {}: {first} and {second}", round + 1);
        rates.push((first.rate, second.rate));
        costs.push((first.micros_per_send, second.micros_per_send));
    }
    if let Some(collector) = &collector {
        let spans = collector.spans().len();
        ensure!(spans > 0, "the collector got no span");
        println!("The collector got {spans} spans.");
    }
    println!("{}", report(&rates, &costs));
    let ratio = RatioEstimate::of_pairs(&rates).ratio;
    let target = [Target::at_least(
        "sends, after / before",
        ratio,
        args.at_least,
        "x",
    )];
    println!("{}", TargetTable(&target));
    Ok(exit_code(&target))
}

fn report(rates: &[(f64, f64)], costs: &[(f64, f64)]) -> String {
    let row = |name: &str, pairs: &[(f64, f64)]| {
        let count = pairs.len() as f64;
        let before = pairs.iter().map(|pair| pair.0).sum::<f64>() / count;
        let after = pairs.iter().map(|pair| pair.1).sum::<f64>() / count;
        let ratio = RatioEstimate::of_pairs(pairs);
        format!("| {name} | {before:.1} | {after:.1} | {ratio} |\n")
    };
    format!(
        "\n| mean of {} turns each | before | after | ratio, with its 95 % interval |\n\
         |---|---|---|---|\n{}{}",
        rates.len(),
        row("sends/s", rates),
        row("processor time of the machine, µs per send", costs),
    )
}

/// One of the two programs, with servers of its own.
struct Contestant {
    program: Program,
    plan: LoadPlan,
    _servers: EmbeddedServers,
}

impl Contestant {
    async fn start(
        name: &str,
        binary: &Path,
        env: &[(&'static str, &str)],
        templates: &Arc<Vec<RequestTemplate>>,
        args: &Args,
    ) -> Result<Self> {
        let dir = create_dir().join(name);
        std::fs::create_dir_all(&dir)?;
        let servers = servers::start_both(&dir.join("servers"));
        warm_postgres::fill_wal(&servers.database_url).await?;
        let program = Program::start_binary(binary, &servers, &dir, env)
            .await
            .with_context(|| format!("{} does not start", binary.display()))?;
        create_conversations(&program).await?;
        let plan = LoadPlan {
            address: program.address,
            templates: templates.clone(),
            connections: args.connections,
            warm_up: WARM_UP,
            duration: FIRST_USE,
        };
        let contestant = Self {
            program,
            plan,
            _servers: servers,
        };
        contestant.take_turn().await?;
        let duration = Duration::from_secs(args.seconds);
        let plan = LoadPlan {
            duration,
            ..contestant.plan.clone()
        };
        Ok(Self { plan, ..contestant })
    }

    /// Measures this program, and waits until it has nothing left to do.
    async fn take_turn(&self) -> Result<MeasuredTurn> {
        warm_postgres::checkpoint(&self.program.database_url).await?;
        wait_until_idle().await?;
        let head = self.program.head().await?;
        let (cpu, began) = (CpuTime::of_machine()?, Instant::now());
        let plan = self.plan.clone();
        let result = tokio::task::spawn_blocking(move || run_load(&plan)).await??;
        self.program.measure_lag().await?;
        // What is done after the last acknowledgement belongs to the sends as well.
        wait_until_idle().await?;
        let used = CpuTime::of_machine()?.since(cpu);
        let sends = self.program.head().await? - head;
        ensure!(sends > 0, "nothing was sent in {:?}", began.elapsed());
        Ok(MeasuredTurn {
            rate: result.rate,
            micros_per_send: used.as_secs_f64() * 1e6 / sends as f64,
        })
    }
}

/// What a turn has measured.
#[derive(Debug, Clone, Copy)]
struct MeasuredTurn {
    rate: f64,
    micros_per_send: f64,
}

impl std::fmt::Display for MeasuredTurn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            rate,
            micros_per_send,
        } = self;
        write!(f, "{rate:.0}/s ({micros_per_send:.1} µs)")
    }
}
