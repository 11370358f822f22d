//! The request that a task works for.

use tokio::task_local;
use tracing::Instrument as _;

use crate::span_context::SpanContext;
use crate::tracer;

task_local! {
    static CURRENT: SpanContext;
}

/// The span that the current task works for, if its request is traced.
pub fn current() -> Option<SpanContext> {
    if !tracer::is_on() {
        return None;
    }
    CURRENT.try_with(|context| *context).ok()
}

/// The same as the text that is stored with events.
pub fn current_traceparent() -> Option<String> {
    current().map(|context| context.to_string())
}

/// Runs a future that works for a span. The lines that it logs have the id of the trace.
pub async fn follow<F: Future>(context: SpanContext, work: F) -> F::Output {
    // The level is that of no line: a filter for errors only must not take the id from them.
    let lines = tracing::error_span!("trace", trace_id = context.trace_id_text());
    CURRENT.scope(context, work.instrument(lines)).await
}
