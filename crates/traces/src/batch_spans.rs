//! The steps of a batch that belongs to several traces.
//!
//! A span has one parent, but the events of a batch come from several requests. So each traced
//! request gets a span of its own for the batch, and its trace is complete. Links say which other
//! requests were in the batch.

use std::collections::HashMap;
use std::fmt::Display;
use std::time::{Duration, SystemTime};

use crate::span::Span;
use crate::span_context::{SpanContext, Traceparent};
use crate::span_record::{AttributeValue, SpanKind};
use crate::tracer;

/// How many requests of a batch get a span. A larger batch has more of the same.
const MAX_SPANS: usize = 256;

/// How many other requests of its batch a span links to.
const MAX_LINKS: usize = 8;

/// Older events are not traced: a mirror or a read model that starts over handles the whole log,
/// and nobody waits for those events.
const MAX_AGE: Duration = Duration::from_secs(3_600);

/// An event whose request is traced.
#[derive(Debug, Clone, Copy)]
pub struct TracedEvent<'a> {
    /// The `traceparent` that is stored with the event.
    pub traceparent: &'a str,
    /// The position of the event.
    pub position: i64,
    /// When it was appended, in milliseconds since 1970, if that is known.
    pub appended_ms: Option<i64>,
}

/// One span for each traced request in a batch.
#[derive(Debug, Default)]
pub struct BatchSpans {
    spans: Vec<Span>,
    /// The positions of the events, and the spans of their requests.
    positions: Vec<(i64, SpanContext)>,
}

impl BatchSpans {
    /// Starts the step for the traced events of a batch. While traces are off, the events are not
    /// looked at.
    pub fn start<'a>(
        name: &'static str,
        kind: SpanKind,
        events: impl IntoIterator<Item = TracedEvent<'a>>,
    ) -> Self {
        if !tracer::is_on() {
            return Self::default();
        }
        let oldest = oldest_ms();
        let mut batch = Self::default();
        let mut by_request: HashMap<SpanContext, SpanContext> = HashMap::new();
        let mut requests = Vec::new();
        for event in events {
            let Some(request) = Traceparent::parse(event.traceparent) else {
                continue;
            };
            let is_old = event.appended_ms.is_some_and(|at| at < oldest);
            let is_new = !by_request.contains_key(&request.context);
            if is_old || is_new && batch.spans.len() >= MAX_SPANS {
                continue;
            }
            let parent = request.context;
            let context = *by_request.entry(parent).or_insert_with(|| {
                let mut span = Span::start_after(parent, name, kind);
                let context = span.context().unwrap_or(parent);
                span.set("tidings.position", event.position);
                batch.spans.push(span);
                requests.push(parent);
                context
            });
            batch.positions.push((event.position, context));
        }
        batch.link_requests(&requests);
        batch
    }

    /// Links each span to the other requests, as far as that is allowed.
    fn link_requests(&mut self, requests: &[SpanContext]) {
        for (index, span) in self.spans.iter_mut().enumerate() {
            let own = requests[index].trace_id();
            let others = requests.iter().filter(|other| other.trace_id() != own);
            for other in others.take(MAX_LINKS) {
                span.link(*other);
            }
        }
    }

    /// Whether no request of the batch is traced.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The `traceparent` for what this step passes on of the event at a position: the span of the
    /// step or, if it has none, what is stored with the event. The batch must be in order.
    pub fn traceparent_at(&self, position: i64, stored: Option<&str>) -> Option<String> {
        let stored = stored?;
        let found = self
            .positions
            .binary_search_by_key(&position, |(at, _)| *at);
        let own = found.ok().map(|index| self.positions[index].1.to_string());
        Some(own.unwrap_or_else(|| stored.to_owned()))
    }

    /// The positions of the traced events with their spans, for what follows from them.
    pub fn contexts(&self) -> Vec<(i64, SpanContext)> {
        let first = self.positions.iter().take(MAX_SPANS);
        first.copied().collect()
    }

    /// The same as texts, for other processes.
    pub fn traceparents(&self) -> Vec<(i64, String)> {
        let contexts = self.contexts().into_iter();
        contexts
            .map(|(position, context)| (position, context.to_string()))
            .collect()
    }

    /// Sets an attribute of all spans.
    pub fn set(&mut self, name: &'static str, value: impl Into<AttributeValue>) {
        if self.is_empty() {
            return;
        }
        let value = value.into();
        for span in &mut self.spans {
            span.set(name, value.clone());
        }
    }

    /// Moves the beginning of the step back: it began before its requests were known.
    pub fn backdate(&mut self, took: Duration) {
        for span in &mut self.spans {
            span.backdate(took);
        }
    }

    /// Ends the step.
    pub fn end(self) {
        for span in self.spans {
            span.end();
        }
    }

    /// Ends the step with its result.
    pub fn end_with<T, E: Display>(self, result: &Result<T, E>) {
        for span in self.spans {
            span.end_with(result);
        }
    }
}

fn oldest_ms() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let oldest = now.unwrap_or_default().saturating_sub(MAX_AGE);
    i64::try_from(oldest.as_millis()).unwrap_or(i64::MAX)
}
