//! Restarts the embedded nats-server while the mirror has stalled. A nats-server whose disk was
//! full does not write again before it is restarted, even if there is space.

use std::time::Duration;

use embedded_servers::ServerRestart;
use event_stream::mirror_health::MirrorHealth;
use tokio_util::sync::CancellationToken;

/// How often the mirror is looked at.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Asks for a restart for as long as the mirror has stalled, until `ending` is cancelled.
pub async fn run(health: MirrorHealth, restart: ServerRestart, ending: CancellationToken) {
    let mut round = tokio::time::interval(CHECK_INTERVAL);
    while ending.run_until_cancelled(round.tick()).await.is_some() {
        if health.stall().is_some() {
            restart.request();
        }
    }
}
