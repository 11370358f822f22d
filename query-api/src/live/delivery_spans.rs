//! The last steps of traces: the hub delivers an entry to the queues of its recipients, and each
//! connection sends it.

use std::fmt::Display;
use std::sync::Arc;

use read_model::projection_signal::AffectedAudience;
use traces::{BatchSpans, Span, SpanContext, SpanKind, TracedEvent};

use super::frame::ServerFrame;

/// How many recipients of a batch have a span for sending. A group of thousands has more of the
/// same.
const MAX_TRACED_RECIPIENTS: usize = 32;

/// The steps in which the hub delivers a batch.
#[derive(Debug)]
pub struct DeliverySpans {
    spans: BatchSpans,
    positions: Option<TracedPositions>,
    recipients_left: usize,
}

/// The positions of traced events, with the spans that delivered their entries. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TracedPositions(Arc<Vec<(i64, SpanContext)>>);

impl DeliverySpans {
    /// Starts the steps for the traced events of an audience after a position.
    pub fn start(audience: Option<&AffectedAudience>, from: i64) -> Self {
        let traced = audience.map_or(&[][..], |audience| &audience.traces);
        let traced = traced.iter().filter(|(position, _)| *position > from);
        let events = traced.map(|(position, traceparent)| TracedEvent {
            traceparent,
            position: *position,
            appended_ms: None,
        });
        let spans = BatchSpans::start("deliver", SpanKind::Consumer, events);
        let positions = (!spans.is_empty()).then(|| TracedPositions(Arc::new(spans.contexts())));
        Self {
            spans,
            positions,
            recipients_left: MAX_TRACED_RECIPIENTS,
        }
    }

    /// What the connections of a recipient of these frames need to continue the traces.
    pub fn positions_of(&mut self, frames: &[ServerFrame]) -> Option<TracedPositions> {
        let positions = self.positions.as_ref()?;
        if self.recipients_left == 0 || positions.find_in(frames).next().is_none() {
            return None;
        }
        self.recipients_left -= 1;
        Some(positions.clone())
    }

    /// Ends the steps.
    pub fn end_with<T, E: Display>(mut self, result: &Result<T, E>) {
        let recipients = MAX_TRACED_RECIPIENTS - self.recipients_left;
        self.spans
            .set("tidings.traced_recipients", recipients as i64);
        self.spans.end_with(result);
    }
}

impl TracedPositions {
    fn find_in(&self, frames: &[ServerFrame]) -> impl Iterator<Item = (i64, SpanContext)> {
        let is_sent = |position| {
            frames
                .iter()
                .any(|frame| frame.position() == Some(position))
        };
        let found = self
            .0
            .iter()
            .filter(move |(position, _)| is_sent(*position));
        found.copied()
    }

    /// Starts the steps in which a connection sends these frames.
    pub fn start_sending(&self, frames: &[ServerFrame], transport: &'static str) -> Vec<Span> {
        let started = self.find_in(frames).map(|(position, delivered)| {
            let mut span = Span::start_after(delivered, "send", SpanKind::Producer);
            span.set("tidings.position", position);
            span.set("tidings.transport", transport);
            span
        });
        started.collect()
    }
}
