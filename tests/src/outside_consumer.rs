//! A durable consumer of the stream, as another system has it: it knows the position up to which it
//! has the events, and creates its consumer again if that is gone.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull};
use bytes::Bytes;
use eventually::eventually;
use futures::StreamExt as _;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::log::{STREAM_NAME, connect_nats};

/// The name of the consumer.
const DURABLE_NAME: &str = "outside";

/// How many events are requested at a time, and how long that may take.
const BATCH_SIZE: usize = 200;
const BATCH_TIMEOUT: Duration = Duration::from_millis(500);

/// A running consumer.
pub struct OutsideConsumer {
    position: Arc<AtomicU64>,
    stop: CancellationToken,
    task: JoinHandle<Result<ConsumedEvents>>,
}

/// What a consumer has received.
#[derive(Debug, Default)]
pub struct ConsumedEvents {
    /// The events with the sequences 1, 2, 3, ...
    pub events: Vec<Bytes>,
    /// How many were delivered more than once.
    pub redelivered: usize,
    /// The consumers that were used. Each was created at another time.
    pub consumers: BTreeSet<i128>,
}

impl OutsideConsumer {
    /// Starts to consume from the first event.
    pub fn start(nats_url: &str) -> Self {
        let (position, stop) = (Arc::new(AtomicU64::new(0)), CancellationToken::new());
        let task = run(nats_url.to_owned(), position.clone(), stop.clone());
        Self {
            task: tokio::spawn(task),
            position,
            stop,
        }
    }

    /// Waits until it has the event at this position.
    pub async fn wait_for(&self, position: u64) {
        eventually(format!("the consumer is at {position}"), async || {
            let has_ended = self.task.is_finished();
            (has_ended || self.position.load(Ordering::Acquire) >= position).then_some(())
        })
        .await;
    }

    /// Waits until it has everything up to the head, stops it, and compares its events with those
    /// of the log.
    pub async fn finish(self, log: &[Bytes]) -> Result<ConsumedEvents> {
        self.wait_for(log.len() as u64).await;
        self.stop.cancel();
        let consumed = self.task.await.context("the consumer panicked")??;
        ensure!(
            consumed.events.len() == log.len(),
            "the consumer has {} events, the log {}",
            consumed.events.len(),
            log.len()
        );
        for (place, (has, expected)) in consumed.events.iter().zip(log).enumerate() {
            ensure!(
                has == expected,
                "the consumer has {has:?} at {}, the log {expected:?}",
                place + 1
            );
        }
        Ok(consumed)
    }
}

async fn run(
    nats_url: String,
    position: Arc<AtomicU64>,
    stop: CancellationToken,
) -> Result<ConsumedEvents> {
    let mut consumed = ConsumedEvents::default();
    let client = connect_nats(&nats_url).await?;
    while !stop.is_cancelled() {
        // Whatever fails while nodes are away is tried again.
        if let Ok(consumer) = open(&client, consumed.events.len()).await {
            let created = consumer.cached_info().created.unix_timestamp_nanos();
            consumed.consumers.insert(created);
            consume(&consumer, &mut consumed, &position, &stop).await?;
        }
        eventually::pause(Duration::from_millis(50)).await;
    }
    Ok(consumed)
}

/// Opens the consumer. If it is gone, creates it after the last event that was received.
async fn open(client: &async_nats::Client, position: usize) -> Result<PullConsumer> {
    let stream = async_nats::jetstream::new(client.clone())
        .get_stream(STREAM_NAME)
        .await?;
    let config = pull::Config {
        durable_name: Some(DURABLE_NAME.to_owned()),
        deliver_policy: DeliverPolicy::ByStartSequence {
            start_sequence: position as u64 + 1,
        },
        ack_policy: AckPolicy::Explicit,
        ack_wait: Duration::from_secs(5),
        ..pull::Config::default()
    };
    Ok(stream.get_or_create_consumer(DURABLE_NAME, config).await?)
}

/// Receives and acknowledges until something fails. An event out of order is an error.
async fn consume(
    consumer: &PullConsumer,
    consumed: &mut ConsumedEvents,
    position: &AtomicU64,
    stop: &CancellationToken,
) -> Result<()> {
    while !stop.is_cancelled() {
        let batch = consumer.fetch().max_messages(BATCH_SIZE);
        let Ok(mut messages) = batch.expires(BATCH_TIMEOUT).messages().await else {
            return Ok(());
        };
        let mut is_empty = true;
        while let Some(message) = messages.next().await {
            let Ok(message) = message else { return Ok(()) };
            is_empty = false;
            let info = message.info().map_err(anyhow::Error::from_boxed)?;
            let sequence = info.stream_sequence;
            let known = consumed.events.len() as u64;
            if sequence <= known {
                let before = &consumed.events[sequence as usize - 1];
                ensure!(
                    *before == message.payload,
                    "{sequence} was delivered twice, but differs"
                );
                consumed.redelivered += 1;
            } else {
                ensure!(sequence == known + 1, "{sequence} follows {known}");
                consumed.events.push(message.payload.clone());
                position.store(sequence, Ordering::Release);
            }
            if message.ack().await.is_err() {
                return Ok(());
            }
        }
        // A consumer that was deleted answers like an empty one.
        if is_empty && consumer.get_info().await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}
