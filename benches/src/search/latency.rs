//! From the send to the hit: how long it takes until search finds a message, at a thousand other
//! sends per second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use eventually::pause;
use serde_json::json;
use tests::log;
use tests::world::World;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

/// The users who send, and their interval.
const SENDERS: usize = 50;
const SEND_INTERVAL: Duration = Duration::from_millis(50);

/// The number of measured messages.
const PROBES: usize = 300;

/// The interval between two searches for a message.
const SEARCH_INTERVAL: Duration = Duration::from_millis(5);

/// Returns the sends per second, and the time from the acknowledgement of each measured message
/// until search found it.
pub async fn measure() -> Result<(f64, Vec<Duration>)> {
    let world = Arc::new(World::start().await);
    let ann = world.user("ann");
    for group in 0..SENDERS {
        let member = format!("u{group}");
        ann.create_group(&format!("g{group}"), &[&member])
            .await
            .expect(201);
    }
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        let client = world.user(&format!("u{sender}"));
        senders.spawn(async move {
            let mut pace = interval(SEND_INTERVAL);
            pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
            for n in 0_u64.. {
                pace.tick().await;
                let text = format!("message {n} of sender {sender}, about tea and other things");
                client
                    .send(&format!("g{sender}"), &format!("k{n}"), &text)
                    .await
                    .expect(201);
            }
        });
    }
    let start = Instant::now();
    let before = log::head(&world.pool).await?;
    let mut times = Vec::with_capacity(PROBES);
    for probe in 0..PROBES {
        let message = json!({ "client_message_id": format!("p{probe}"), "type": "text",
                              "body": { "text": format!("probe{probe}") } });
        let sent = ann.send_message("g0", message).await;
        sent.expect(201);
        let acknowledged = Instant::now();
        loop {
            let page = ann.get_ok(&format!("/v1/search?q=probe{probe}")).await;
            if page["total"] == 1 {
                break;
            }
            ensure!(
                acknowledged.elapsed() < Duration::from_secs(30),
                "probe {probe} is not found"
            );
            pause(SEARCH_INTERVAL).await;
        }
        times.push(acknowledged.elapsed());
    }
    let sent = log::head(&world.pool).await? - before;
    let rate = sent as f64 / start.elapsed().as_secs_f64();
    senders.abort_all();
    while senders.join_next().await.is_some() {}
    Arc::into_inner(world)
        .context("a sender still uses the world")?
        .stop();
    Ok((rate, times))
}
