//! The state that all command routes share.

use std::sync::Arc;

use domain::ids::{ConversationId, UserId};
use domain::limits::Limits;
use domain::time::Timestamp;
use event_log::{EventLog, LogError};
use moderation::{LiveRulebook, Rulebook};

use crate::clock::Clock;
use crate::error::CommandError;
use crate::metrics::{CommandKind, CommandMetrics};
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
    rulebook: LiveRulebook,
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
            rulebook: LiveRulebook::default(),
        }))
    }

    /// The rules of the deployment, which a task that follows the log keeps current.
    pub fn live_rulebook(&self) -> &LiveRulebook {
        &self.0.rulebook
    }

    /// The rules of the deployment that count now.
    pub(crate) fn rulebook(&self) -> Arc<Rulebook> {
        self.0.rulebook.current()
    }

    /// Fails if the feature of this kind of command is switched off.
    pub(crate) fn check_switch(&self, kind: CommandKind) -> Result<(), CommandError> {
        let Some(feature) = kind.feature() else {
            return Ok(());
        };
        match self.rulebook().switched_off(feature, self.now()) {
            None => Ok(()),
            Some(retry_after) => Err(CommandError::SwitchedOff {
                feature,
                retry_after,
            }),
        }
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
