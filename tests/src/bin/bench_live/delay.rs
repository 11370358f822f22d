//! From the send to the recipient's WebSocket, beside a third of the sends that the system can take.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use tests::up::Up;
use tests::wire::{Measured, Plan, Template, run};
use tests::{steady, token};

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
    /// The highest rate, with nobody connected.
    pub best: Measured,
    /// At which rate the times were taken.
    pub rate: f64,
    /// Until the acknowledgement.
    pub acknowledged: Times,
    /// Until the recipient's WebSocket had it.
    pub received: Times,
}

fn members(conversation: usize) -> [usize; 2] {
    let shift = 1 + conversation / USERS;
    [conversation % USERS, (conversation * 7 + shift) % USERS]
}

/// Finds the rate, and measures at a third of it.
pub async fn measure(up: &Up, seconds: u64) -> Result<Delay> {
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
        let sender = token::user(&format!("d{}", members(n)[0]));
        Template::send(&format!("d{n}"), &sender)
    };
    let templates: Arc<Vec<_>> = Arc::new((0..CONVERSATIONS).map(template).collect());
    let mut best: Option<Measured> = None;
    for connections in LOADS {
        let run = load(up, &templates, connections, seconds).await?;
        if best.as_ref().is_none_or(|best| run.rate > best.rate) {
            best = Some(run);
        }
    }
    let best = best.context("no load was tried")?;
    let rate = best.rate / 3.0;
    let users = (0..USERS).map(|n| format!("d{n}")).collect();
    let mut crowd = Crowd::gather(up.address, users, USERS).await?;
    steady::checkpoint(&up.database_url).await?;
    // What a fresh session, an empty cache and the pages after a checkpoint cost is not what is asked.
    paced::sends(up.address, templates.clone(), rate, WARM_UP).await?;
    let before = up.head().await?;
    let time = Duration::from_secs(seconds);
    let sent = paced::sends(up.address, templates, rate, time).await?;
    up.lag().await?;
    let all = 2 * (up.head().await? - before) as u64;
    crowd.reaches(all).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let arrivals = crowd.arrivals();
    let mut received = Vec::with_capacity(sent.len());
    for send in &sent {
        let recipient = members(send.template)[1];
        let arrived = arrivals.get(&(recipient, send.position));
        let arrived = arrived.with_context(|| format!("position {} never came", send.position))?;
        received.push(arrived.saturating_duration_since(send.at));
    }
    Ok(Delay {
        best,
        rate: sent.len() as f64 / time.as_secs_f64(),
        acknowledged: Times::of(sent.iter().map(|send| send.acknowledged).collect()),
        received: Times::of(received),
    })
}

async fn load(
    up: &Up,
    templates: &Arc<Vec<Template>>,
    connections: usize,
    seconds: u64,
) -> Result<Measured> {
    steady::checkpoint(&up.database_url).await?;
    let plan = Plan {
        address: up.address,
        templates: Arc::clone(templates),
        connections,
        warm_up: Duration::from_secs(2),
        measured: Duration::from_secs(seconds),
    };
    let done = tokio::task::spawn_blocking(move || run(&plan)).await??;
    eprintln!("  {connections} connections: {:.0} sends/s", done.rate);
    up.lag().await?;
    Ok(done)
}
