//! Sends scheduled messages when they are due.
//!
//! Every process with commands follows the log, so it knows what waits (`waiting`). A message is
//! sent once, whatever happens: the send has a receipt whose key derives from the scheduled
//! message, so a second one, by this or by another process, finds the first (`sending`). Only then
//! the mailbox records what became of it; a process that is killed in between does so after its
//! restart. A lock lets one process send at a time, because two of them would repeat each other's
//! work; correctness does not depend on it.

mod sending;
mod waiting;

use std::collections::BTreeMap;
use std::time::Duration;

use access::SharedAccess;
use connectivity::OutageLog;
use connectivity::postgres::JobLock;
use domain::ids::UserId;
use event_log::reader::LogReader;
use event_log::{LogError, ReceiptKey, TypeFollower};
use futures::{StreamExt as _, stream};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::state::CommandState;
use sending::DueMessages;
use waiting::{DueKey, WaitingMessages};

/// Messages that one step sends. Their bodies are in memory at the same time.
const MAX_MESSAGES_PER_STEP: usize = 1_000;

/// Users whose messages are sent at the same time.
const MAX_CONCURRENT_USERS: usize = 512;

/// The pause after a step that sent nothing, and so the longest delay.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// The number of the lock: "schedule" in ASCII.
const LOCK: i64 = 0x7363_6865_6475_6c65;

/// Sends scheduled messages.
pub struct ScheduledSender {
    state: CommandState,
    access: SharedAccess,
    follower: TypeFollower,
    waiting: WaitingMessages,
}

impl ScheduledSender {
    /// Creates the task for this state. `access` knows which users may not send any more.
    pub fn new(state: CommandState, access: SharedAccess) -> Self {
        let reader = LogReader::new(state.log().pool().clone());
        let types = waiting::EVENT_TYPES.map(str::to_owned).into();
        Self {
            state,
            access,
            follower: TypeFollower::new(reader, types),
            waiting: WaitingMessages::default(),
        }
    }

    /// Sends the messages that are due. Returns whether there were any.
    pub async fn step(&mut self) -> Result<bool, LogError> {
        self.follow().await?;
        if self.find_due().is_empty() {
            return Ok(false);
        }
        let Some(lock) = JobLock::acquire(self.state.log().pool(), LOCK).await? else {
            return Ok(false);
        };
        // What the last holder of the lock has sent is no longer due.
        self.follow().await?;
        let due = self.find_due();
        let sent = self.send(due).await;
        lock.release().await;
        Ok(sent? > 0)
    }

    fn find_due(&self) -> Vec<DueKey> {
        self.waiting.due(self.state.now(), MAX_MESSAGES_PER_STEP)
    }

    /// Sends these messages, those of each user in their order. Returns the number of those that
    /// were sent or refused.
    async fn send(&mut self, due: Vec<DueKey>) -> Result<usize, LogError> {
        let by_owner = self.load(due).await?;
        let (state, access) = (&self.state, self.access.view());
        let access = &access;
        let sending = stream::iter(by_owner).map(|(owner, due)| async move {
            let sent = sending::send_for_user(state, access, &owner, due).await;
            (owner, sent)
        });
        let sending = sending.buffer_unordered(MAX_CONCURRENT_USERS);
        let mut count = 0;
        for (owner, sent) in sending.collect::<Vec<_>>().await {
            match sent {
                Ok(sent) => count += sent,
                // What cannot be read must not keep the messages of others from being sent.
                Err(LogError::Corrupt(reason)) => {
                    let user = owner.as_str();
                    tracing::error!(user, reason, "passed over the scheduled messages of a user");
                    self.waiting.pass_over(&owner);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(count)
    }

    /// Loads what is known of these messages: the receipts of those that were sent, and the content
    /// of the others.
    async fn load(&self, due: Vec<DueKey>) -> Result<BTreeMap<UserId, DueMessages>, LogError> {
        let keys: Vec<ReceiptKey> = due.iter().map(sending::receipt_key).collect();
        let mut receipts = self.state.log().find_receipts(&keys).await?;
        let unsent = due.iter().zip(&keys);
        let unsent = unsent.filter(|(_, key)| !receipts.contains_key(key));
        let unsent = unsent.map(|(due, _)| (due.owner.clone(), due.number));
        let unsent: Vec<(UserId, i64)> = unsent.collect();
        let mailboxes = self.state.log().mailboxes();
        let mut contents = mailboxes.load_scheduled(&unsent).await?;
        let mut by_owner: BTreeMap<UserId, DueMessages> = BTreeMap::new();
        for (due, key) in due.into_iter().zip(keys) {
            let messages = by_owner.entry(due.owner.clone()).or_default();
            if let Some(receipt) = receipts.remove(&key) {
                messages.sent.push((due, receipt));
            } else if let Some(content) = contents.remove(&(due.owner.clone(), due.number)) {
                messages.unsent.push((due, content));
            }
        }
        Ok(by_owner)
    }

    /// Reads what the log says since the last step.
    async fn follow(&mut self) -> Result<(), LogError> {
        loop {
            let found = self.follower.step().await?;
            if found.restarted {
                self.waiting = WaitingMessages::default();
            }
            for event in &found.events {
                if let Err(error) = self.waiting.fold(event) {
                    let position = event.position;
                    tracing::warn!(position, %error, "passed over a scheduled message");
                }
            }
            if found.is_current {
                return Ok(());
            }
        }
    }
}

/// Sends scheduled messages until shutdown.
pub async fn run(mut sender: ScheduledSender, shutdown: CancellationToken) {
    let outages = OutageLog::new("The sender of scheduled messages");
    loop {
        let Some(outcome) = shutdown.run_until_cancelled(sender.step()).await else {
            return;
        };
        let has_sent = matches!(outages.record(outcome), Ok(true));
        let pause = if has_sent {
            Duration::ZERO
        } else {
            POLL_INTERVAL
        };
        if shutdown.run_until_cancelled(sleep(pause)).await.is_none() {
            return;
        }
    }
}
