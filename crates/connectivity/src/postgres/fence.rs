//! Which servers have been replaced. A promotion begins a new timeline of the write-ahead log, so
//! of two servers of one system, the one with the lower timeline has been replaced by the other.
//!
//! The promise is that of one process: what it has not seen, it cannot know. So the state belongs
//! to the process and not to a pool.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How many systems are remembered. A process normally has one.
const MAX_SYSTEMS: usize = 16;

static FENCE: Mutex<Fence> = Mutex::new(Fence {
    newest: BTreeMap::new(),
    raised_at: None,
});

/// The system and the timeline of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ServerTimeline {
    pub(super) system: i64,
    pub(super) timeline: u32,
}

#[derive(Debug)]
struct Fence {
    /// The highest timeline of each system.
    newest: BTreeMap<i64, u32>,
    /// When a server with a higher timeline than before was seen.
    raised_at: Option<Instant>,
}

impl Fence {
    fn admit(&mut self, server: ServerTimeline, now: Instant) -> Result<(), String> {
        if self.newest.len() >= MAX_SYSTEMS && !self.newest.contains_key(&server.system) {
            self.newest.clear();
        }
        let newest = *self.newest.entry(server.system).or_insert(server.timeline);
        if server.timeline < newest {
            return Err(format!(
                "this server was replaced by a promoted standby (it is at timeline {}, the other \
                 at {newest}); stop it, or restart Tidings if you went back to it on purpose",
                server.timeline
            ));
        }
        if server.timeline > newest {
            self.newest.insert(server.system, server.timeline);
            self.raised_at = Some(now);
        }
        Ok(())
    }

    fn is_replaced(&self, age: Duration, now: Instant) -> bool {
        self.raised_at
            .is_some_and(|raised| now.duration_since(raised) <= age)
    }
}

/// Accepts the server, or says that it has been replaced.
pub(super) fn admit(server: ServerTimeline) -> Result<(), String> {
    lock().admit(server, Instant::now())
}

/// Whether a session of this age may be with a server that has been replaced since.
pub fn is_replaced(age: Duration) -> bool {
    lock().is_replaced(age, Instant::now())
}

fn lock() -> MutexGuard<'static, Fence> {
    FENCE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lower_timeline_of_the_same_system_is_refused() {
        let (second, start) = (Duration::from_secs(1), Instant::now());
        let mut fence = Fence {
            newest: BTreeMap::new(),
            raised_at: None,
        };
        let server = |system, timeline| ServerTimeline { system, timeline };
        assert_eq!(fence.admit(server(1, 4), start), Ok(()));
        assert!(!fence.is_replaced(second, start + second));
        assert_eq!(fence.admit(server(2, 1), start + second), Ok(()));
        assert_eq!(fence.admit(server(1, 5), start + 2 * second), Ok(()));
        // Sessions that are older than the promotion are dropped, later ones are not.
        assert!(fence.is_replaced(3 * second, start + 3 * second));
        assert!(!fence.is_replaced(second / 2, start + 3 * second));
        let refused = fence.admit(server(1, 4), start + 3 * second);
        let reason = refused.expect_err("it was replaced");
        assert!(reason.contains("timeline 4, the other at 5"), "{reason}");
        assert_eq!(fence.admit(server(1, 5), start + 3 * second), Ok(()));
    }

    #[test]
    fn the_number_of_systems_is_bounded() {
        let mut fence = Fence {
            newest: BTreeMap::new(),
            raised_at: None,
        };
        for system in 0..100 {
            let server = ServerTimeline {
                system,
                timeline: 1,
            };
            assert_eq!(fence.admit(server, Instant::now()), Ok(()));
            assert!(fence.newest.len() <= MAX_SYSTEMS);
        }
    }
}
