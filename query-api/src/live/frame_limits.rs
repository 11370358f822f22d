//! Limits on what a client sends over a WebSocket: frames per second, and typing notifications.

use std::collections::HashMap;
use std::time::Duration;

use domain::ids::ConversationId;
use tokio::time::Instant;

/// How many frames a client may send in a second, on average.
const MAX_FRAMES_PER_SECOND: u32 = 20;

/// How many frames a client may send at once after a pause. A client that comes back online may
/// acknowledge many entries one by one.
const MAX_FRAME_BURST: u32 = 100;

/// How often typing in one conversation is forwarded. Clients show it for a few seconds.
const TYPING_INTERVAL: Duration = Duration::from_secs(3);

/// The rate limit of the frames of one connection (GCRA).
#[derive(Debug, Default)]
pub struct FrameLimiter {
    /// The time until which the frames so far use up the rate; `None` before the first frame.
    paid_until: Option<Instant>,
}

impl FrameLimiter {
    /// Counts a frame. Returns false if there were too many.
    pub fn admit(&mut self, now: Instant) -> bool {
        let interval = Duration::from_secs(1) / MAX_FRAMES_PER_SECOND;
        let paid_until = self.paid_until.map_or(now, |paid| paid.max(now)) + interval;
        if paid_until - now > interval * MAX_FRAME_BURST {
            return false;
        }
        self.paid_until = Some(paid_until);
        true
    }
}

/// Drops typing notifications that repeat an earlier one of the same conversation too soon, before
/// they cost a statement. The limit on frames bounds the number of conversations.
#[derive(Debug, Default)]
pub struct TypingThrottle {
    forwarded_at: HashMap<ConversationId, Instant>,
}

impl TypingThrottle {
    /// Whether to forward a notification now.
    pub fn admit(&mut self, conversation: &ConversationId, now: Instant) -> bool {
        self.forwarded_at
            .retain(|_, at| now.duration_since(*at) < TYPING_INTERVAL);
        if self.forwarded_at.contains_key(conversation) {
            return false;
        }
        self.forwarded_at.insert(conversation.clone(), now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_of_frames_is_admitted_and_then_the_rate() {
        let (mut frames, start) = (FrameLimiter::default(), Instant::now());
        let mut admitted = |at: Duration, offered: u32| {
            let admitted = (0..offered).filter(|_| frames.admit(start + at));
            admitted.count()
        };
        assert_eq!(admitted(Duration::ZERO, 500), MAX_FRAME_BURST as usize);
        for second in 1..=3 {
            let count = admitted(Duration::from_secs(second), 500);
            assert_eq!(count, MAX_FRAMES_PER_SECOND as usize, "in second {second}");
        }
        // After a pause, the burst is available again.
        let after_pause = admitted(Duration::from_secs(60), 500);
        assert_eq!(after_pause, MAX_FRAME_BURST as usize);
    }

    #[test]
    fn typing_is_forwarded_once_in_three_seconds_and_conversation() {
        let (mut typing, start) = (TypingThrottle::default(), Instant::now());
        let [one, other] = ["one", "other"].map(|id| ConversationId::parse(id).unwrap());
        assert!(typing.admit(&one, start));
        assert!(typing.admit(&other, start + Duration::from_secs(1)));
        for millis in (0..3_000).step_by(50) {
            assert!(!typing.admit(&one, start + Duration::from_millis(millis)));
        }
        assert!(typing.admit(&one, start + TYPING_INTERVAL));
        assert!(!typing.admit(&other, start + TYPING_INTERVAL));
        // Conversations are forgotten, so the memory of a connection is bounded.
        assert!(typing.admit(&one, start + Duration::from_secs(60)));
        assert_eq!(typing.forwarded_at.len(), 1);
    }
}
