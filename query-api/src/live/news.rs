//! The changes that the projector has signalled since the last delivery of the hub: which users the
//! entries after a position affect. This is an optimisation that avoids statements for all
//! connected users; correctness does not depend on it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use event_log::projection_signal::{AffectedAudience, ProjectionSignal};
use tokio::sync::Notify;

/// The signalled changes, passed from the watermark task to the hub. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct News(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    heard: Mutex<Option<ProjectionSignal>>,
    rung: Notify,
}

impl News {
    /// Adds a signal to the pending changes.
    pub fn heard(&self, signal: ProjectionSignal) {
        let mut pending = self.lock();
        *pending = Some(match pending.take() {
            Some(before) => together(before, signal),
            None => signal,
        });
        drop(pending);
        self.0.rung.notify_one();
    }

    /// Returns changes that the hub has not delivered yet.
    pub fn put_back(&self, rest: ProjectionSignal) {
        let mut pending = self.lock();
        *pending = Some(match pending.take() {
            Some(since) => together(rest, since),
            None => rest,
        });
        drop(pending);
        self.0.rung.notify_one();
    }

    /// Waits for a signal. Returns immediately if there was one since the last wait.
    pub async fn rung(&self) {
        self.0.rung.notified().await;
    }

    /// Takes the pending changes.
    pub fn take(&self) -> Option<ProjectionSignal> {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<ProjectionSignal>> {
        self.0.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn together(before: ProjectionSignal, signal: ProjectionSignal) -> ProjectionSignal {
    let touched = match (before.audience, signal.audience) {
        (Some(before), Some(now)) => before.merge(now),
        _ => None,
    };
    ProjectionSignal {
        position: before.position.max(signal.position),
        audience: touched,
    }
}

/// Returns the users that the entries after `from` affect, if the signals cover all entries from
/// there up to their end.
pub fn since(
    signal: Option<ProjectionSignal>,
    from: i64,
    generation: i64,
) -> Option<AffectedAudience> {
    let touched = signal?.audience?;
    let is_complete = touched.from <= from && touched.generation == generation;
    is_complete.then_some(touched)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signal(from: i64, to: i64) -> ProjectionSignal {
        ProjectionSignal {
            position: to,
            audience: Some(AffectedAudience {
                from,
                to,
                generation: 1,
                conversations: vec![to],
                ..AffectedAudience::default()
            }),
        }
    }

    fn told(signals: &[ProjectionSignal], from: i64) -> Option<(i64, Vec<i64>)> {
        let changes = News::default();
        for signal in signals {
            changes.heard(signal.clone());
        }
        let touched = since(changes.take(), from, 1);
        assert_eq!(changes.take(), None, "once");
        touched.map(|touched| (touched.to, touched.conversations))
    }

    #[test]
    fn a_gap_affects_all_users() {
        assert_eq!(told(&[], 0), None);
        assert_eq!(
            told(&[signal(0, 2), signal(2, 3)], 0),
            Some((3, vec![2, 3]))
        );
        assert_eq!(
            told(&[signal(0, 2), signal(2, 3)], 1),
            Some((3, vec![2, 3]))
        );
        assert_eq!(told(&[signal(1, 2)], 0), None, "the signal before was lost");
        assert_eq!(
            told(&[signal(0, 2), signal(3, 4)], 0),
            None,
            "a signal in between was lost"
        );
        let silent = ProjectionSignal {
            position: 3,
            audience: None,
        };
        assert_eq!(told(&[signal(0, 2), silent.clone()], 0), None);
        assert_eq!(
            told(&[silent, signal(3, 4)], 3),
            None,
            "known only partially"
        );
        assert_eq!(since(Some(signal(0, 2)), 0, 2), None, "of another build");
    }

    #[test]
    fn requeued_changes_come_before_later_ones() {
        let changes = News::default();
        changes.heard(signal(0, 5));
        let rest = changes.take().expect("a signal is pending");
        changes.heard(signal(5, 6));
        changes.put_back(rest);
        let touched = since(changes.take(), 3, 1).expect("there is no gap");
        assert_eq!((touched.to, touched.conversations), (6, vec![5, 6]));
    }
}
