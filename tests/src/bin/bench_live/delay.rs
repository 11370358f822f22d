//! From the send to the recipient's WebSocket, beside a third of the sends that the system can take.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use tests::load_generator::{LoadPlan, LoadResult, SendTemplate, run};
use tests::program::Program;
use tests::{token, warm_postgres};

use crate::crowd::Crowd;
use crate::paced;
use crate::report::Times;

/// Users, each with one WebSocket, and conversations of two of them.
const USERS: usize = 500;
const CONVERSATIONS: usize = 2_000;

/// Connections that the highest rate is looked for with.
const LOADS: [usize; 2] = [256, 512];

/// Not measured.
const WARM_UP: Duration = Duration::from_secs(6);

/// What came of it.
pub struct Delay {
    /// At a third of the highest rate with nobody connected.
    pub unheard: Third,
    /// At a third of the highest rate at which those who are connected get everything.
    pub heard: Third,
}

/// Times at a third of a rate.
pub struct Third {
    /// The highest rate.
    pub best: f64,
    /// At which rate the times were taken.
    pub rate: f64,
    /// Until the acknowledgement.
    pub acknowledged: Times,
    /// Until the recipient's WebSocket had it.
    pub received: Times,
}

/// Two different users.
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

/// Finds the rates, and measures at a third of each.
pub async fn measure(up: &Program, seconds: u64) -> Result<Delay> {
    let create = |n: usize| async move {
        let [one, other] = members(n).map(|user| format!("d{user}"));
        let answer = up
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
        SendTemplate::send(&format!("d{n}"), &sender)
    };
    let templates: Arc<Vec<_>> = Arc::new((0..CONVERSATIONS).map(template).collect());
    let mut best: f64 = 0.0;
    for connections in LOADS {
        best = best.max(load(up, &templates, connections, seconds).await?.rate);
    }
    let users = (0..USERS).map(|n| format!("d{n}")).collect();
    let mut crowd = Crowd::gather(up.address, users, USERS).await?;
    let unheard = third(up, &mut crowd, &templates, best, seconds).await?;
    let best = sustained(up, &mut crowd, &templates, seconds).await?;
    eprintln!("  everybody connected: {best:.0} sends/s");
    let heard = third(up, &mut crowd, &templates, best, seconds).await?;
    Ok(Delay { unheard, heard })
}

/// Sends a second, from the first send to the last entry that somebody was to get.
async fn sustained(
    up: &Program,
    crowd: &mut Crowd,
    templates: &Arc<Vec<SendTemplate>>,
    seconds: u64,
) -> Result<f64> {
    warm_postgres::checkpoint(&up.database_url).await?;
    let plan = LoadPlan {
        address: up.address,
        templates: Arc::clone(templates),
        connections: LOADS[0],
        warm_up: Duration::ZERO,
        duration: Duration::from_secs(seconds),
    };
    let (head, count, start) = (up.head().await?, crowd.count(), Instant::now());
    tokio::task::spawn_blocking(move || run(&plan)).await??;
    let sends = (up.head().await? - head) as u64;
    crowd.reaches(count + 2 * sends).await?;
    Ok(sends as f64 / start.elapsed().as_secs_f64())
}

/// Measures at a third of a rate.
async fn third(
    up: &Program,
    crowd: &mut Crowd,
    templates: &Arc<Vec<SendTemplate>>,
    best: f64,
    seconds: u64,
) -> Result<Third> {
    let rate = best / 3.0;
    warm_postgres::checkpoint(&up.database_url).await?;
    // What a fresh session, an empty cache and the pages after a checkpoint cost is not what is asked.
    let (head, count) = (up.head().await?, crowd.count());
    paced::sends(up.address, Arc::clone(templates), rate, WARM_UP).await?;
    let time = Duration::from_secs(seconds);
    let sent = paced::sends(up.address, Arc::clone(templates), rate, time).await?;
    up.measure_lag().await?;
    crowd
        .reaches(count + 2 * (up.head().await? - head) as u64)
        .await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let arrivals = crowd.arrivals();
    let mut received = Vec::with_capacity(sent.len());
    for send in &sent {
        let recipient = members(send.template)[1];
        let arrived = arrivals.get(&(recipient, send.position));
        let arrived = arrived.with_context(|| format!("position {} never came", send.position))?;
        received.push(arrived.saturating_duration_since(send.at));
    }
    Ok(Third {
        best,
        rate: sent.len() as f64 / time.as_secs_f64(),
        acknowledged: Times::of(sent.iter().map(|send| send.acknowledged).collect()),
        received: Times::of(received),
    })
}

async fn load(
    up: &Program,
    templates: &Arc<Vec<SendTemplate>>,
    connections: usize,
    seconds: u64,
) -> Result<LoadResult> {
    warm_postgres::checkpoint(&up.database_url).await?;
    let plan = LoadPlan {
        address: up.address,
        templates: Arc::clone(templates),
        connections,
        warm_up: Duration::from_secs(2),
        duration: Duration::from_secs(seconds),
    };
    let done = tokio::task::spawn_blocking(move || run(&plan)).await??;
    eprintln!("  {connections} connections: {:.0} sends/s", done.rate);
    up.measure_lag().await?;
    Ok(done)
}
