//! Ten thousand WebSockets to which nothing is said: what each keeps resident, and whether a send to one of
//! them takes longer than with ten.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::load_generator::{HttpConnection, SendTemplate, new_key_prefix};
use tests::program::Program;
use tests::token;

use crate::crowd::Crowd;
use crate::report::Times;

/// Connections.
const FEW: usize = 10;
const MANY: usize = 10_000;

/// Sends that are followed with so many connected, one after the other.
const PROBES: u128 = 1_000;

/// How long memory is left to settle.
const SETTLE: Duration = Duration::from_secs(5);

/// What came of it.
pub struct Idle {
    /// Connections that were opened.
    pub connections: usize,
    /// KiB resident each, beyond the process at rest.
    pub each: f64,
    /// From the send to the WebSocket with ten connected.
    pub few: Times,
    /// And with all.
    pub many: Times,
}

/// Needs the users `l0` to `l9999` in a group already.
pub async fn measure(up: &Program) -> Result<Idle> {
    let answer = up.user("l0").create_group("idle", &["l1"]).await;
    ensure!(answer.status == 201, "{answer}");
    // The process at rest is one that has served: with its pools open and its caches filled.
    let (mut few, _) = probe(up, FEW, PROBES / 2).await?;
    tokio::time::sleep(SETTLE).await;
    let rest = up.service.process.memory()?.resident;
    let (many, busy) = probe(up, MANY, PROBES).await?;
    // All but ten are offline after a grace time.
    tokio::time::sleep(SETTLE).await;
    // Before and after: what Postgres does in the background takes longer than the probes.
    few.extend(probe(up, FEW, PROBES / 2).await?.0);
    Ok(Idle {
        connections: MANY,
        each: (busy as f64 - rest as f64) / MANY as f64,
        few: Times::of(few),
        many: Times::of(many),
    })
}

/// The times, and the resident KiB after everybody was caught up.
async fn probe(up: &Program, connected: usize, probes: u128) -> Result<(Vec<Duration>, u64)> {
    let users = (0..connected).map(|n| format!("l{n}")).collect();
    let mut crowd = Crowd::gather(up.address, users, 2).await?;
    tokio::time::sleep(SETTLE).await;
    let resident = up.service.process.memory()?.resident;
    eprintln!("  {connected} connected: {} MB resident", resident / 1024);
    let template = SendTemplate::send("idle", &token::for_user("l0"));
    let mut sending = HttpConnection::open(up.address).await?;
    let (mut request, mut times, run) = (Vec::new(), Vec::new(), new_key_prefix());
    for probe in 0..probes {
        template.render(&mut request, run | probe);
        let (count, at) = (crowd.count(), Instant::now());
        let answer: Value = serde_json::from_slice(sending.exchange(&request).await?)?;
        let position = answer["position"].as_i64().context("no position")?;
        crowd.reaches(count + 2).await?;
        let arrived = crowd.arrivals().remove(&(1, position));
        let arrived = arrived.context("it reached somebody else")?;
        times.push(arrived.saturating_duration_since(at));
    }
    Ok((times, resident))
}
