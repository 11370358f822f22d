//! Follows the log, and makes previews of the images that are stored, before anybody asks for them.
//!
//! - `progress`: how far it is, stored through the connection that holds the lease.
//! - `follower`: reads the log in pages, and makes what is missing.

mod follower;
mod progress;

pub use follower::{PreviewFollower, PreviewStep};

use std::time::Duration;

use anyhow::Result;
use connectivity::OutageLog;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// The pause at the end of the log. A request for a preview lets it be made earlier.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// The pause after an error. Making a preview that a full store does not take costs much.
const FAILURE_INTERVAL: Duration = Duration::from_secs(5);

/// The pause while another process follows.
const STANDBY_INTERVAL: Duration = Duration::from_secs(2);

/// Follows the log until shutdown.
pub async fn run(mut follower: PreviewFollower, shutdown: CancellationToken) -> Result<()> {
    let outages = OutageLog::new("Making previews");
    while !shutdown.is_cancelled() {
        let Some(step) = shutdown.run_until_cancelled(follower.step()).await else {
            break;
        };
        let pause = match outages.record(step) {
            Ok(PreviewStep::Advanced) => continue,
            Ok(PreviewStep::Current) => POLL_INTERVAL,
            Ok(PreviewStep::Standby) => STANDBY_INTERVAL,
            Err(_) => FAILURE_INTERVAL,
        };
        if shutdown.run_until_cancelled(sleep(pause)).await.is_none() {
            break;
        }
    }
    follower.release().await;
    Ok(())
}
