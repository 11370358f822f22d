//! A locked aggregate: its newest state, to decide on and to append to.

use std::sync::Arc;

use domain::envelope::Envelope;
use domain::event::EventFamily;
use domain::time::Timestamp;
use serde_json::value::RawValue;
use tokio::sync::OwnedSemaphorePermit;

use crate::Failed;
use crate::append::{Append, NotAppended, Ticket};
use crate::queue::{Held, Row, Rows, Stamp};
use crate::recorded::Recorded;
use crate::store::{Guard, Slot, Store, Stored};

/// An aggregate at its newest state, locked exclusively.
pub struct Locked<A: Stored> {
    pub(crate) id: String,
    pub(crate) loaded: Guard<A>,
    pub(crate) slot: Arc<Slot<A>>,
    pub(crate) permit: Arc<OwnedSemaphorePermit>,
    pub(crate) store: Arc<Store<A>>,
}

impl<A: Stored> Locked<A> {
    /// The store of this aggregate.
    pub fn store(&self) -> &Arc<Store<A>> {
        &self.store
    }

    /// The id of the aggregate.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The newest state, durable or not.
    pub fn state(&self) -> &A {
        &self.loaded.state
    }

    /// The newest sequence, 0 if there is none.
    pub fn sequence(&self) -> i64 {
        self.loaded.stamp.sequence()
    }

    pub(crate) fn stamp(&self) -> &Arc<Stamp> {
        &self.loaded.stamp
    }

    fn kept(&self) -> Held {
        Held {
            _slot: self.slot.clone(),
            _permit: self.permit.clone(),
        }
    }

    /// Waits until this state is durable.
    pub(crate) async fn settled(&self) -> Result<(), NotAppended> {
        self.store
            .queue
            .push(self.stamp(), Rows::default(), self.kept())
            .done()
            .await
            .map(|_| ())
    }

    /// Queues the events, applies them to the state and unlocks the aggregate, without waiting.
    /// Queued events are appended even if the ticket is dropped.
    pub fn append(mut self, append: Append<A::Event>) -> Ticket {
        let rows = match self.rows(&append.events) {
            Ok(rows) => rows,
            Err(error) => return Ticket::turned_away(NotAppended::Failed(error)),
        };
        let rows = Rows {
            events: rows,
            receipts: append.receipts,
            observed: append.observed,
        };
        let before = self.sequence();
        let ticket = self.store.queue.push(self.stamp(), rows, self.kept());
        if ticket.is_queued() {
            for event in append.events {
                self.loaded.state.apply(event);
            }
            self.store.weigh(&self.id, &self.slot, &self.loaded.state);
            let now = self.sequence();
            if self.store.snapshots.is_due(before, now) {
                self.store
                    .snapshots
                    .take(&self.id, &self.loaded.state, self.stamp(), now);
            }
        }
        ticket
    }

    fn rows(&self, events: &[A::Event]) -> Result<Vec<Row>, Failed> {
        let aggregate = <A::Event as Recorded>::AGGREGATE;
        let mut sequence = self.sequence();
        events
            .iter()
            .map(|event| {
                sequence += 1;
                let encoding_error = |error: &dyn std::fmt::Display| {
                    Failed::Corrupt(format!("{} cannot be encoded: {error}", event.name()))
                };
                let data = String::from_utf8(event.encode().map_err(|error| encoding_error(&error))?)
                    .map_err(|error| encoding_error(&error))?;
                let envelope = Envelope {
                    position: 0,
                    aggregate,
                    aggregate_id: self.id.clone(),
                    sequence,
                    event_type: event.name().to_owned(),
                    version: event.version(),
                    time: Timestamp::default(),
                    data: RawValue::from_string(data).map_err(|error| encoding_error(&error))?,
                };
                Ok(Row {
                    envelope,
                    message: event.message(),
                })
            })
            .collect()
    }
}
