//! The state that all command routes share.

use std::sync::Arc;

use domain::ids::{ConversationId, UserId};
use domain::limits::Limits;
use domain::time::Timestamp;
use event_log::{EventLog, LogError};

use crate::clock::Clock;
use crate::metrics::CommandMetrics;
use crate::single_flight::SingleFlight;

/// The event log, limits, clock and metrics of a command service. Clones share the same state.
/// Create it after the metrics recorder is installed, because it registers its metrics on creation.
#[derive(Clone)]
pub struct CommandState(Arc<Inner>);

struct Inner {
    log: EventLog,
    limits: Arc<Limits>,
    clock: Clock,
    single_flight: SingleFlight,
    metrics: CommandMetrics,
}

impl CommandState {
    /// A service that appends to this log within these limits.
    pub fn new(log: EventLog, limits: Arc<Limits>, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            log,
            limits,
            clock,
            single_flight: SingleFlight::default(),
            metrics: CommandMetrics::new(),
        }))
    }

    pub(crate) fn log(&self) -> &EventLog {
        &self.0.log
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Whether this user is currently a member of the conversation.
    pub(crate) async fn is_member(
        &self,
        conversation: &ConversationId,
        user: &UserId,
    ) -> Result<bool, LogError> {
        let (is_member, _) = self
            .log()
            .conversations()
            .peek(conversation.as_str(), |conversation| {
                conversation.is_member(user)
            })
            .await?;
        Ok(is_member)
    }

    pub(crate) fn single_flight(&self) -> &SingleFlight {
        &self.0.single_flight
    }

    pub(crate) fn metrics(&self) -> &CommandMetrics {
        &self.0.metrics
    }
}
