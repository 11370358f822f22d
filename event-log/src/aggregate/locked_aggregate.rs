//! A locked aggregate: its newest state, to decide on and to append to.

use std::sync::Arc;

use domain::envelope::Envelope;
use domain::event::EventFamily;
use domain::ids::UserId;
use domain::time::Timestamp;
use tokio::sync::OwnedSemaphorePermit;

use super::cached_aggregate::CachedAggregate;
use super::logged_event::LoggedEvent;
use super::slot::{Slot, SlotGuard};
use super::store::AggregateStore;
use crate::append::queue::{EventRow, KeepAlive, PreparedAppend};
use crate::append::request::{AppendError, AppendRequest, AppendTicket};
use crate::append::revision::Revision;
use crate::error::LogError;

/// An aggregate at its newest state, locked exclusively.
pub struct LockedAggregate<A: CachedAggregate> {
    id: String,
    guard: SlotGuard<A>,
    slot: Arc<Slot<A>>,
    permit: Arc<OwnedSemaphorePermit>,
    store: Arc<AggregateStore<A>>,
}

impl<A: CachedAggregate> AggregateStore<A> {
    /// Locks an aggregate at its newest state, exclusively until the result is dropped or appended
    /// to. An aggregate without events has the default state.
    pub async fn lock(self: &Arc<Self>, id: &str) -> Result<LockedAggregate<A>, LogError> {
        let permit = self.queue.reserve().await?;
        let slot = self.get_or_insert_slot(id);
        let guard = self.lock_slot(id, &slot).await?;
        Ok(LockedAggregate {
            id: id.to_owned(),
            guard,
            slot,
            permit,
            store: self.clone(),
        })
    }
}

impl<A: CachedAggregate> LockedAggregate<A> {
    /// The store of this aggregate.
    pub fn store(&self) -> &Arc<AggregateStore<A>> {
        &self.store
    }

    /// The id of the aggregate.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The newest state, durable or not.
    pub fn state(&self) -> &A {
        &self.guard.state
    }

    /// The newest sequence, 0 if there is none.
    pub fn sequence(&self) -> i64 {
        self.guard.revision.sequence()
    }

    pub(crate) fn revision(&self) -> &Arc<Revision> {
        &self.guard.revision
    }

    fn keep_alive(&self) -> KeepAlive {
        KeepAlive {
            _slot: self.slot.clone(),
            _permit: self.permit.clone(),
        }
    }

    /// Waits until this state is durable.
    pub(crate) async fn wait_until_durable(&self) -> Result<(), AppendError> {
        self.store
            .queue
            .push(
                self.revision(),
                PreparedAppend::default(),
                self.keep_alive(),
            )
            .wait()
            .await
            .map(|_| ())
    }

    /// Queues the events, applies them to the state and unlocks the aggregate, without waiting.
    /// Queued events are appended even if the ticket is dropped.
    pub fn append(mut self, append: AppendRequest<A::Event>) -> AppendTicket {
        let rows = match self.build_rows(&append.events, append.actor.as_ref()) {
            Ok(rows) => rows,
            Err(error) => return AppendTicket::rejected(AppendError::Log(error)),
        };
        let rows = PreparedAppend {
            rows,
            receipts: append.receipts,
            observations: append.observations,
        };
        let before = self.sequence();
        let ticket = self
            .store
            .queue
            .push(self.revision(), rows, self.keep_alive());
        if ticket.is_queued() {
            for event in append.events {
                self.guard.state.apply(event);
            }
            self.store
                .update_weight(&self.id, &self.slot, &self.guard.state);
            let now = self.sequence();
            if self.store.snapshots.is_due(before, now) {
                self.store
                    .snapshots
                    .schedule(&self.id, &self.guard.state, self.revision(), now);
            }
        }
        ticket
    }

    fn build_rows(
        &self,
        events: &[A::Event],
        actor: Option<&UserId>,
    ) -> Result<Vec<EventRow>, LogError> {
        let aggregate = <A::Event as LoggedEvent>::AGGREGATE_KIND;
        let mut sequence = self.sequence();
        let traceparent = traces::current_traceparent();
        events
            .iter()
            .map(|event| {
                sequence += 1;
                let data = event.encode().map_err(|error| {
                    LogError::Corrupt(format!("{} cannot be encoded: {error}", event.name()))
                })?;
                let envelope = Envelope {
                    position: 0,
                    tag: None,
                    aggregate,
                    aggregate_id: self.id.clone(),
                    sequence,
                    event_type: event.name().to_owned(),
                    version: event.version(),
                    time: Timestamp::default(),
                    actor: actor.map(ToString::to_string),
                    traceparent: traceparent.clone(),
                    data,
                };
                Ok(EventRow {
                    envelope,
                    message_seq: event.message_seq(),
                })
            })
            .collect()
    }
}
