//! Limits on what a client sends over a WebSocket: frames per second, and typing notifications.

use std::time::Duration;

use domain::ids::ConversationId;
use quick_cache::sync::Cache;
use tokio::time::Instant;

/// How many frames a client may send in a second, on average.
const MAX_FRAMES_PER_SECOND: u32 = 20;

/// How many frames a client may send at once after a pause. A client that comes back online may
/// acknowledge many entries one by one.
const MAX_FRAME_BURST: u32 = 100;

/// How often typing of a user in one conversation is forwarded. Clients show it for a few seconds.
const TYPING_INTERVAL: Duration = Duration::from_secs(3);

/// How many users and conversations are remembered. One that is forgotten is forwarded again.
const TYPING_CAPACITY: usize = 100_000;

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

/// Drops typing notifications that repeat an earlier one of the same user and conversation too
/// soon, before they cost a statement. All connections of the process share it, so a user gains
/// nothing by connecting again.
#[derive(Debug)]
pub struct TypingThrottle {
    forwarded: Cache<(String, ConversationId), ForwardedTyping>,
}

/// The last typing of a user in a conversation that was forwarded.
#[derive(Debug, Clone, Copy)]
struct ForwardedTyping {
    at: Instant,
    /// Whether its end has been forwarded as well.
    has_stopped: bool,
}

impl Default for TypingThrottle {
    fn default() -> Self {
        Self {
            forwarded: Cache::new(TYPING_CAPACITY),
        }
    }
}

impl TypingThrottle {
    /// Whether to forward a notification now. Of two at the same moment, both may be forwarded.
    pub fn admit(&self, user: &str, conversation: &ConversationId, now: Instant) -> bool {
        let key = (user.to_owned(), conversation.clone());
        let is_recent = |last: ForwardedTyping| now.duration_since(last.at) < TYPING_INTERVAL;
        if self.forwarded.get(&key).is_some_and(is_recent) {
            return false;
        }
        let typing = ForwardedTyping {
            at: now,
            has_stopped: false,
        };
        self.forwarded.insert(key, typing);
        true
    }

    /// Whether to forward that a user has stopped: once after typing that was forwarded. Typing
    /// again does not become free by it, so a user who alternates the two gains nothing.
    pub fn admit_stop(&self, user: &str, conversation: &ConversationId) -> bool {
        let key = (user.to_owned(), conversation.clone());
        let Some(typing) = self.forwarded.get(&key) else {
            return false;
        };
        let stopped = ForwardedTyping {
            has_stopped: true,
            ..typing
        };
        self.forwarded.insert(key, stopped);
        !typing.has_stopped
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
    fn typing_is_forwarded_once_in_three_seconds_user_and_conversation() {
        let (typing, start) = (TypingThrottle::default(), Instant::now());
        let [one, other] = ["one", "other"].map(|id| ConversationId::parse(id).unwrap());
        assert!(typing.admit("ann", &one, start));
        assert!(typing.admit("bob", &one, start));
        assert!(typing.admit("ann", &other, start + Duration::from_secs(1)));
        for millis in (0..3_000).step_by(50) {
            assert!(!typing.admit("ann", &one, start + Duration::from_millis(millis)));
        }
        assert!(typing.admit("ann", &one, start + TYPING_INTERVAL));
        assert!(!typing.admit("ann", &other, start + TYPING_INTERVAL));
    }

    #[test]
    fn a_stop_is_forwarded_once_after_each_typing_that_was() {
        let (typing, start) = (TypingThrottle::default(), Instant::now());
        let [one, other] = ["one", "other"].map(|id| ConversationId::parse(id).unwrap());
        assert!(!typing.admit_stop("ann", &one));
        assert!(typing.admit("ann", &one, start));
        assert!(!typing.admit_stop("ann", &other) && !typing.admit_stop("bob", &one));
        assert!(typing.admit_stop("ann", &one));
        assert!(!typing.admit_stop("ann", &one));
        // A stop does not make the next typing free.
        assert!(!typing.admit("ann", &one, start + TYPING_INTERVAL / 2));
        assert!(!typing.admit_stop("ann", &one));
        assert!(typing.admit("ann", &one, start + TYPING_INTERVAL));
        assert!(typing.admit_stop("ann", &one));
    }
}
