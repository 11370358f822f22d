//! The board of a process, and how it follows the log.

use std::sync::Arc;

use domain::ids::DeskId;
use domain::session_id::SessionId;
use event_log::reader::LogReader;
use event_log::{LogError, TypeFollower};
use sqlx::PgPool;
use tokio::sync::{Mutex, MutexGuard};

use super::board::{Board, EVENT_TYPES};

/// The board of a process. Clones share it.
#[derive(Clone)]
pub(crate) struct SharedBoard(Arc<Mutex<FollowedBoard>>);

/// A board, and how far it is.
pub(crate) struct FollowedBoard {
    pub(crate) board: Board,
    follower: TypeFollower,
}

impl SharedBoard {
    /// The board of the log in this database.
    pub(crate) fn new(pool: PgPool) -> Self {
        let types = EVENT_TYPES.map(str::to_owned).into();
        Self(Arc::new(Mutex::new(FollowedBoard {
            board: Board::default(),
            follower: TypeFollower::new(LogReader::new(pool), types),
        })))
    }

    /// The sessions that wait at a desk now, longest waiting first.
    pub(crate) async fn waiting_at(&self, desk: &DeskId) -> Result<Vec<SessionId>, LogError> {
        let followed = self.follow().await?;
        Ok(followed.board.waiting_at(desk).cloned().collect())
    }

    /// The board with everything that is in the log now.
    pub(crate) async fn follow(&self) -> Result<MutexGuard<'_, FollowedBoard>, LogError> {
        let mut followed = self.0.lock().await;
        loop {
            let found = followed.follower.step().await?;
            if found.restarted {
                followed.board = Board::default();
            }
            for event in &found.events {
                if let Err(error) = followed.board.fold(event) {
                    let position = event.position;
                    tracing::warn!(position, %error, "passed over an event of a service desk");
                }
            }
            if found.is_current {
                return Ok(followed);
            }
        }
    }
}
