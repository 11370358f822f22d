//! The state that all command routes share.

use std::sync::Arc;

use domain::limits::Limits;
use domain::time::Timestamp;
use event_log::EventLog;

use crate::clock::Clock;
use crate::flights::Flights;
use crate::meters::Meters;

/// The event log, limits, clock and metrics of a command service. Clones share the same state.
/// Create it after the metrics recorder is installed, because it registers its metrics on creation.
#[derive(Clone)]
pub struct CommandState(Arc<Shared>);

struct Shared {
    log: EventLog,
    limits: Arc<Limits>,
    clock: Clock,
    flights: Flights,
    meters: Meters,
}

impl CommandState {
    /// A service that appends to this log within these limits.
    pub fn new(log: EventLog, limits: Arc<Limits>, clock: Clock) -> Self {
        Self(Arc::new(Shared {
            log,
            limits,
            clock,
            flights: Flights::default(),
            meters: Meters::new(),
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

    pub(crate) fn flights(&self) -> &Flights {
        &self.0.flights
    }

    pub(crate) fn meters(&self) -> &Meters {
        &self.0.meters
    }
}
