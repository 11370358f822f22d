//! What the routes share.

use std::sync::Arc;

use domain::limits::Limits;
use domain::time::Timestamp;
use event_log::EventLog;

use crate::clock::Clock;
use crate::flights::Flights;
use crate::meters::Meters;

/// The log, the bounds, the limiter and the clock of a command service. A clone is a handle to the
/// same. Make it after the recorder of metrics is installed: handles are made here.
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
    /// A service that appends to this log, within these bounds.
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
