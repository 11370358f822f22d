//! Whether this process records spans, and where they go.

use std::sync::OnceLock;
use std::time::Instant;

use metrics::counter;
use tokio::sync::mpsc;

use crate::sampler::Sampler;
use crate::span_context::Traceparent;
use crate::span_record::SpanRecord;

/// Set once, at the start of a process with a configured endpoint.
static TRACER: OnceLock<Tracer> = OnceLock::new();

/// Samples requests and queues spans.
#[derive(Debug)]
pub(crate) struct Tracer {
    pub(crate) sampler: Sampler,
    pub(crate) queue: mpsc::Sender<SpanRecord>,
}

/// Turns traces on. `false` if they are on already.
pub(crate) fn install(tracer: Tracer) -> bool {
    TRACER.set(tracer).is_ok()
}

/// Whether this process records spans.
pub fn is_on() -> bool {
    TRACER.get().is_some()
}

/// Whether a request with this header is traced.
pub(crate) fn is_sampled(caller: Option<Traceparent>) -> bool {
    TRACER
        .get()
        .is_some_and(|tracer| tracer.sampler.is_sampled(caller, Instant::now()))
}

/// Queues a span that has ended, or drops it if the queue is full.
pub(crate) fn send(record: SpanRecord) {
    let Some(tracer) = TRACER.get() else { return };
    if tracer.queue.try_send(record).is_err() {
        counter!("tidings_trace_spans_total", "outcome" => "dropped").increment(1);
    }
}
