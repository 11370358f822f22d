//! `make bench-files`: the memory and the throughput of uploads, compared with a plain axum route
//! that writes the same bytes into files, and with one that also syncs each file before it answers,
//! as Tidings does. The exit status is 1 if a target is missed.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::put;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tests::client::http_client;
use tests::program::Program;
use tests::world::create_dir;
use tests::{servers, token, uploads};
use tokio::io::AsyncWriteExt as _;
use tokio::time::sleep;

use crate::environment;
use crate::send::start_peer;
use crate::targets::{Target, TargetTable, exit_code};

/// The most memory that all uploads at once may take, in MB.
const MAX_MEMORY_MB: f64 = 100.0;

/// The least throughput, relative to either plain route.
const MIN_RATIO: f64 = 0.7;

/// Bytes that are sent at once.
const CHUNK: usize = 64 * 1024;

/// How long the system is left alone before its memory at rest is read.
const IDLE_TIME: Duration = Duration::from_secs(5);

/// The folder of the plain route that syncs each file, and the beginning of its path.
const SYNCED: &str = "synced";

/// How often the memory is read during the uploads.
const MEMORY_INTERVAL: Duration = Duration::from_millis(20);

/// The options of `benches files`.
#[derive(clap::Args)]
pub struct Args {
    /// The uploads at the same time.
    #[arg(long, default_value_t = 20)]
    uploads: usize,
    /// The size of each file in MiB.
    #[arg(long, default_value_t = 100)]
    mib: usize,
    /// How often each is measured, in turns.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

impl Args {
    fn file_bytes(&self) -> usize {
        self.mib * 1024 * 1024
    }
}

/// Measures uploads, and prints the report.
pub async fn run(args: &Args) -> Result<ExitCode> {
    let dir = create_dir();
    let servers = servers::start_both(&dir.join("servers"));
    println!("{}", environment::describe("all programs", &servers));
    let program = Program::start_with_env(&servers, &dir, &[]).await?;
    sleep(IDLE_TIME).await;
    let rest = program.service.process.memory()?.resident;
    let plain_dir = dir.join("plain");
    let synced_dir = plain_dir.join(SYNCED);
    let (_peer, plain) = start_peer(&["serve-plain-files"], &[&plain_dir.display().to_string()])?;
    let (mut ours, mut theirs, mut synced, mut peak) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for round in 0..args.rounds {
        std::fs::create_dir_all(&synced_dir)?;
        theirs.push(upload_plain(args, plain, &round.to_string()).await?);
        let (rate, most) = upload_to_tidings(args, &program).await?;
        ours.push(rate);
        peak = most.max(peak);
        synced.push(upload_plain(args, plain, &format!("{SYNCED}/{round}")).await?);
        std::fs::remove_dir_all(&synced_dir)?;
    }
    println!(
        "MiB/s of Tidings: {ours:.0?}, of the plain route: {theirs:.0?}, synced: {synced:.0?}"
    );
    // The memory of a process is in KiB.
    let megabytes = |kib: u64| kib as f64 * 1_024.0 / 1e6;
    println!(
        "resident at rest {:.0} MB, at most {:.0} MB",
        megabytes(rest),
        megabytes(peak)
    );
    let mean = |rates: &[f64]| rates.iter().sum::<f64>() / rates.len() as f64;
    let targets = [
        Target::at_most(
            "memory above that at rest",
            megabytes(peak.saturating_sub(rest)),
            MAX_MEMORY_MB,
            " MB",
        ),
        Target::at_least(
            "throughput, relative to the plain route",
            mean(&ours) / mean(&theirs),
            MIN_RATIO,
            "x",
        ),
        Target::at_least(
            "throughput, relative to the plain route that syncs each file",
            mean(&ours) / mean(&synced),
            MIN_RATIO,
            "x",
        ),
    ];
    println!("{}", TargetTable(&targets));
    Ok(exit_code(&targets))
}

/// Uploads all files at once. Returns the MiB per second and the most resident memory.
async fn upload_to_tidings(args: &Args, program: &Program) -> Result<(f64, u64)> {
    let mut files = Vec::new();
    for number in 0..args.uploads {
        let user = format!("user{number}");
        let id = uploads::reserve(&program.user(&user), "large.bin", args.file_bytes()).await;
        files.push((
            user,
            format!("http://{}{}", program.address, uploads::content(&id)),
        ));
    }
    let began = Instant::now();
    let sending = stream::iter(files)
        .map(|(user, url)| send_file(url, Some(token::for_user(&user)), args.file_bytes()))
        .buffer_unordered(args.uploads)
        .try_collect::<Vec<()>>();
    tokio::pin!(sending);
    let mut peak = 0;
    loop {
        tokio::select! {
            sent = &mut sending => {
                sent?;
                break;
            }
            () = sleep(MEMORY_INTERVAL) => {
                peak = program.service.process.memory()?.resident.max(peak);
            }
        }
    }
    Ok((total_mib(args) / began.elapsed().as_secs_f64(), peak))
}

/// Uploads all files at once to a plain route. `name` is what their paths begin with.
async fn upload_plain(args: &Args, address: SocketAddr, name: &str) -> Result<f64> {
    let began = Instant::now();
    stream::iter(0..args.uploads)
        .map(|number| {
            let url = format!("http://{address}/{name}-{number}");
            send_file(url, None, args.file_bytes())
        })
        .buffer_unordered(args.uploads)
        .try_collect::<Vec<()>>()
        .await?;
    Ok(total_mib(args) / began.elapsed().as_secs_f64())
}

fn total_mib(args: &Args) -> f64 {
    (args.uploads * args.mib) as f64
}

/// Sends a body of so many bytes without holding it in memory.
async fn send_file(url: String, token: Option<String>, bytes: usize) -> Result<()> {
    let chunk = Bytes::from(vec![0x5a; CHUNK]);
    let chunks = (0..bytes.div_ceil(CHUNK)).map(move |number| {
        let left = bytes - number * CHUNK;
        anyhow::Ok(chunk.slice(..CHUNK.min(left)))
    });
    let request = http_client()
        .put(&url)
        .header("content-length", bytes)
        .body(reqwest::Body::wrap_stream(stream::iter(chunks)));
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    let answer = request.send().await?;
    let status = answer.status();
    ensure!(
        status.is_success(),
        "{url}: {status} {}",
        answer.text().await?
    );
    Ok(())
}

/// Serves the plain routes: they write each body into a file of the directory.
pub async fn serve_plain(listen: SocketAddr, dir: PathBuf) -> Result<()> {
    async fn write(State(dir): State<PathBuf>, Path(name): Path<String>, body: Body) -> StatusCode {
        respond(write_body(&dir.join(name), body).await.is_ok())
    }
    async fn write_synced(
        State(dir): State<PathBuf>,
        Path(name): Path<String>,
        body: Body,
    ) -> StatusCode {
        respond(
            write_synced_body(&dir.join(SYNCED).join(name), body)
                .await
                .is_ok(),
        )
    }
    let routes = Router::new()
        .route("/{name}", put(write))
        .route(&format!("/{SYNCED}/{{name}}"), put(write_synced))
        .with_state(dir);
    let listener = tokio::net::TcpListener::bind(listen).await?;
    axum::serve(listener, routes)
        .await
        .context("the plain route")
}

fn respond(is_written: bool) -> StatusCode {
    if is_written {
        StatusCode::CREATED
    } else {
        StatusCode::INTERNAL_SERVER_ERROR
    }
}

async fn write_synced_body(path: &std::path::Path, body: Body) -> Result<()> {
    let file = write_body(path, body).await?;
    Ok(file.sync_all().await?)
}

async fn write_body(path: &std::path::Path, body: Body) -> Result<tokio::fs::File> {
    let mut file = tokio::fs::File::create(path).await?;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.try_next().await? {
        file.write_all(&chunk).await?;
    }
    file.flush().await?;
    Ok(file)
}
