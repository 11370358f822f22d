//! Tidings itself: `tidings up` with everything running, the projector included.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use tests::load_generator::{LoadResult, SendTemplate};
use tests::program::Program;
use tests::service::{run_tidings, service_env};
use tests::token;
use embedded_servers::EmbeddedServers;
use embedded_servers::process::Signal;

use crate::report::{Memory, Report, Visible};
use crate::{CONVERSATIONS, Times, all, visible};

/// Users; each conversation has two of them.
const USERS: usize = 500;

/// Conversations that are made at a time.
const AT_A_TIME: usize = 32;

/// How long the system is left alone before its idle memory is read.
const IDLE: Duration = Duration::from_secs(5);

/// The two members of a conversation.
pub fn members(conversation: usize) -> [String; 2] {
    [
        conversation % USERS,
        (conversation * 7 + 1 + conversation / USERS) % USERS,
    ]
    .map(|n| format!("u{n}"))
}

/// Everything that is measured of `tidings up`.
pub async fn run(
    servers: &EmbeddedServers,
    dir: &Path,
    times: Times<'_>,
    report: &mut Report,
) -> Result<()> {
    let mut up = Program::start(servers, dir).await?;
    tokio::time::sleep(IDLE).await;
    let idle = up.service.process.memory()?;
    report.memory = Some(Memory {
        idle: idle.resident,
        busy: 0,
    });
    create(&up).await?;
    eprintln!("tidings, {CONVERSATIONS} conversations");
    report.many = spread(&up, CONVERSATIONS, times, &mut report.lag).await?;
    eprintln!("tidings, one conversation");
    report.hot = spread(&up, 1, times, &mut report.lag).await?;
    report.visible = Some(Visible {
        quiet: visible::quiet(&up).await?,
        busy: visible::busy(&up, &templates(CONVERSATIONS), times).await?,
    });
    report.lag = report.lag.max(up.measure_lag().await?);
    report.memory = Some(Memory {
        idle: idle.resident,
        busy: up.service.process.memory()?.peak,
    });
    let events = up.head().await?;
    up.service
        .process
        .stop(Signal::Terminate, Duration::from_secs(30))
        .context("tidings up does not stop")?;
    let env = service_env(&servers.database_url, &servers.nats_url);
    let start = Instant::now();
    let rebuilt = run_tidings(&["rebuild"], &env).await;
    ensure!(
        rebuilt.status.success(),
        "{}",
        String::from_utf8_lossy(&rebuilt.stderr)
    );
    report.rebuild = Some((events, start.elapsed()));
    Ok(())
}

/// Makes the conversations.
async fn create(up: &Program) -> Result<()> {
    stream::iter(0..CONVERSATIONS)
        .map(|n| async move {
            let [one, other] = members(n);
            let answer = up
                .user(&one)
                .create_group(&format!("c{n}"), &[&other])
                .await;
            ensure!(answer.status == 201, "{answer}");
            Ok(())
        })
        .buffer_unordered(AT_A_TIME)
        .try_collect()
        .await
}

/// Sends of each conversation's first member.
pub fn templates(conversations: usize) -> Arc<Vec<SendTemplate>> {
    let template =
        |n: usize| SendTemplate::send(&format!("c{n}"), &token::for_user(&members(n)[0]));
    Arc::new((0..conversations).map(template).collect())
}

async fn spread(
    up: &Program,
    conversations: usize,
    times: Times<'_>,
    lag: &mut Duration,
) -> Result<Vec<LoadResult>> {
    let templates = templates(conversations);
    let measured = all(up.address, &templates, times, &up.database_url).await?;
    *lag = (*lag).max(up.measure_lag().await?);
    Ok(measured)
}
