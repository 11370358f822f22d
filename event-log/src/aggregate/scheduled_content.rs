//! Loads the events and the content of scheduled and held messages, which the state of a mailbox
//! does not have.

use std::collections::HashMap;

use domain::event::EventFamily;
use domain::ids::UserId;
use domain::mailbox::event::MailboxEvent;
use domain::mailbox::{Mailbox, ScheduledContent};

use super::locked_aggregate::LockedAggregate;
use super::store::AggregateStore;
use crate::append::request::AppendError;
use crate::error::LogError;

/// Owner, number, type, version, data and actor of an event.
type ScheduledEventRow = (String, i64, String, i16, Vec<u8>, Option<String>);

/// The events of one message, each with its actor.
type EventsWithActors = Vec<(MailboxEvent, Option<UserId>)>;

impl LockedAggregate<Mailbox> {
    /// Loads the events of this scheduled or held message from the log, oldest first. Empty if this
    /// aggregate has become invalid in the meantime.
    pub async fn load_waiting_events(&self, number: i64) -> Result<Vec<MailboxEvent>, LogError> {
        match self.wait_until_durable().await {
            Ok(()) => {}
            Err(AppendError::Log(failed)) => return Err(failed),
            Err(AppendError::Conflict | AppendError::DuplicateKey(_)) => return Ok(Vec::new()),
        }
        let rows: Vec<(String, i16, Vec<u8>)> = sqlx::query_as(
            "SELECT event_type, event_version, payload FROM log.events
             WHERE stream = $1 AND message = $2 AND event_type <> 'message_sent'
             ORDER BY position",
        )
        .bind(self.revision().stream_id())
        .bind(number)
        .fetch_all(&self.store().pool)
        .await?;
        let events = rows.into_iter();
        let events = events.map(|(name, version, data)| decode(&name, version, &data));
        events.collect()
    }
}

impl AggregateStore<Mailbox> {
    /// Loads the content of these scheduled messages, named by owner and number, as it is in the
    /// log now. An append that depends on it must observe the mailbox.
    pub async fn load_scheduled(
        &self,
        messages: &[(UserId, i64)],
    ) -> Result<HashMap<(UserId, i64), ScheduledContent>, LogError> {
        if messages.is_empty() {
            return Ok(HashMap::new());
        }
        let owners = messages.iter().map(|(owner, _)| owner.as_str());
        let numbers = messages.iter().map(|(_, number)| *number);
        let rows: Vec<ScheduledEventRow> = sqlx::query_as(
            "SELECT n.owner, e.message, e.event_type, e.event_version, e.payload, e.actor
             FROM unnest($1::text[], $2::bigint[]) AS n(owner, number)
             JOIN log.streams s ON s.aggregate_type = 'mailbox' AND s.aggregate_id = n.owner
             CROSS JOIN LATERAL (
                 SELECT e.position, e.message, e.event_type, e.event_version, e.payload, e.actor
                 FROM log.events e
                 WHERE e.stream = s.id AND e.message = n.number AND e.event_type <> 'message_sent') e
             ORDER BY e.position",
        )
        .bind(owners.collect::<Vec<_>>())
        .bind(numbers.collect::<Vec<_>>())
        .fetch_all(&self.pool)
        .await?;
        let mut events: HashMap<(String, i64), EventsWithActors> =
            HashMap::with_capacity(messages.len());
        for (owner, number, name, version, data, actor) in rows {
            let actor = actor.map(|actor| UserId::parse(&actor)).transpose();
            let actor = actor.map_err(|invalid| LogError::Corrupt(invalid.to_string()))?;
            let event = decode(&name, version, &data)?;
            events
                .entry((owner, number))
                .or_default()
                .push((event, actor));
        }
        let content = |(owner, number): &(UserId, i64)| {
            let events = events.remove(&(owner.to_string(), *number))?;
            let content = ScheduledContent::fold(events)?;
            Some(((owner.clone(), *number), content))
        };
        Ok(messages.iter().filter_map(content).collect())
    }
}

fn decode(name: &str, version: i16, data: &[u8]) -> Result<MailboxEvent, LogError> {
    MailboxEvent::decode(name, version, data).map_err(|error| LogError::Corrupt(error.to_string()))
}
