//! Retention of conversations whose policy has `retention_days`: erases their older messages, in
//! small steps.

use std::collections::BTreeMap;

use domain::conversation::event::{ConversationEvent, RETENTION_USER};
use domain::conversation::settings::RetentionDays;
use domain::deployment::{DEPLOYMENT_ID, Deployment};
use domain::envelope::Envelope;
use domain::event::EventFamily as _;
use domain::ids::{ConversationId, UserId};
use domain::time::Timestamp;
use event_log::reader::LogReader;
use event_log::{LogError, TypeFollower};
use log_integrity::erasure::conversation_retention::ConversationRetentionLock;

use crate::commands::erase::erase_messages;
use crate::error::CommandError;
use crate::legal_holds::HeldContentPolicy;
use crate::state::CommandState;

/// Conversations that one step examines.
const MAX_CONVERSATIONS_PER_STEP: usize = 100;

/// Events that one step examines in each of them.
const MAX_EVENTS_PER_CONVERSATION: i64 = 500;

/// The event that sets the maximum age.
const POLICY_CHANGED: &str = "conversation_policy_changed";

/// Erases the messages that the policies of their conversations no longer permit.
pub(crate) struct ConversationRetention {
    state: CommandState,
    follower: TypeFollower,
    /// The maximum age in each conversation that has one.
    ages: BTreeMap<ConversationId, RetentionDays>,
    /// The last conversation that was examined; the next step continues after it.
    last: Option<ConversationId>,
}

impl ConversationRetention {
    pub(crate) fn new(state: CommandState) -> Self {
        let reader = LogReader::new(state.log().pool().clone());
        Self {
            state,
            follower: TypeFollower::new(reader, vec![POLICY_CHANGED.to_owned()]),
            ages: BTreeMap::new(),
            last: None,
        }
    }

    /// Erases some of the expired messages. Returns whether there may be more.
    pub(crate) async fn step(&mut self) -> Result<bool, LogError> {
        let is_current = self.follow().await?;
        let (batch, is_last) = self.next_batch();
        let has_found = self.erase_expired(&batch).await?;
        Ok(has_found || !is_last || !is_current)
    }

    /// Learns of changed policies. Returns whether that was all of them.
    async fn follow(&mut self) -> Result<bool, LogError> {
        let followed = self.follower.step().await?;
        if followed.restarted {
            self.ages.clear();
        }
        for event in &followed.events {
            self.apply(event);
        }
        Ok(followed.is_current)
    }

    fn apply(&mut self, event: &Envelope) {
        let data = event.data.get().as_bytes();
        let Ok(ConversationEvent::ConversationPolicyChanged(changed)) =
            ConversationEvent::decode(&event.event_type, event.version, data)
        else {
            return;
        };
        let Ok(id) = ConversationId::parse(&event.aggregate_id) else {
            return;
        };
        match changed.policy.retention_days {
            Some(days) => self.ages.insert(id, days),
            None => self.ages.remove(&id),
        };
    }

    /// The next conversations, with their ages, and whether they are the last ones of a round.
    fn next_batch(&mut self) -> (Vec<(ConversationId, RetentionDays)>, bool) {
        let rest = self
            .ages
            .iter()
            .filter(|(id, _)| self.last.as_ref().is_none_or(|last| *id > last));
        let batch: Vec<_> = rest
            .take(MAX_CONVERSATIONS_PER_STEP)
            .map(|(id, days)| (id.clone(), *days))
            .collect();
        let is_last = batch.len() < MAX_CONVERSATIONS_PER_STEP;
        let end = batch.last().map(|(id, _)| id.clone());
        self.last = end.filter(|_| !is_last);
        (batch, is_last)
    }

    async fn erase_expired(
        &self,
        batch: &[(ConversationId, RetentionDays)],
    ) -> Result<bool, LogError> {
        if batch.is_empty() {
            return Ok(false);
        }
        let pool = self.state.log().pool();
        let due = self.find_due_positions(batch).await?;
        let deployments = self.state.log().deployments();
        let lifted = deployments.peek(DEPLOYMENT_ID, Deployment::lifted_holds);
        let (lifted, _) = lifted.await?;
        let Some(mut lock) = ConversationRetentionLock::acquire(pool, lifted).await? else {
            return Ok(false);
        };
        let ids: Vec<&str> = batch.iter().map(|(id, _)| id.as_str()).collect();
        let expired = lock
            .load_expired(&ids, &due, MAX_EVENTS_PER_CONVERSATION)
            .await?;
        if expired.is_empty() {
            return Ok(false);
        }
        let by =
            UserId::parse(RETENTION_USER).map_err(|invalid| LogError::Corrupt(invalid.0.into()))?;
        for found in expired.iter().filter(|found| !found.seqs.is_empty()) {
            let Ok(id) = ConversationId::parse(&found.conversation) else {
                continue;
            };
            let policy = HeldContentPolicy::Skip;
            match erase_messages(&self.state, &id, &found.seqs, false, &by, policy).await {
                Ok(_) => {}
                Err(CommandError::Log(error)) => return Err(error),
                Err(error) => {
                    let message = format!("retention could not erase messages: {}", error.code());
                    return Err(LogError::Unavailable(message));
                }
            }
        }
        lock.complete(&expired).await?;
        Ok(true)
    }

    /// The last position before which the events of each conversation are too old.
    async fn find_due_positions(
        &self,
        batch: &[(ConversationId, RetentionDays)],
    ) -> Result<Vec<i64>, LogError> {
        let reader = LogReader::new(self.state.log().pool().clone());
        let now = self.state.now().millis();
        let mut by_age = BTreeMap::new();
        let mut due = Vec::with_capacity(batch.len());
        for (_, days) in batch {
            let age = days.millis();
            let position = if let Some(position) = by_age.get(&age) {
                *position
            } else {
                let oldest = Timestamp::from_millis(now.saturating_sub(age));
                reader.last_position_before(oldest).await?
            };
            by_age.insert(age, position);
            due.push(position);
        }
        Ok(due)
    }
}
