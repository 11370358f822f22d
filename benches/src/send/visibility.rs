//! How long it takes from a send until another connection gets the message from sync.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use eventually::pause;
use serde_json::Value;
use tests::program::Program;
use tests::token;

use super::workload::{Measurement, members};
use crate::load_generator::{HttpConnection, LoadPlan, RequestTemplate, new_key_prefix, run_load};
use crate::statistics::median;

/// Sends that are followed on a quiet system.
const PROBES: usize = 400;

/// Connections of the load under which sends are followed.
const LOAD_CONNECTIONS: usize = 64;

/// Median times since the send.
#[derive(Debug, Clone, Copy)]
pub struct VisibilityMedians {
    /// Until the acknowledgement.
    pub acknowledged: Duration,
    /// Until the recipient got the message.
    pub visible: Duration,
}

impl VisibilityMedians {
    /// The time until the message is visible, relative to the time until the acknowledgement.
    pub fn ratio(self) -> f64 {
        self.visible.as_secs_f64() / self.acknowledged.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// Measures on a quiet system.
pub async fn measure_quiet(program: &Program) -> Result<VisibilityMedians> {
    let mut left = PROBES;
    follow_sends(program, || {
        left -= 1;
        left > 0
    })
    .await
}

/// Measures under a load that never pauses.
pub async fn measure_under_load(
    program: &Program,
    templates: &Arc<Vec<RequestTemplate>>,
    measurement: Measurement<'_>,
) -> Result<VisibilityMedians> {
    let plan = LoadPlan {
        address: program.address,
        templates: templates.clone(),
        connections: LOAD_CONNECTIONS,
        warm_up: measurement.warm_up,
        duration: measurement.duration,
    };
    let load = tokio::task::spawn_blocking(move || run_load(&plan));
    pause(measurement.warm_up).await;
    let medians = follow_sends(program, || !load.is_finished()).await?;
    load.await??;
    Ok(medians)
}

/// Follows one send after the other while `has_more` returns true.
async fn follow_sends(
    program: &Program,
    mut has_more: impl FnMut() -> bool,
) -> Result<VisibilityMedians> {
    let [sender, recipient] = members(0);
    let mut sending = HttpConnection::open(program.address).await?;
    let mut reading = HttpConnection::open(program.address).await?;
    let template = RequestTemplate::send("c0", &token::for_user(&sender));
    let reader_token = token::for_user(&recipient);
    let mut acknowledged = Vec::new();
    let mut visible = Vec::new();
    let mut request = Vec::new();
    let prefix = new_key_prefix();
    while has_more() {
        template.render(&mut request, prefix | acknowledged.len() as u128);
        let start = Instant::now();
        let response: Value = serde_json::from_slice(sending.exchange(&request).await?)?;
        acknowledged.push(start.elapsed());
        let position = response["position"].as_i64().context("no position")?;
        let sync = format!(
            "GET /v1/inbox/entries?after={}&min_position={position} HTTP/1.1\r\nhost: bench\r\n\
             authorization: Bearer {reader_token}\r\n\r\n",
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
    Ok(VisibilityMedians {
        acknowledged: median(acknowledged),
        visible: median(visible),
    })
}
