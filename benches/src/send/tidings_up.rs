//! Measures `tidings up` with all services running.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use embedded_servers::EmbeddedServers;
use embedded_servers::process::Signal;
use eventually::pause;
use futures::{StreamExt, TryStreamExt, stream};
use tests::program::Program;
use tests::service::{run_tidings, service_env};

use super::report::{ProgramMemory, SendReport, VisibilityReport};
use super::visibility;
use super::workload::{CONVERSATIONS, Measurement, measure_all, member_templates, members};
use crate::load_generator::LoadResult;

/// Conversations created at a time.
const CREATE_CONCURRENCY: usize = 32;

/// How long the system is left alone before its idle memory is read.
const IDLE_TIME: Duration = Duration::from_secs(5);

/// How long it may take to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// Measures sends, visibility, memory and a rebuild.
pub async fn measure_everything(
    servers: &EmbeddedServers,
    dir: &Path,
    measurement: Measurement<'_>,
    report: &mut SendReport,
) -> Result<()> {
    let mut program = Program::start(servers, dir).await?;
    pause(IDLE_TIME).await;
    let idle = program.service.process.memory()?.resident;
    create_conversations(&program).await?;
    eprintln!("tidings, {CONVERSATIONS} conversations");
    report.many = measure_sends(&program, CONVERSATIONS, measurement, &mut report.lag).await?;
    eprintln!("tidings, one conversation");
    report.hot = measure_sends(&program, 1, measurement, &mut report.lag).await?;
    let templates = member_templates(CONVERSATIONS);
    report.visibility = Some(VisibilityReport {
        quiet: visibility::measure_quiet(&program).await?,
        busy: visibility::measure_under_load(&program, &templates, measurement).await?,
    });
    report.lag = report.lag.max(program.measure_lag().await?);
    report.memory = Some(ProgramMemory {
        idle,
        peak: program.service.process.memory()?.peak,
    });
    let events = program.head().await?;
    program
        .service
        .process
        .stop(Signal::Terminate, STOP_TIMEOUT)
        .context("tidings up does not stop")?;
    report.rebuild = Some((events, measure_rebuild(servers).await?));
    Ok(())
}

async fn measure_rebuild(servers: &EmbeddedServers) -> Result<Duration> {
    let env = service_env(&servers.database_url, &servers.nats_url);
    let start = Instant::now();
    let output = run_tidings(&["rebuild"], &env).await;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{error}");
    Ok(start.elapsed())
}

/// Creates the conversations to which [`member_templates`] send.
pub async fn create_conversations(program: &Program) -> Result<()> {
    stream::iter(0..CONVERSATIONS)
        .map(|n| async move {
            let [owner, other] = members(n);
            let answer = program
                .user(&owner)
                .create_group(&format!("c{n}"), &[&other])
                .await;
            ensure!(answer.status == 201, "{answer}");
            Ok(())
        })
        .buffer_unordered(CREATE_CONCURRENCY)
        .try_collect()
        .await
}

async fn measure_sends(
    program: &Program,
    conversations: usize,
    measurement: Measurement<'_>,
    lag: &mut Duration,
) -> Result<Vec<LoadResult>> {
    let templates = member_templates(conversations);
    let results = measure_all(
        program.address,
        &templates,
        measurement,
        &program.database_url,
    )
    .await?;
    *lag = (*lag).max(program.measure_lag().await?);
    Ok(results)
}
