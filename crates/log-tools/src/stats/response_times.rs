//! How long a conversation waits until somebody else writes.

use std::collections::HashMap;

use domain::time::Timestamp;
use serde::Serialize;

/// Buckets for each doubling of the time: a bucket is 9 % wide.
const BUCKETS_PER_DOUBLING: f64 = 8.0;

/// A response within this time is counted as prompt: five minutes.
const PROMPT_MILLIS: u64 = 5 * 60 * 1_000;

/// The times between a message and the next one of somebody else in the same conversation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ResponseTimes {
    /// The number of responses.
    pub count: u64,
    /// Half of the responses took at most so long, in seconds; within 5 %.
    pub median_seconds: f64,
    /// Nine of ten responses took at most so long, in seconds; within 5 %.
    pub p90_seconds: f64,
    /// The number of responses within five minutes.
    pub within_five_minutes: u64,
}

/// Measures response times.
#[derive(Default)]
pub struct ResponseTracker {
    /// The last message of each conversation: who sent it, and when.
    last_messages: HashMap<String, (String, Timestamp)>,
    /// The number of responses by time, on a logarithmic scale.
    buckets: Vec<u64>,
    /// The number of responses within five minutes.
    prompt: u64,
}

impl ResponseTracker {
    /// Adds the next message of a conversation. A time before that of the last message, as imports
    /// of several files can have, is none.
    pub fn add_message(&mut self, conversation: &str, sender: &str, sent_at: Timestamp) {
        let Some((last_sender, last_sent_at)) = self.last_messages.get_mut(conversation) else {
            let last = (sender.to_owned(), sent_at);
            self.last_messages.insert(conversation.to_owned(), last);
            return;
        };
        let elapsed = sent_at.millis() - last_sent_at.millis();
        *last_sent_at = sent_at;
        if last_sender != sender {
            sender.clone_into(last_sender);
            if let Ok(millis) = u64::try_from(elapsed) {
                self.add(millis);
            }
        }
    }

    fn add(&mut self, millis: u64) {
        let bucket = ((millis as f64 + 1.0).log2() * BUCKETS_PER_DOUBLING) as usize;
        if self.buckets.len() <= bucket {
            self.buckets.resize(bucket + 1, 0);
        }
        self.buckets[bucket] += 1;
        self.prompt += u64::from(millis <= PROMPT_MILLIS);
    }

    /// The times so far; `None` if there was no response.
    pub fn to_response_times(&self) -> Option<ResponseTimes> {
        let count = self.buckets.iter().sum();
        (count > 0).then(|| ResponseTimes {
            count,
            median_seconds: self.quantile_seconds(count, 0.5),
            p90_seconds: self.quantile_seconds(count, 0.9),
            within_five_minutes: self.prompt,
        })
    }

    /// The middle of the bucket that has the response at this share of all.
    fn quantile_seconds(&self, count: u64, share: f64) -> f64 {
        let rank = (count as f64 * share).ceil() as u64;
        let mut seen = 0;
        let bucket = self.buckets.iter().position(|responses| {
            seen += responses;
            seen >= rank
        });
        let middle = bucket.unwrap_or(0) as f64 + 0.5;
        let millis = (middle / BUCKETS_PER_DOUBLING).exp2() - 1.0;
        // A tenth of a second is precise enough to read.
        (millis / 100.0).round() / 10.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_the_next_message_of_somebody_else() {
        let mut tracker = ResponseTracker::default();
        assert_eq!(tracker.to_response_times(), None);
        let at = |second: i64| Timestamp::from_millis(second * 1_000);
        // In one conversation bob answers after 10 s and 301 s, and ann after 60 s; in the other
        // nobody does.
        for (conversation, sender, second) in [
            ("a", "ann", 0),
            ("b", "ann", 1),
            ("a", "ann", 20),
            ("a", "bob", 30),
            ("b", "ann", 40),
            ("a", "ann", 90),
            // Later than five minutes.
            ("a", "bob", 391),
            // Imported later.
            ("a", "ann", 5),
        ] {
            tracker.add_message(conversation, sender, at(second));
        }
        let times = tracker.to_response_times().expect("three responses");
        assert_eq!((times.count, times.within_five_minutes), (3, 2));
        assert!((times.median_seconds - 60.0).abs() < 3.0, "{times:?}");
        assert!((times.p90_seconds - 301.0).abs() < 15.0, "{times:?}");
    }

    #[test]
    fn every_duration_has_a_bucket() {
        let mut tracker = ResponseTracker::default();
        for millis in [0, 1, i64::MAX.unsigned_abs()] {
            tracker.add(millis);
        }
        let times = tracker.to_response_times().expect("three responses");
        assert_eq!((times.count, times.median_seconds), (3, 0.0));
    }
}
