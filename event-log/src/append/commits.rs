//! Delivers the commits of this process from memory to subscribers in the same process.
//!
//! This is an optimisation and never complete: commits are dropped when a receiver does not keep
//! up, and commits of other processes are not included. Positions show what is missing, and the log
//! has it.

use std::sync::{Arc, Mutex, PoisonError};

use domain::envelope::Envelope;
use tokio::sync::mpsc;

/// How many commits a receiver may lag behind before it misses some.
pub const FEED_CAPACITY: usize = 1_024;

/// The events of one commit.
pub type CommitBatch = Arc<Vec<Envelope>>;

/// Receives the commits of this process, in order.
pub type CommitReceiver = mpsc::Receiver<CommitBatch>;

/// Sends each commit to all subscribers. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct CommitBroadcaster(Arc<Mutex<Vec<mpsc::Sender<CommitBatch>>>>);

impl CommitBroadcaster {
    /// Adds a subscriber.
    pub fn subscribe(&self) -> CommitReceiver {
        let (sender, receiver) = mpsc::channel(FEED_CAPACITY);
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(sender);
        receiver
    }

    /// Sends a commit to every subscriber that keeps up.
    pub fn publish(&self, events: Vec<Envelope>) {
        let events = Arc::new(events);
        let mut senders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        senders.retain(|sender| !sender.is_closed());
        for sender in &*senders {
            // A full channel drops the commit: the gap makes the receiver read from Postgres.
            let _ = sender.try_send(Arc::clone(&events));
        }
    }
}
