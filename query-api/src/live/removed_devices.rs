//! Ends the connections of devices that their users remove.

use domain::ids::{DeviceId, UserId};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::hub::Hub;

/// Ends them until `shutdown`.
pub async fn end_removed(
    hub: Hub,
    mut removed: broadcast::Receiver<(UserId, DeviceId)>,
    shutdown: CancellationToken,
) {
    while let Some(received) = shutdown.run_until_cancelled(removed.recv()).await {
        match received {
            Ok((user, device)) => hub.end_device(user.as_str(), device.as_str()),
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "some removed devices stay connected");
            }
            Err(RecvError::Closed) => return,
        }
    }
}
