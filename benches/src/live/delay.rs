//! From the send to the WebSocket of the recipient, at a third of the highest rate of sends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use tests::program::Program;
use tests::token;

use super::listeners::Listeners;
use super::paced;
use crate::load_generator::{LoadPlan, LoadResult, RequestTemplate, run_load};
use crate::statistics::Percentiles;
use crate::warm_postgres;

/// Users, each with one WebSocket, and direct conversations between them.
const USERS: usize = 500;
const CONVERSATIONS: usize = 2_000;

/// The numbers of connections with which the highest rate is measured.
const LOAD_CONNECTIONS: [usize; 2] = [256, 512];

/// The time before the measurement.
const WARM_UP: Duration = Duration::from_secs(6);

/// The delays at two rates.
pub struct DeliveryDelay {
    /// At a third of the highest rate with nobody connected.
    pub nobody_connected: DelayAtThird,
    /// At a third of the highest rate at which all connected users get everything.
    pub everybody_connected: DelayAtThird,
}

/// The delays at a third of a rate.
pub struct DelayAtThird {
    /// The highest rate of sends per second.
    pub best_rate: f64,
    /// The rate at which the delays were measured.
    pub rate: f64,
    /// From the send to the acknowledgement.
    pub acknowledged: Percentiles,
    /// From the send to the WebSocket of the recipient.
    pub received: Percentiles,
}

/// The two members of a conversation.
fn members(conversation: usize) -> [usize; 2] {
    let shift = 1 + conversation / USERS;
    let one = conversation % USERS;
    let other = (conversation * 7 + shift) % USERS;
    [
        one,
        if other == one {
            (one + 1) % USERS
        } else {
            other
        },
    ]
}

/// Measures the highest rates, then the delays at a third of each.
pub async fn measure(program: &Program, seconds: u64) -> Result<DeliveryDelay> {
    let create = |n: usize| async move {
        let [one, other] = members(n).map(|user| format!("d{user}"));
        let answer = program
            .user(&one)
            .create_group(&format!("d{n}"), &[&other])
            .await;
        anyhow::ensure!(answer.status == 201, "{answer}");
        Ok(())
    };
    let created = stream::iter(0..CONVERSATIONS).map(create);
    created.buffer_unordered(32).try_collect::<()>().await?;
    let template = |n: usize| {
        let sender = token::for_user(&format!("d{}", members(n)[0]));
        RequestTemplate::send(&format!("d{n}"), &sender)
    };
    let templates: Arc<Vec<_>> = Arc::new((0..CONVERSATIONS).map(template).collect());
    let mut best: f64 = 0.0;
    for connections in LOAD_CONNECTIONS {
        best = best.max(
            measure_load(program, &templates, connections, seconds)
                .await?
                .rate,
        );
    }
    let users = (0..USERS).map(|n| format!("d{n}")).collect();
    let mut listeners = Listeners::connect(program.address, users, USERS).await?;
    let nobody_connected =
        measure_at_third(program, &mut listeners, &templates, best, seconds).await?;
    let best = measure_delivered_rate(program, &mut listeners, &templates, seconds).await?;
    eprintln!("  everybody connected: {best:.0} sends/s");
    let everybody_connected =
        measure_at_third(program, &mut listeners, &templates, best, seconds).await?;
    Ok(DeliveryDelay {
        nobody_connected,
        everybody_connected,
    })
}

/// Sends per second, from the first send to the arrival of the last entry.
async fn measure_delivered_rate(
    program: &Program,
    listeners: &mut Listeners,
    templates: &Arc<Vec<RequestTemplate>>,
    seconds: u64,
) -> Result<f64> {
    warm_postgres::checkpoint(&program.database_url).await?;
    let plan = LoadPlan {
        address: program.address,
        templates: Arc::clone(templates),
        connections: LOAD_CONNECTIONS[0],
        warm_up: Duration::ZERO,
        duration: Duration::from_secs(seconds),
    };
    let (head, count, start) = (program.head().await?, listeners.count(), Instant::now());
    tokio::task::spawn_blocking(move || run_load(&plan)).await??;
    let sends = (program.head().await? - head) as u64;
    listeners.wait_for_count(count + 2 * sends).await?;
    Ok(sends as f64 / start.elapsed().as_secs_f64())
}

/// Measures the delays at a third of a rate.
async fn measure_at_third(
    program: &Program,
    listeners: &mut Listeners,
    templates: &Arc<Vec<RequestTemplate>>,
    best_rate: f64,
    seconds: u64,
) -> Result<DelayAtThird> {
    let rate = best_rate / 3.0;
    warm_postgres::checkpoint(&program.database_url).await?;
    // Warms up, so that new sessions, empty caches and the pages after a checkpoint do not count.
    let (head, count) = (program.head().await?, listeners.count());
    paced::send_at_rate(program.address, Arc::clone(templates), rate, WARM_UP).await?;
    let time = Duration::from_secs(seconds);
    let sent = paced::send_at_rate(program.address, Arc::clone(templates), rate, time).await?;
    program.measure_lag().await?;
    listeners
        .wait_for_count(count + 2 * (program.head().await? - head) as u64)
        .await?;
    eventually::pause(Duration::from_secs(1)).await;
    let arrivals = listeners.take_arrivals();
    let mut received = Vec::with_capacity(sent.len());
    for send in &sent {
        let recipient = members(send.template)[1];
        let arrived = arrivals.get(&(recipient, send.position));
        let arrived =
            arrived.with_context(|| format!("position {} never arrived", send.position))?;
        received.push(arrived.saturating_duration_since(send.at));
    }
    Ok(DelayAtThird {
        best_rate,
        rate: sent.len() as f64 / time.as_secs_f64(),
        acknowledged: Percentiles::new(sent.iter().map(|send| send.acknowledged).collect()),
        received: Percentiles::new(received),
    })
}

async fn measure_load(
    program: &Program,
    templates: &Arc<Vec<RequestTemplate>>,
    connections: usize,
    seconds: u64,
) -> Result<LoadResult> {
    warm_postgres::checkpoint(&program.database_url).await?;
    let plan = LoadPlan {
        address: program.address,
        templates: Arc::clone(templates),
        connections,
        warm_up: Duration::from_secs(2),
        duration: Duration::from_secs(seconds),
    };
    let done = tokio::task::spawn_blocking(move || run_load(&plan)).await??;
    eprintln!("  {connections} connections: {:.0} sends/s", done.rate);
    program.measure_lag().await?;
    Ok(done)
}
