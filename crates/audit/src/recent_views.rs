//! What a process has recorded within the last minute: most views repeat one of these, and then
//! cost no statement.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::access_record::AccessRecord;

/// How long a record of a view stands for the same view.
const INTERVAL: Duration = Duration::from_secs(60);

/// The maximum number of views that are remembered. A view that is forgotten costs a statement,
/// which finds that it is recorded.
const MAX_VIEWS: usize = 10_000;

/// The views, with the times at which they were recorded.
#[derive(Debug, Default)]
pub struct RecentViews(Mutex<HashMap<AccessRecord, Instant>>);

impl RecentViews {
    /// Whether the view was recorded within the last minute. The call does not matter: the first of
    /// the minute stands for all.
    pub fn contains(&self, access: &AccessRecord) -> bool {
        let views = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recorded = views.get(&key(access));
        recorded.is_some_and(|at| at.elapsed() < INTERVAL)
    }

    /// Remembers a view that was recorded now.
    pub fn insert(&self, access: &AccessRecord) {
        let mut views = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if views.len() >= MAX_VIEWS {
            views.retain(|_, at| at.elapsed() < INTERVAL);
        }
        if views.len() < MAX_VIEWS {
            views.insert(key(access), Instant::now());
        }
    }
}

fn key(access: &AccessRecord) -> AccessRecord {
    AccessRecord {
        call: String::new(),
        ..access.clone()
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::UserId;

    use super::*;
    use crate::access_record::AccessAct;

    #[test]
    fn the_first_call_of_a_minute_stands_for_the_others() {
        let recent = RecentViews::default();
        let access = |target: &str, call: &str| AccessRecord {
            actor: UserId::parse("root").unwrap(),
            act: AccessAct::ReadAsUser,
            target: Some(target.to_owned()),
            call: call.to_owned(),
        };
        recent.insert(&access("ann", "GET /v1/inbox"));
        assert!(recent.contains(&access("ann", "GET /v1/search")));
        assert!(!recent.contains(&access("bob", "GET /v1/inbox")));
    }
}
