//! Sends at a given rate, no matter how long responses take, and measures the acknowledgements.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tokio::task::JoinSet;

use crate::load_generator::{HttpConnection, RequestTemplate, new_key_prefix};

/// Connections that take turns.
const CONNECTIONS: usize = 64;

/// An acknowledged send.
#[derive(Debug, Clone, Copy)]
pub struct PacedSend {
    /// The number of its template.
    pub template: usize,
    /// The position in the response.
    pub position: i64,
    /// When it was sent.
    pub at: Instant,
    /// How long the acknowledgement took.
    pub acknowledged: Duration,
}

#[derive(Deserialize)]
struct PositionBody {
    position: i64,
}

/// Sends at `rate` per second for `time`, on its own thread.
pub async fn send_at_rate(
    address: SocketAddr,
    templates: Arc<Vec<RequestTemplate>>,
    rate: f64,
    time: Duration,
) -> Result<Vec<PacedSend>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let load = move || runtime.block_on(send_on_all_connections(address, &templates, rate, time));
    tokio::task::spawn_blocking(load).await?
}

async fn send_on_all_connections(
    address: SocketAddr,
    templates: &Arc<Vec<RequestTemplate>>,
    rate: f64,
    time: Duration,
) -> Result<Vec<PacedSend>> {
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
                let answer: PositionBody =
                    serde_json::from_slice(body).context("the response to a send")?;
                sent.push(PacedSend {
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
        let done: Result<Vec<PacedSend>> = done?;
        sent.extend(done?);
    }
    if sent.is_empty() {
        bail!("no message was sent");
    }
    Ok(sent)
}
