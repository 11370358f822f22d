//! Keeps the view of a process up to date.

use std::time::Duration;

use connectivity::OutageLog;
use domain::envelope::{AggregateKind, Envelope};
use domain::event::EventFamily as _;
use domain::ids::UserId;
use domain::mailbox::event::MailboxEvent;
use event_log::TypeFollower;
use event_log::reader::LogReader;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::shared::{RemovedDevice, SharedAccess};
use crate::view::AccessView;

/// The type of the event with which a user removes a device.
const DEVICE_REMOVED: &str = "device_removed";

/// How often to look for new events.
pub const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Folds the log into an [`SharedAccess`].
pub struct AccessFollower {
    follower: TypeFollower,
    /// The fold so far, which may not have reached the end of the log yet.
    view: AccessView,
    is_published: bool,
    /// Whether the end of the log was reached before. Devices that were removed until then have no
    /// connections here.
    is_following: bool,
    access: SharedAccess,
}

impl AccessFollower {
    /// Follows the log from its beginning.
    pub fn new(reader: LogReader, access: SharedAccess) -> Self {
        let mut types = AccessView::EVENT_TYPES.map(str::to_owned).to_vec();
        types.push(DEVICE_REMOVED.to_owned());
        Self {
            follower: TypeFollower::new(reader, types),
            view: AccessView::default(),
            is_published: true,
            is_following: false,
            access,
        }
    }

    /// Folds everything up to the end of the log, and publishes the view only then: a view that is
    /// folded again must not forget anybody meanwhile. If it fails, the next call continues.
    pub async fn catch_up(&mut self) -> Result<(), sqlx::Error> {
        loop {
            let followed = self.follower.step().await?;
            if followed.restarted {
                self.view = AccessView::default();
                self.is_published = false;
                self.is_following = false;
            }
            for event in &followed.events {
                if event.event_type == DEVICE_REMOVED {
                    if let Some(device) = removed_device(event).filter(|_| self.is_following) {
                        self.access.announce_removed(device);
                    }
                    continue;
                }
                self.is_published = false;
                if !self.view.apply(event) {
                    tracing::warn!(
                        position = event.position,
                        event_type = event.event_type,
                        "an event cannot be decoded; a newer release may have written it"
                    );
                }
            }
            if followed.is_current {
                if !self.is_published {
                    self.access.replace(self.view.clone());
                    self.is_published = true;
                }
                self.is_following = true;
                return Ok(());
            }
        }
    }

    /// Follows the log until `shutdown`. During an outage, the last view stays in use.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let outages = OutageLog::new("Following who may call");
        loop {
            let Some(outcome) = shutdown.run_until_cancelled(self.catch_up()).await else {
                return;
            };
            let _ = outages.record(outcome);
            if shutdown
                .run_until_cancelled(sleep(POLL_INTERVAL))
                .await
                .is_none()
            {
                return;
            }
        }
    }
}

/// The device that an event removes. `None` if a newer release wrote the event.
fn removed_device(event: &Envelope) -> Option<RemovedDevice> {
    if event.aggregate != AggregateKind::Mailbox {
        return None;
    }
    let data = event.data.get().as_bytes();
    match MailboxEvent::decode(&event.event_type, event.version, data) {
        Ok(MailboxEvent::DeviceRemoved(removed)) => {
            let user = UserId::parse(&event.aggregate_id).ok()?;
            Some((user, removed.device))
        }
        _ => None,
    }
}
