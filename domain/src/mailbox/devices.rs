//! Rules for acknowledging the cursor of a device.

use super::Mailbox;
use super::command::AckCursor;
use super::event::{DeviceAcked, MailboxEvent};
use crate::ids::DeviceId;
use crate::limits::Limits;
use crate::refusal::Refusal;

impl Mailbox {
    /// The last acknowledged cursor of a device; `None` if it has never acknowledged one.
    pub fn device_cursor(&self, device: &DeviceId) -> Option<i64> {
        self.devices.get(device).copied()
    }

    pub(super) fn ack(
        &self,
        ack: AckCursor,
        limits: &Limits,
    ) -> Result<Option<MailboxEvent>, Refusal> {
        let AckCursor {
            device,
            cursor,
            head,
        } = ack;
        if cursor < 0 || cursor > head {
            return Err(Refusal::invalid(
                "cursor",
                format!("Expected a position from 0 to the head of the log, which is {head}."),
            ));
        }
        let known = self.device_cursor(&device);
        let previous = known.unwrap_or(0);
        if cursor <= previous {
            return Ok(None);
        }
        let most = limits.devices;
        if known.is_none() && self.devices.len() >= most {
            return Err(Refusal::invalid(
                "device",
                format!("A user can have at most {most} devices."),
            ));
        }
        Ok(Some(MailboxEvent::DeviceAcked(DeviceAcked {
            device,
            cursor,
            previous,
        })))
    }
}
