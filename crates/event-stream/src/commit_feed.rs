//! The commit feed: follows the commits of this process, which [`event_log::commits`] delivers from
//! memory, as long as it misses none.

use std::time::Duration;

use domain::envelope::Envelope;
use event_log::EventLog;
use event_log::commits::{CommitBatch, CommitReceiver};
use tokio::sync::mpsc::error::TryRecvError;
use tokio::time::{Instant, timeout_at};

/// How long the feed stays unused after it has missed events, doubled each time up to the maximum.
/// Misses mean that other processes append too; the stream has the events of all of them.
const MIN_BACKOFF: Duration = Duration::from_secs(1);
const MAX_BACKOFF: Duration = Duration::from_secs(600);

/// One subscription to the commits of a log in the same process.
#[derive(Debug)]
pub struct CommitFeed {
    commits: CommitReceiver,
    /// A commit that has been delivered only in part.
    remainder: Option<CommitBatch>,
    active_at: Instant,
    backoff: Duration,
}

impl CommitFeed {
    /// Subscribes to the commits of a log from now on.
    pub fn subscribe(log: &EventLog) -> Self {
        Self::new(log.subscribe_commits())
    }

    fn new(commits: CommitReceiver) -> Self {
        Self {
            commits,
            remainder: None,
            active_at: Instant::now(),
            backoff: MIN_BACKOFF,
        }
    }

    /// The feed, if it is not backing off. While it is, its commits are discarded.
    pub(crate) fn if_active(&mut self) -> Option<&mut Self> {
        if Instant::now() >= self.active_at {
            return Some(self);
        }
        self.remainder = None;
        while self.commits.try_recv().is_ok() {}
        None
    }

    /// Disables the feed for a while, because it has missed events.
    pub(crate) fn back_off(&mut self) {
        if self.active_at.elapsed() > self.backoff {
            self.backoff = MIN_BACKOFF;
        }
        self.active_at = Instant::now() + self.backoff;
        self.backoff = (self.backoff * 2).min(MAX_BACKOFF);
    }

    /// Returns the events that follow a position, at most `limit`. Empty if none arrive before the
    /// deadline; `None` if the events that arrive do not follow the position.
    pub(crate) async fn next(
        &mut self,
        position: i64,
        limit: usize,
        deadline: Instant,
    ) -> Option<Vec<Envelope>> {
        let mut events: Vec<Envelope> = Vec::new();
        while events.len() < limit {
            let commit = match self.remainder.take() {
                Some(commit) => commit,
                None => match self.commits.try_recv() {
                    Ok(commit) => commit,
                    Err(TryRecvError::Empty) if events.is_empty() => {
                        match timeout_at(deadline, self.commits.recv()).await {
                            Ok(commit) => commit?,
                            Err(_) => break,
                        }
                    }
                    Err(_) => break,
                },
            };
            let due = position + 1 + events.len() as i64;
            let first = commit.first().map_or(due, |event| event.position);
            if first > due {
                self.remainder = Some(commit);
                return Some(events).filter(|events| !events.is_empty());
            }
            let known = usize::try_from(due - first).unwrap_or(usize::MAX);
            let fresh = commit.get(known..).unwrap_or_default();
            let taken = fresh.len().min(limit - events.len());
            events.extend_from_slice(&fresh[..taken]);
            if taken < fresh.len() {
                self.remainder = Some(commit);
            }
        }
        Some(events)
    }
}

#[cfg(test)]
mod tests {
    use domain::envelope::AggregateKind;
    use domain::time::Timestamp;
    use event_log::commits::{CommitBroadcaster, FEED_CAPACITY};

    use super::*;

    fn commit(positions: std::ops::RangeInclusive<i64>) -> Vec<Envelope> {
        let time = Timestamp::from_millis(1_800_000_000_000);
        let event = |position| Envelope {
            position,
            tag: None,
            aggregate: AggregateKind::Conversation,
            aggregate_id: "c1".to_owned(),
            sequence: position,
            event_type: "message_sent".to_owned(),
            version: 1,
            time,
            actor: None,
            traceparent: None,
            data: serde_json::value::RawValue::NULL.to_owned(),
        };
        positions.map(event).collect()
    }

    async fn next(feed: &mut CommitFeed, position: i64, limit: usize) -> Option<Vec<i64>> {
        let events = feed.next(position, limit, Instant::now()).await?;
        Some(events.iter().map(|event| event.position).collect())
    }

    #[tokio::test]
    async fn commits_follow_each_other_whatever_the_limit() {
        let feeds = CommitBroadcaster::default();
        let mut feed = CommitFeed::new(feeds.subscribe());
        assert_eq!(next(&mut feed, 0, 10).await, Some(vec![]));
        feeds.publish(commit(1..=3));
        feeds.publish(commit(4..=4));
        feeds.publish(commit(5..=7));
        assert_eq!(next(&mut feed, 1, 4).await, Some(vec![2, 3, 4, 5]));
        assert_eq!(next(&mut feed, 5, 4).await, Some(vec![6, 7]));
        assert_eq!(next(&mut feed, 7, 4).await, Some(vec![]));
    }

    #[tokio::test]
    async fn commits_of_other_processes_show_as_a_gap() {
        let feeds = CommitBroadcaster::default();
        let mut feed = CommitFeed::new(feeds.subscribe());
        feeds.publish(commit(1..=2));
        feeds.publish(commit(4..=5));
        assert_eq!(next(&mut feed, 0, 10).await, Some(vec![1, 2]));
        assert_eq!(next(&mut feed, 2, 10).await, None);
        assert_eq!(next(&mut feed, 3, 10).await, Some(vec![4, 5]));
    }

    #[tokio::test]
    async fn a_slow_receiver_misses_commits_without_affecting_the_others() {
        let feeds = CommitBroadcaster::default();
        let mut slow = CommitFeed::new(feeds.subscribe());
        let mut quick = CommitFeed::new(feeds.subscribe());
        let last = FEED_CAPACITY as i64 + 1;
        for position in 1..=last {
            feeds.publish(commit(position..=position));
            let got = next(&mut quick, position - 1, 10).await;
            assert_eq!(got, Some(vec![position]));
        }
        let got = next(&mut slow, 0, FEED_CAPACITY * 2)
            .await
            .expect("the first");
        assert_eq!(got.len(), FEED_CAPACITY);
        drop(quick);
        feeds.publish(commit(last + 1..=last + 1));
        assert_eq!(next(&mut slow, FEED_CAPACITY as i64, 10).await, None);
    }
}
