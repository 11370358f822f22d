//! Senders that continue through every change of the history.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::{Context, Result};
use eventually::eventually;
use tokio::task::JoinSet;

use super::check::{ConfirmedSend, ConfirmedSends};
use crate::chaos::send_until_certain;
use crate::client::Client;

/// How many users send at the same time, half of them through each command service.
pub(super) const SENDERS: usize = 8;

/// How many conversations there are. Each has all senders.
pub(super) const GROUPS: usize = 4;

/// How many sends are acknowledged in each phase of a round.
pub(super) const SENDS_PER_PHASE: usize = 150;

/// The running senders. Those with an even number send through the first command service.
pub(super) struct FailoverLoad {
    stop: Arc<AtomicBool>,
    /// The acknowledged sends through each command service.
    counts: Arc<[AtomicUsize; 2]>,
    senders: JoinSet<Result<ConfirmedSends>>,
}

impl FailoverLoad {
    /// Starts the senders. `user` gives a client for a name and the number of its command service.
    pub(super) fn start(user: impl Fn(&str, usize) -> Client, round: usize) -> Self {
        let mut load = Self {
            stop: Arc::default(),
            counts: Arc::default(),
            senders: JoinSet::new(),
        };
        for number in 0..SENDERS {
            let sender = FailoverSender {
                client: user(&sender_name(number), number % 2),
                service: number % 2,
                round,
            };
            let (stop, counts) = (load.stop.clone(), load.counts.clone());
            load.senders.spawn(sender.run(stop, counts));
        }
        load
    }

    /// How many sends were acknowledged.
    pub(super) fn count(&self) -> usize {
        self.count_of(0) + self.count_of(1)
    }

    /// How many sends were acknowledged by one of the command services.
    pub(super) fn count_of(&self, service: usize) -> usize {
        self.counts[service].load(Ordering::Relaxed)
    }

    /// Waits until so many more sends are acknowledged.
    pub(super) async fn wait_for_more(&self, more: usize) {
        let count = self.count() + more;
        eventually(format!("{count} sends are acknowledged"), async || {
            (self.count() >= count).then_some(())
        })
        .await;
    }

    /// Waits until one of the command services has acknowledged so many more sends.
    pub(super) async fn wait_for_more_of(&self, service: usize, more: usize) {
        let count = self.count_of(service) + more;
        let expected = format!("command service {service} has acknowledged {count} sends");
        eventually(expected, async || {
            (self.count_of(service) >= count).then_some(())
        })
        .await;
    }

    /// Ends the senders, and returns what was acknowledged.
    pub(super) async fn stop(mut self) -> Result<ConfirmedSends> {
        self.stop.store(true, Ordering::Relaxed);
        let mut acked = ConfirmedSends::new();
        while let Some(sender) = self.senders.join_next().await {
            acked.extend(sender.context("a sender failed")??);
        }
        Ok(acked)
    }
}

/// The name of a sender.
pub(super) fn sender_name(number: usize) -> String {
    format!("sender{number}")
}

/// The id of a conversation.
pub(super) fn group_name(number: usize) -> String {
    format!("g{number}")
}

struct FailoverSender {
    client: Client,
    service: usize,
    round: usize,
}

impl FailoverSender {
    async fn run(
        self,
        stop: Arc<AtomicBool>,
        counts: Arc<[AtomicUsize; 2]>,
    ) -> Result<ConfirmedSends> {
        let mut acked = ConfirmedSends::new();
        for n in 0.. {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let conversation = group_name(n % GROUPS);
            let key = format!("{conversation}/{}:{}:{n}", self.client.user(), self.round);
            let (answer, _) = send_until_certain(&self.client, &conversation, &key).await?;
            let send = ConfirmedSend {
                conversation,
                seq: answer.number("seq"),
                position: answer.position(),
            };
            acked.insert(key, send);
            counts[self.service].fetch_add(1, Ordering::Relaxed);
        }
        Ok(acked)
    }
}
