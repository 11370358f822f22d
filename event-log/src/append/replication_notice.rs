//! Recognises commits that were acknowledged although the wait for a synchronous standby was
//! cancelled. Postgres reports that as a success with a notice, and sqlx passes notices on only as
//! tracing events.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// The target of notices in sqlx 0.8.
const NOTICE_TARGET: &str = "sqlx::postgres::notice";

/// The beginning of the notice, in `syncrep.c` of Postgres. After it, Postgres writes that the
/// transaction "has already committed locally, but might not have been replicated to the standby".
const CANCELLED_WAIT: &str = "canceling wait for synchronous replication";

static CANCELLED_WAITS: AtomicU64 = AtomicU64::new(0);

/// How many waits have been cancelled, in all sessions of this process.
pub(crate) fn cancelled_waits() -> u64 {
    CANCELLED_WAITS.load(Ordering::Acquire)
}

/// The layer that counts the notices. A process that appends adds it to its tracing subscriber;
/// without it, the process acknowledges commits that the standby may lack.
pub fn replication_notices<S>() -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    NoticeCounter.with_filter(Targets::new().with_target(NOTICE_TARGET, Level::WARN))
}

struct NoticeCounter;

impl<S: Subscriber> Layer<S> for NoticeCounter {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Message(String::new());
        event.record(&mut text);
        if text.0.contains(CANCELLED_WAIT) {
            CANCELLED_WAITS.fetch_add(1, Ordering::AcqRel);
        }
    }
}

/// The field `message` of an event.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[test]
    fn only_the_notice_of_a_cancelled_wait_counts() {
        let notices = tracing_subscriber::registry().with(replication_notices());
        let before = cancelled_waits();
        tracing::subscriber::with_default(notices, || {
            tracing::warn!(target: "sqlx::postgres::notice", "relation exists, skipping");
            tracing::warn!("canceling wait for synchronous replication due to user request");
            assert_eq!(cancelled_waits(), before);
            tracing::warn!(
                target: "sqlx::postgres::notice",
                message = "canceling wait for synchronous replication due to user request"
            );
        });
        assert_eq!(cancelled_waits(), before + 1);
    }
}
