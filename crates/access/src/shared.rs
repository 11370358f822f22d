//! The newest view, shared by everything in a process that asks.

use std::sync::{Arc, PoisonError, RwLock};

use domain::ids::{DeviceId, UserId};
use domain::time::Timestamp;
use http::StatusCode;
use http_edge::auth::AccessCheck;
use http_edge::{Caller, Problem};
use time::OffsetDateTime;
use tokio::sync::{broadcast, watch};

use crate::view::{AccessRefusal, AccessView};

/// The newest [`AccessView`] of a process. Cheap to clone.
#[derive(Clone, Default)]
pub struct SharedAccess(Arc<Inner>);

struct Inner {
    view: RwLock<Arc<AccessView>>,
    changes: watch::Sender<u64>,
    removed_devices: broadcast::Sender<RemovedDevice>,
}

/// The maximum number of removed devices that wait until their connections are closed.
const MAX_REMOVED_DEVICES: usize = 10_000;

/// A user, and a device that they have removed.
pub type RemovedDevice = (UserId, DeviceId);

impl Default for Inner {
    fn default() -> Self {
        Self {
            view: RwLock::default(),
            changes: watch::Sender::default(),
            removed_devices: broadcast::Sender::new(MAX_REMOVED_DEVICES),
        }
    }
}

impl SharedAccess {
    /// The newest view.
    pub fn view(&self) -> Arc<AccessView> {
        self.0
            .view
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The devices that are removed from now on.
    pub fn subscribe_removed_devices(&self) -> broadcast::Receiver<RemovedDevice> {
        self.0.removed_devices.subscribe()
    }

    pub(crate) fn announce_removed(&self, device: RemovedDevice) {
        // Fails if there are no live connections in this process, which is fine.
        let _ = self.0.removed_devices.send(device);
    }

    /// Replaces the view, and wakes what waits for a change.
    pub(crate) fn replace(&self, view: AccessView) {
        *self.0.view.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
        self.0.changes.send_modify(|changes| *changes += 1);
    }
}

impl AccessCheck for SharedAccess {
    /// Checks the token of its user, and also the user as whom a service makes the call. No
    /// moderator can ban a token with the scope `admin`: an administrator deactivates its user, or
    /// revokes it.
    fn check(&self, caller: &Caller) -> Result<(), Problem> {
        let view = self.view();
        let now = Timestamp::from(OffsetDateTime::now_utc());
        let issued_at = i64::try_from(caller.issued_at_ms).unwrap_or(i64::MAX);
        let (user, is_admin) = match &caller.actor {
            Some(actor) => (&actor.user, actor.scopes.admin),
            None => (&caller.user, caller.scopes.admin),
        };
        view.check_token(user, Timestamp::from_millis(issued_at))
            .and_then(|()| {
                if is_admin {
                    return Ok(());
                }
                view.check_ban(user, now)
            })
            .and_then(|()| {
                if caller.actor.is_none() {
                    return Ok(());
                }
                view.check_user(&caller.user, now)
            })
            .map_err(to_problem)
    }

    fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }
}

fn to_problem(refusal: AccessRefusal) -> Problem {
    let code = refusal.code();
    match refusal {
        AccessRefusal::Revoked => Problem::new(
            StatusCode::UNAUTHORIZED,
            code,
            "The token has been revoked. Get a new one.",
        ),
        AccessRefusal::Deactivated => {
            Problem::forbidden_with_code(code, "This user is deactivated.")
        }
        AccessRefusal::Banned(until) => {
            let until = until.map(|until| until.to_string());
            Problem::forbidden_with_code(code, "This user is banned.").with_member("until", until)
        }
    }
}

#[cfg(test)]
mod tests {
    use http_edge::auth::{Actor, Scopes};

    use super::*;

    const ADMIN: Scopes = Scopes {
        admin: true,
        moderator: false,
        service: false,
    };

    fn caller(user: &str, scopes: Scopes, actor: Option<Actor>) -> Caller {
        Caller {
            user: user.into(),
            scopes,
            expires_at: 9,
            issued_at_ms: 5,
            actor,
        }
    }

    #[test]
    fn a_ban_does_not_reach_tokens_of_administrators_but_calls_as_the_user() {
        let access = SharedAccess::default();
        let mut view = AccessView::default();
        view.ban("ann");
        access.replace(view);
        let check = |caller: &Caller| access.check(caller).map_err(|problem| problem.code());
        let acting = |user: &str, scopes| {
            Some(Actor {
                user: user.into(),
                scopes,
            })
        };
        let none = Scopes::default();
        assert_eq!(check(&caller("ann", none, None)), Err("banned"));
        assert_eq!(check(&caller("ann", ADMIN, None)), Ok(()));
        assert_eq!(
            check(&caller("ann", none, acting("root", ADMIN))),
            Err("banned")
        );
        assert_eq!(check(&caller("bob", none, acting("ann", ADMIN))), Ok(()));
        assert_eq!(
            check(&caller("bob", none, acting("ann", none))),
            Err("banned")
        );
    }
}
