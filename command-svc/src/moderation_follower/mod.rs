//! Follows the log for moderators: opens cases for flagged texts, held messages and floods, and
//! silences those who flood. What to do follows from the log alone (`moderation::ModerationFold`).
//!
//! - `lease`: lets one process at a time follow. `progress`: how far it is, stored through the
//!   connection that holds the lease.
//! - `resume`: what was folded up to there.
//! - `follower`: reads the log in pages, does what follows from each, and then stores the progress.
//! - `acts`: does it, by commands of the system user. They are idempotent by the position of the
//!   event, so what a crash or a second process repeats changes nothing.
//! - `silence`: the handlers that silence a user in a conversation, or everywhere.

mod acts;
mod follower;
mod lease;
mod progress;
mod resume;
mod silence;

pub use follower::{FollowOutcome, ModerationFollower};

use std::time::Duration;

use connectivity::OutageLog;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// The pause at the end of the log, and after an error.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// The pause while another process follows.
const STANDBY_INTERVAL: Duration = Duration::from_secs(2);

/// Follows the log until shutdown.
pub async fn run(mut follower: ModerationFollower, shutdown: CancellationToken) {
    let outages = OutageLog::new("Following the log for moderators");
    while !shutdown.is_cancelled() {
        let Some(outcome) = shutdown.run_until_cancelled(follower.step()).await else {
            break;
        };
        let pause = match outages.record(outcome) {
            Ok(FollowOutcome::Advanced) => continue,
            Ok(FollowOutcome::Current) | Err(_) => POLL_INTERVAL,
            Ok(FollowOutcome::Standby) => STANDBY_INTERVAL,
        };
        if shutdown.run_until_cancelled(sleep(pause)).await.is_none() {
            break;
        }
    }
    follower.release().await;
}
