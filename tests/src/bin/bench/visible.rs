//! From the send to the recipient's sync: how long until a second connection is served the message.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::load_generator::{self, HttpConnection, LoadPlan, SendTemplate};
use tests::program::Program;
use tests::token;

use crate::Times;
use crate::product::members;

/// Sends that are followed with nothing else going on.
const PROBES: usize = 400;

/// Connections of the load beside which they are followed.
const LOAD: usize = 64;

/// Medians.
#[derive(Debug, Clone, Copy)]
pub struct Medians {
    /// Until the send was acknowledged.
    pub acked: Duration,
    /// Until the recipient was served it.
    pub visible: Duration,
}

/// With nothing else going on.
pub async fn quiet(up: &Program) -> Result<Medians> {
    let mut left = PROBES;
    follow(up, || {
        left -= 1;
        left > 0
    })
    .await
}

/// Beside a load that never pauses.
pub async fn busy(
    up: &Program,
    templates: &Arc<Vec<SendTemplate>>,
    times: Times<'_>,
) -> Result<Medians> {
    let plan = LoadPlan {
        address: up.address,
        templates: templates.clone(),
        connections: LOAD,
        warm_up: times.warm_up,
        duration: times.measured,
    };
    let load = tokio::task::spawn_blocking(move || load_generator::run_load(&plan));
    tokio::time::sleep(times.warm_up).await;
    let medians = follow(up, || !load.is_finished()).await?;
    load.await??;
    Ok(medians)
}

/// Follows sends one after the other while there is more to do.
async fn follow(up: &Program, mut more: impl FnMut() -> bool) -> Result<Medians> {
    let [sender, recipient] = members(0);
    let mut sending = HttpConnection::open(up.address).await?;
    let mut reading = HttpConnection::open(up.address).await?;
    let template = SendTemplate::send("c0", &token::for_user(&sender));
    let reader = token::for_user(&recipient);
    let mut acked = Vec::new();
    let mut visible = Vec::new();
    let mut request = Vec::new();
    let run = load_generator::new_key_prefix();
    while more() {
        template.render(&mut request, run | acked.len() as u128);
        let start = Instant::now();
        let answer: Value = serde_json::from_slice(sending.exchange(&request).await?)?;
        acked.push(start.elapsed());
        let position = answer["position"].as_i64().context("no position")?;
        let sync = format!(
            "GET /v1/inbox/entries?after={}&min_position={position} HTTP/1.1\r\nhost: bench\r\n\
             authorization: Bearer {reader}\r\n\r\n",
            position - 1
        );
        let page = reading.exchange(sync.as_bytes()).await?;
        visible.push(start.elapsed());
        let page: Value = serde_json::from_slice(page)?;
        ensure!(
            page["entries"][0]["position"] == position,
            "position {position} is not in {page}"
        );
    }
    Ok(Medians {
        acked: median(acked),
        visible: median(visible),
    })
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
