//! Applies registrations for pushes, and removes devices.

use domain::ids::DeviceId;
use domain::mailbox::push_event::PushRegistered;

use super::state::Fold;
use crate::decode::EventPosition;
use crate::rows::PushDeviceRow;

impl Fold<'_> {
    pub(super) fn apply_push_registered(
        &mut self,
        at: EventPosition,
        user: i64,
        registered: &PushRegistered,
    ) {
        let row = PushDeviceRow {
            provider: registered.provider.as_str(),
            digest: registered.digest.clone(),
            preview: registered.preview,
            position: at.position,
            at: at.time,
        };
        let key = (user, registered.device.clone());
        self.rows.push_devices.insert(key, Some(row));
    }

    pub(super) fn apply_push_dropped(&mut self, user: i64, device: &DeviceId) {
        self.rows.push_devices.insert((user, device.clone()), None);
    }

    /// The device may acknowledge again later: then it is a new one.
    pub(super) fn apply_device_removed(&mut self, user: i64, device: &DeviceId) {
        let key = (user, device.clone());
        self.rows.devices.remove(&key);
        self.rows.removed_devices.insert(key.clone());
        self.rows.push_devices.insert(key, None);
    }
}
