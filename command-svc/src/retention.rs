//! Retention: erases messages that exceed the maximum age for their kind of conversation, or that
//! of the policy of their conversation, in small steps.
//!
//! The age of a message counts from when it was appended to the log, so that imported history is
//! not erased before users have seen it. Messages under a legal hold are left out; when one is
//! lifted, retention begins again at the first message.

use std::collections::BTreeMap;
use std::time::Duration;

use connectivity::OutageLog;
use domain::conversation::event::{ConversationKind, RETENTION_USER};
use domain::deployment::{DEPLOYMENT_ID, Deployment};
use domain::ids::{ConversationId, UserId};
use domain::time::Timestamp;
use event_log::LogError;
use event_log::reader::LogReader;
use log_integrity::erasure::retention::RetentionLock;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::commands::erase::erase_messages;
use crate::conversation_retention::ConversationRetention;
use crate::error::CommandError;
use crate::legal_holds::HeldContentPolicy;
use crate::state::CommandState;

/// Messages that one step examines.
const MAX_MESSAGES_PER_STEP: i64 = 500;

/// The pause after a step that left more to do; limits the rate to 2,500 messages per second.
const STEP_INTERVAL: Duration = Duration::from_millis(200);

/// The pause after a step that left nothing to do.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The maximum age of messages. Without a maximum age, messages are kept forever.
#[derive(Debug, Clone, Copy, Default)]
pub struct RetentionPolicy {
    /// The maximum age in direct conversations.
    pub direct: Option<Duration>,
    /// The maximum age in groups.
    pub groups: Option<Duration>,
}

/// Erases the messages that the retention policy, or the policy of their conversation, no longer
/// permits.
pub struct Retention {
    state: CommandState,
    policy: RetentionPolicy,
    conversations: ConversationRetention,
}

impl Retention {
    /// Creates the retention task for this state and policy.
    pub fn new(state: CommandState, policy: RetentionPolicy) -> Self {
        let conversations = ConversationRetention::new(state.clone());
        Self {
            state,
            policy,
            conversations,
        }
    }

    /// Erases some of the expired messages. Returns whether there may be more.
    pub async fn step(&mut self) -> Result<bool, LogError> {
        let direct = self
            .erase_expired(ConversationKind::Direct, self.policy.direct)
            .await?;
        let groups = self
            .erase_expired(ConversationKind::Group, self.policy.groups)
            .await?;
        let conversations = self.conversations.step().await?;
        Ok(direct || groups || conversations)
    }

    /// Erases some of the expired messages in conversations of this kind.
    async fn erase_expired(
        &self,
        kind: ConversationKind,
        age: Option<Duration>,
    ) -> Result<bool, LogError> {
        let Some(age) = age else {
            return Ok(false);
        };
        let pool = self.state.log().pool();
        let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
        let oldest = Timestamp::from_millis(self.state.now().millis().saturating_sub(age));
        let due = LogReader::new(pool.clone())
            .last_position_before(oldest)
            .await?;
        let deployments = self.state.log().deployments();
        let lifted = deployments.peek(DEPLOYMENT_ID, Deployment::lifted_holds);
        let (lifted, _) = lifted.await?;
        let Some(mut lock) = RetentionLock::acquire(pool, kind, lifted).await? else {
            return Ok(false);
        };
        if due <= lock.position {
            return Ok(false);
        }
        let sent = lock.load_candidates(due, MAX_MESSAGES_PER_STEP).await?;
        let mut seqs: BTreeMap<ConversationId, Vec<i64>> = BTreeMap::new();
        for message in sent.iter().filter(|message| !message.is_erased) {
            let Ok(id) = ConversationId::parse(&message.conversation) else {
                continue;
            };
            if id.is_direct() == (kind == ConversationKind::Direct) {
                seqs.entry(id).or_default().push(message.seq);
            }
        }
        let by =
            UserId::parse(RETENTION_USER).map_err(|invalid| LogError::Corrupt(invalid.0.into()))?;
        for (id, seqs) in &seqs {
            let policy = HeldContentPolicy::Skip;
            match erase_messages(&self.state, id, seqs, false, &by, policy).await {
                Ok(_) => {}
                Err(CommandError::Log(error)) => return Err(error),
                Err(error) => {
                    let message = format!("retention could not erase messages: {}", error.code());
                    return Err(LogError::Unavailable(message));
                }
            }
        }
        let is_full = sent.len() as i64 == MAX_MESSAGES_PER_STEP;
        let reached = sent
            .last()
            .filter(|_| is_full)
            .map_or(due, |last| last.position);
        lock.complete(reached).await?;
        Ok(is_full)
    }
}

/// Erases expired messages until shutdown.
pub async fn run(mut retention: Retention, shutdown: CancellationToken) {
    let outages = OutageLog::new("Retention");
    loop {
        let Some(outcome) = shutdown.run_until_cancelled(retention.step()).await else {
            return;
        };
        let pause = match outages.record(outcome) {
            Ok(true) => STEP_INTERVAL,
            Ok(false) | Err(_) => POLL_INTERVAL,
        };
        if shutdown.run_until_cancelled(sleep(pause)).await.is_none() {
            return;
        }
    }
}
