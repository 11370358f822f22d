//! Notifies the agents of a desk when the number of its waiting or open sessions changes. Such a
//! frame may be lost: the next one has the current numbers too.

use std::collections::HashMap;
use std::time::Duration;

use connectivity::OutageLog;
use connectivity::timeout::{PAGE_TIMEOUT, within};
use serde_json::json;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::frame::ServerFrame;
use super::hub::Hub;

/// The shortest time between two frames of a desk.
const INTERVAL: Duration = Duration::from_millis(200);

/// A desk with sessions that have changed: its id, agents, and waiting and open sessions.
type ChangedDesk = (String, sqlx::types::Json<Vec<String>>, i64, i64);

/// Binds the position after which a desk has changed.
const CHANGED: &str = "SELECT d.id, d.agents, \
    (SELECT count(*) FROM read.service_sessions x WHERE x.desk = d.id AND x.state = 'waiting'), \
    (SELECT count(*) FROM read.service_sessions x WHERE x.desk = d.id AND x.state = 'open') \
    FROM read.desks d WHERE d.changed > $1";

/// What the agents of the desks know.
pub struct DeskCounts {
    hub: Hub,
    pool: PgPool,
    /// Everything up to this position is known.
    position: i64,
    /// The numbers that were sent last.
    sent: HashMap<String, (i64, i64)>,
}

impl DeskCounts {
    /// Notifies the connections of this hub.
    pub fn new(hub: Hub, pool: PgPool) -> Self {
        Self {
            hub,
            pool,
            position: 0,
            sent: HashMap::new(),
        }
    }

    /// Sends the numbers of the desks that have changed. The read model has reached `position`.
    async fn step(&mut self, position: i64) -> Result<(), sqlx::Error> {
        // The read model may have been restored from an older copy.
        let from = self.position.min(position);
        let changed = sqlx::query_as(CHANGED).bind(from).fetch_all(&self.pool);
        let changed: Vec<ChangedDesk> = within(PAGE_TIMEOUT, changed).await?;
        for (desk, agents, waiting, open) in changed {
            let frame = json!({"type": "desk", "desk": desk, "waiting": waiting, "open": open});
            if self.sent.insert(desk, (waiting, open)) == Some((waiting, open)) {
                continue;
            }
            let frame = ServerFrame::ephemeral("desk", &frame);
            for agent in &agents.0 {
                self.hub.send_best_effort(agent, None, &frame);
            }
        }
        self.position = position;
        Ok(())
    }
}

/// Notifies agents until shutdown.
pub async fn run(
    mut counts: DeskCounts,
    mut projected: watch::Receiver<i64>,
    shutdown: CancellationToken,
) {
    let outages = OutageLog::new("Counting the sessions of service desks");
    let following = async {
        while projected.changed().await.is_ok() {
            sleep(INTERVAL).await;
            let position = *projected.borrow_and_update();
            // After an error, the next change covers what this one missed.
            let _ = outages.record(counts.step(position).await);
        }
    };
    shutdown.run_until_cancelled(following).await;
}
