//! Which events belong to traced requests.

use domain::envelope::Envelope;
use traces::TracedEvent;

/// The events of traced requests.
pub fn traced_events<'a>(
    events: impl IntoIterator<Item = &'a Envelope>,
) -> impl Iterator<Item = TracedEvent<'a>> {
    events.into_iter().filter_map(|event| {
        Some(TracedEvent {
            traceparent: event.traceparent.as_deref()?,
            position: event.position,
            appended_ms: Some(event.time.millis()),
        })
    })
}
