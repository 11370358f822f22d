//! Ten thousand idle WebSockets: the memory of each, and whether a send to one of them takes longer
//! than with ten connections.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::program::Program;
use tests::token;

use super::listeners::Listeners;
use crate::load_generator::{HttpConnection, RequestTemplate, new_key_prefix};
use crate::statistics::Percentiles;

/// The numbers of connections that are compared.
const FEW_CONNECTIONS: usize = 10;
const MANY_CONNECTIONS: usize = 10_000;

/// Sends that are followed one after the other.
const PROBES: u128 = 1_000;

/// How long the process is left alone before its memory is read.
const SETTLE_TIME: Duration = Duration::from_secs(5);

/// The cost of idle connections.
pub struct IdleCost {
    /// The number of connections.
    pub connections: usize,
    /// Resident KiB per connection, in addition to the process at rest.
    pub kib_per_connection: f64,
    /// From the send to the WebSocket with ten connections.
    pub few: Percentiles,
    /// The same with all connections.
    pub many: Percentiles,
}

/// Measures both. The users `l0` to `l9999` must exist already.
pub async fn measure(program: &Program) -> Result<IdleCost> {
    let answer = program.user("l0").create_group("idle", &["l1"]).await;
    ensure!(answer.status == 201, "{answer}");
    // The process at rest has already served requests: its pools are open and its caches filled.
    let (mut few, _) = follow_sends(program, FEW_CONNECTIONS, PROBES / 2).await?;
    eventually::pause(SETTLE_TIME).await;
    let rest = program.service.process.memory()?.resident;
    let (many, busy) = follow_sends(program, MANY_CONNECTIONS, PROBES).await?;
    // All but ten connections go offline after a grace time.
    eventually::pause(SETTLE_TIME).await;
    // Ten connections are measured before and after, because Postgres works in the background for
    // longer than one measurement.
    few.extend(follow_sends(program, FEW_CONNECTIONS, PROBES / 2).await?.0);
    Ok(IdleCost {
        connections: MANY_CONNECTIONS,
        kib_per_connection: (busy as f64 - rest as f64) / MANY_CONNECTIONS as f64,
        few: Percentiles::new(few),
        many: Percentiles::new(many),
    })
}

/// The delays, and the resident KiB after all connections had caught up.
async fn follow_sends(
    program: &Program,
    connected: usize,
    probes: u128,
) -> Result<(Vec<Duration>, u64)> {
    let users = (0..connected).map(|n| format!("l{n}")).collect();
    let mut listeners = Listeners::connect(program.address, users, 2).await?;
    eventually::pause(SETTLE_TIME).await;
    let resident = program.service.process.memory()?.resident;
    eprintln!("  {connected} connected: {} MB resident", resident / 1024);
    let template = RequestTemplate::send("idle", &token::for_user("l0"));
    let mut sending = HttpConnection::open(program.address).await?;
    let (mut request, mut times, run) = (Vec::new(), Vec::new(), new_key_prefix());
    for probe in 0..probes {
        template.render(&mut request, run | probe);
        let (count, at) = (listeners.count(), Instant::now());
        let answer: Value = serde_json::from_slice(sending.exchange(&request).await?)?;
        let position = answer["position"].as_i64().context("no position")?;
        listeners.wait_for_count(count + 2).await?;
        let arrived = listeners.take_arrivals().remove(&(1, position));
        let arrived = arrived.context("the entry reached another user")?;
        times.push(arrived.saturating_duration_since(at));
    }
    Ok((times, resident))
}
