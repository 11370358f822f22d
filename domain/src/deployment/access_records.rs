//! Recording what leaves no other event.

use super::Deployment;
use super::access::{RecentView, VIEW_INTERVAL_MS};
use super::command::RecordAccess;
use super::event::{AccessRecorded, DeploymentEvent};
use crate::time::Timestamp;

/// The maximum number of views that are remembered. Each is forgotten after a minute.
const MAX_RECENT_VIEWS: usize = 10_000;

impl Deployment {
    /// Records a view unless the same one was recorded within a minute, and any other act.
    pub(super) fn record_access(&self, record: RecordAccess) -> Vec<DeploymentEvent> {
        let RecordAccess {
            actor,
            act,
            target,
            detail,
            now,
        } = record;
        let is_known = act.is_view()
            && self.recent_views.iter().any(|view| {
                view.actor == actor
                    && view.act == act
                    && view.target == target
                    && is_recent(view.at, now)
            });
        if is_known {
            return Vec::new();
        }
        vec![DeploymentEvent::AccessRecorded(AccessRecorded {
            actor,
            act,
            target,
            detail,
            at: now,
        })]
    }

    pub(super) fn apply_access(&mut self, recorded: AccessRecorded) {
        let AccessRecorded {
            actor,
            act,
            target,
            at,
            detail: _,
        } = recorded;
        self.recent_views.retain(|view| is_recent(view.at, at));
        if !act.is_view() {
            return;
        }
        if self.recent_views.len() >= MAX_RECENT_VIEWS {
            self.recent_views.remove(0);
        }
        self.recent_views.push(RecentView {
            actor,
            act,
            target,
            at,
        });
    }
}

/// Whether a view at one time stands for the same at another. The clocks of two processes may
/// differ, so the other may be earlier.
fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    now.millis().abs_diff(at.millis()) < VIEW_INTERVAL_MS.unsigned_abs()
}
