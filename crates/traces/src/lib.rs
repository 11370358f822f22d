//! Distributed traces: what happens to one request, across processes, for an OpenTelemetry
//! collector. Off unless an endpoint is configured; then each function here is one branch.
//!
//! - [`SpanContext`]: where a span is in its trace; its text is a W3C `traceparent`.
//! - [`Sampler`]: which requests are traced.
//! - [`Span`]: one step of a trace. [`BatchSpans`]: the steps of a batch that belongs to several
//!   traces. Both are sent when they end, and only those of traced requests exist.
//! - [`follow`], [`current`]: the request that a task works for. Its log lines have the trace id.
//! - [`start_export`]: sends ended spans to the collector. It never delays what is traced: the
//!   queue is bounded, and what does not fit is dropped and counted.
//! - [`OtlpEndpoint`], [`OtlpHeaders`], [`SamplingRatio`]: the settings.

#![deny(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a failing test panics"))]

mod batch_spans;
mod current;
mod encoding;
mod export;
mod otlp_settings;
mod sampler;
mod span;
mod span_context;
mod span_record;
mod tracer;

pub use batch_spans::{BatchSpans, TracedEvent};
pub use current::{current, current_traceparent, follow};
pub use export::{ExportConfig, SpanExport, start_export};
pub use otlp_settings::{OtlpEndpoint, OtlpHeaders, SamplingRatio};
pub use sampler::Sampler;
pub use span::Span;
pub use span_context::{SpanContext, Traceparent};
pub use span_record::{AttributeValue, SpanKind};
pub use tracer::is_on;
