//! The changes that the projector has signalled since the last delivery of the hub: which users the
//! entries after a position affect. This is an optimisation that avoids statements for all
//! connected users; correctness does not depend on it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use read_model::projection_signal::{AffectedAudience, ProjectionSignal};
use tokio::sync::Notify;

/// The signalled changes. The watermark task publishes them, and the hub takes them. Cheap to
/// clone.
#[derive(Debug, Clone, Default)]
pub struct PendingChanges(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    pending: Mutex<Option<ProjectionSignal>>,
    changed: Notify,
}

impl PendingChanges {
    /// Adds a signal to the pending changes.
    pub fn push(&self, signal: ProjectionSignal) {
        self.update(|pending| merge(pending, signal));
    }

    /// Returns changes that the hub has not delivered yet.
    pub fn requeue(&self, rest: ProjectionSignal) {
        self.update(|pending| match pending {
            Some(since) => merge(Some(rest), since),
            None => rest,
        });
    }

    fn update(&self, change: impl FnOnce(Option<ProjectionSignal>) -> ProjectionSignal) {
        let mut pending = self.lock();
        *pending = Some(change(pending.take()));
        drop(pending);
        self.0.changed.notify_one();
    }

    /// Waits for a signal. Returns immediately if there was one since the last wait.
    pub async fn changed(&self) {
        self.0.changed.notified().await;
    }

    /// Takes the pending changes.
    pub fn drain(&self) -> Option<ProjectionSignal> {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<ProjectionSignal>> {
        self.0
            .pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Merges a signal into those before it. The audience is known only if that of both is.
pub(super) fn merge(
    before: Option<ProjectionSignal>,
    signal: ProjectionSignal,
) -> ProjectionSignal {
    let Some(before) = before else { return signal };
    let is_older = signal.position() < before.position();
    let audience = before.audience.zip(signal.audience);
    ProjectionSignal {
        cursor: if is_older {
            before.cursor
        } else {
            signal.cursor
        },
        audience: audience.and_then(|(before, now)| before.merge(now)),
    }
}

/// Returns the users that the entries after `from` affect, if the signals cover all entries from
/// there up to their end.
pub fn affected_since(
    signal: Option<ProjectionSignal>,
    from: i64,
    generation: i64,
) -> Option<AffectedAudience> {
    let audience = signal?.audience?;
    let is_complete = audience.from <= from && audience.generation == generation;
    is_complete.then_some(audience)
}

#[cfg(test)]
mod tests {
    use domain::history::CursorReference;

    use super::*;

    fn signal(from: i64, to: i64) -> ProjectionSignal {
        ProjectionSignal {
            cursor: CursorReference::bare(to),
            audience: Some(AffectedAudience {
                from,
                to,
                generation: 1,
                conversations: vec![to],
                ..AffectedAudience::default()
            }),
        }
    }

    fn affected(signals: &[ProjectionSignal], from: i64) -> Option<(i64, Vec<i64>)> {
        let changes = PendingChanges::default();
        for signal in signals {
            changes.push(signal.clone());
        }
        let audience = affected_since(changes.drain(), from, 1);
        assert_eq!(changes.drain(), None, "once");
        audience.map(|audience| (audience.to, audience.conversations))
    }

    #[test]
    fn a_gap_affects_all_users() {
        assert_eq!(affected(&[], 0), None);
        assert_eq!(
            affected(&[signal(0, 2), signal(2, 3)], 0),
            Some((3, vec![2, 3]))
        );
        assert_eq!(
            affected(&[signal(0, 2), signal(2, 3)], 1),
            Some((3, vec![2, 3]))
        );
        assert_eq!(
            affected(&[signal(1, 2)], 0),
            None,
            "the signal before was lost"
        );
        assert_eq!(
            affected(&[signal(0, 2), signal(3, 4)], 0),
            None,
            "a signal in between was lost"
        );
        let silent = ProjectionSignal {
            cursor: CursorReference::bare(3),
            audience: None,
        };
        assert_eq!(affected(&[signal(0, 2), silent.clone()], 0), None);
        assert_eq!(
            affected(&[silent, signal(3, 4)], 3),
            None,
            "known only partially"
        );
        assert_eq!(
            affected_since(Some(signal(0, 2)), 0, 2),
            None,
            "of another build"
        );
    }

    #[test]
    fn requeued_changes_come_before_later_ones() {
        let changes = PendingChanges::default();
        changes.push(signal(0, 5));
        let rest = changes.drain().expect("a signal is pending");
        changes.push(signal(5, 6));
        changes.requeue(rest);
        let audience = affected_since(changes.drain(), 3, 1).expect("there is no gap");
        assert_eq!((audience.to, audience.conversations), (6, vec![5, 6]));
    }
}
