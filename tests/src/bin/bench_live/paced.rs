//! Sends at a given rate, whatever the answers take, and how long each took to be acknowledged.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tests::load_generator::{HttpConnection, SendTemplate, new_key_prefix};
use tokio::task::JoinSet;

/// Connections that take turns.
const CONNECTIONS: usize = 64;

/// A send that was acknowledged.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    /// Which template it is of.
    pub template: usize,
    /// Where it stands in the log.
    pub position: i64,
    /// When it was sent.
    pub at: Instant,
    /// How long it took.
    pub acknowledged: Duration,
}

#[derive(Deserialize)]
struct Answer {
    position: i64,
}

/// Runs on a thread of its own.
pub async fn sends(
    address: SocketAddr,
    templates: Arc<Vec<SendTemplate>>,
    rate: f64,
    time: Duration,
) -> Result<Vec<Sent>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let running = move || runtime.block_on(drive(address, &templates, rate, time));
    tokio::task::spawn_blocking(running).await?
}

async fn drive(
    address: SocketAddr,
    templates: &Arc<Vec<SendTemplate>>,
    rate: f64,
    time: Duration,
) -> Result<Vec<Sent>> {
    let start = Instant::now() + Duration::from_millis(50);
    let pause = Duration::from_secs_f64(CONNECTIONS as f64 / rate);
    let mut connections = JoinSet::new();
    for index in 0..CONNECTIONS {
        let mut connection = HttpConnection::open(address).await?;
        let (templates, keys) = (
            Arc::clone(templates),
            new_key_prefix() | (index as u128) << 40,
        );
        let first = start + pause.mul_f64(index as f64 / CONNECTIONS as f64);
        connections.spawn(async move {
            let (mut sent, mut request) = (Vec::new(), Vec::new());
            for count in 0_u32.. {
                let due = first + pause * count;
                if due > start + time {
                    break;
                }
                tokio::time::sleep_until(due.into()).await;
                let template = (index + count as usize * CONNECTIONS) % templates.len();
                templates[template].render(&mut request, keys | u128::from(count));
                let at = Instant::now();
                let body = connection.exchange(&request).await?;
                let acknowledged = at.elapsed();
                let answer: Answer = serde_json::from_slice(body).context("an answer")?;
                sent.push(Sent {
                    template,
                    position: answer.position,
                    at,
                    acknowledged,
                });
            }
            Ok(sent)
        });
    }
    let mut sent = Vec::new();
    while let Some(done) = connections.join_next().await {
        let done: Result<Vec<Sent>> = done?;
        sent.extend(done?);
    }
    if sent.is_empty() {
        bail!("nothing was sent");
    }
    Ok(sent)
}
