//! Lets requests of one user pass one at a time.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use domain::ids::UserId;
use tokio::sync::{Mutex, MutexGuard};

/// The number of locks. Users share them, so that their number does not grow with that of users.
const LOCKS: usize = 64;

/// Whose turn it is in this process. Requests of the same user wait in order, and only the first of
/// them asks whether it is its turn among all processes.
pub(crate) struct UserTurns([Mutex<()>; LOCKS]);

impl Default for UserTurns {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

impl UserTurns {
    /// Waits for the turn of this user. It ends when the guard is dropped.
    pub(crate) async fn wait(&self, user: &UserId) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        user.as_str().hash(&mut hasher);
        let place = usize::try_from(hasher.finish() % LOCKS as u64).unwrap_or_default();
        self.0[place].lock().await
    }
}
