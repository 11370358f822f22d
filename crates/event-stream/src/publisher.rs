//! Publishes events to the mirror, each with the expected previous sequence.

use std::collections::VecDeque;
use std::future::IntoFuture;

use async_nats::header::{HeaderMap, NATS_EXPECTED_LAST_SEQUENCE};
use async_nats::jetstream;
use async_nats::jetstream::context::{PublishAckFuture, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use domain::envelope::Envelope;
use domain::subject;
use event_log::traced_events;
use traces::{BatchSpans, SpanKind};

use crate::mirror::{MirrorConfig, MirrorError};

/// One event in this many is published with a request for an acknowledgement. Each event names the
/// expected previous sequence, so if one is not stored, none after it is: the acknowledgement of
/// the last covers all.
const ACK_INTERVAL: usize = 256;

/// The header with the W3C trace context.
const TRACEPARENT: &str = "traceparent";

/// How many acknowledgements may be pending.
const MAX_PENDING_ACKS: usize = 4;

/// nats-server does not answer when it cannot write an event, and does not write again until it is
/// restarted (2.15: `processJetStreamMsgWithBatch` in server/stream.go, `werr` in
/// server/filestore.go).
const SILENCE_HINT: &str = " (no answer: if the log of nats-server says that it cannot write, for \
     example because its disk is full, make space and restart it)";

/// Publishes the events of the log. Cheap to create.
pub(crate) struct MirrorPublisher {
    nats: async_nats::Client,
    jetstream: jetstream::Context,
    subject_prefix: String,
}

impl MirrorPublisher {
    /// A publisher that waits for an acknowledgement as long as `jetstream` says.
    pub(crate) fn new(
        nats: async_nats::Client,
        jetstream: jetstream::Context,
        config: &MirrorConfig,
    ) -> Self {
        Self {
            nats,
            jetstream,
            subject_prefix: config.subject_prefix.clone(),
        }
    }

    /// Publishes consecutive events, and returns when all are acknowledged.
    pub(crate) async fn publish(&self, events: &[Envelope]) -> Result<(), MirrorError> {
        let traced = traced_events(events);
        let mut spans = BatchSpans::start("publish", SpanKind::Producer, traced);
        spans.set("messaging.system", "nats");
        spans.set("tidings.batch.events", events.len() as i64);
        let published = self.publish_all(events, &spans).await;
        spans.end_with(&published);
        published
    }

    async fn publish_all(
        &self,
        events: &[Envelope],
        spans: &BatchSpans,
    ) -> Result<(), MirrorError> {
        let mut sent: VecDeque<(i64, PublishAckFuture)> = VecDeque::new();
        for chunk in events.chunks(ACK_INTERVAL) {
            if sent.len() >= MAX_PENDING_ACKS
                && let Some((position, ack)) = sent.pop_front()
            {
                await_ack(position, ack).await?;
            }
            let Some((last, others)) = chunk.split_last() else {
                break;
            };
            for event in others {
                self.publish_without_ack(event, spans).await?;
            }
            sent.push_back((last.position, self.publish_with_ack(last, spans).await?));
        }
        for (position, ack) in sent {
            await_ack(position, ack).await?;
        }
        Ok(())
    }

    /// Publishes one event without requesting an acknowledgement.
    async fn publish_without_ack(
        &self,
        event: &Envelope,
        spans: &BatchSpans,
    ) -> Result<(), MirrorError> {
        let mut headers = HeaderMap::new();
        let before = (event.position - 1).to_string();
        headers.insert(NATS_EXPECTED_LAST_SEQUENCE, before);
        if let Some(traceparent) = traceparent(event, spans) {
            headers.insert(TRACEPARENT, traceparent);
        }
        self.nats
            .publish_with_headers(self.subject(event), headers, encode_payload(event)?)
            .await
            .map_err(|error| MirrorError::Unavailable(error.to_string()))
    }

    /// Publishes one event and requests an acknowledgement.
    async fn publish_with_ack(
        &self,
        event: &Envelope,
        spans: &BatchSpans,
    ) -> Result<PublishAckFuture, MirrorError> {
        let mut message = PublishMessage::build()
            .payload(encode_payload(event)?)
            .expected_last_sequence(event.position.unsigned_abs() - 1);
        if let Some(traceparent) = traceparent(event, spans) {
            message = message.header(TRACEPARENT, traceparent);
        }
        self.jetstream
            .send_publish(self.subject(event), message)
            .await
            .map_err(|error| MirrorError::Unavailable(error.to_string()))
    }

    fn subject(&self, event: &Envelope) -> String {
        subject::event_subject(
            &self.subject_prefix,
            event.aggregate,
            &event.aggregate_id,
            &event.event_type,
        )
    }
}

/// The trace context for consumers of the message: the step that publishes it, or else the request.
fn traceparent(event: &Envelope, spans: &BatchSpans) -> Option<String> {
    spans.traceparent_at(event.position, event.traceparent.as_deref())
}

fn encode_payload(event: &Envelope) -> Result<bytes::Bytes, MirrorError> {
    let json = event
        .to_json()
        .map_err(|error| MirrorError::Unavailable(error.to_string()))?;
    Ok(json.into())
}

async fn await_ack(position: i64, ack: PublishAckFuture) -> Result<(), MirrorError> {
    let ack = ack.into_future().await.map_err(|error| {
        let hint = match error.kind() {
            PublishErrorKind::TimedOut => SILENCE_HINT,
            _ => "",
        };
        MirrorError::Unavailable(format!("event {position} was not stored: {error}{hint}"))
    })?;
    if ack.sequence != position.unsigned_abs() {
        return Err(MirrorError::Unavailable(format!(
            "event {position} was stored at sequence {}",
            ack.sequence
        )));
    }
    Ok(())
}
