//! Rules for the pushes that devices get, and for removing a device.

use super::Mailbox;
use super::event::MailboxEvent;
use super::push_command::{DropPush, RegisterPush};
use super::push_event::{DeviceRemoved, PushDropped, PushRegistered, RegistrationDigest};
use crate::ids::DeviceId;
use crate::limits::Limits;
use crate::refusal::Refusal;

impl Mailbox {
    /// The digest of the registration of a device; `None` if it gets no pushes.
    pub fn push_registration(&self, device: &DeviceId) -> Option<&RegistrationDigest> {
        self.push.get(device)
    }

    pub(super) fn register_push(
        &self,
        register: RegisterPush,
        limits: &Limits,
    ) -> Result<Option<MailboxEvent>, Refusal> {
        let known = self.push.get(&register.device);
        if known == Some(&register.digest) {
            return Ok(None);
        }
        let most = limits.push_registrations;
        if known.is_none() && self.push.len() >= most {
            return Err(Refusal::invalid(
                "device",
                format!("A user can have at most {most} devices that get pushes."),
            ));
        }
        Ok(Some(MailboxEvent::PushRegistered(PushRegistered {
            device: register.device,
            provider: register.provider,
            digest: register.digest,
            preview: register.preview,
        })))
    }

    pub(super) fn drop_push(&self, drop: DropPush) -> Vec<MailboxEvent> {
        let DropPush {
            device,
            digest,
            cause,
        } = drop;
        let registrations = self.push.iter().filter(|(known, registration)| {
            device.as_ref().is_none_or(|device| device == *known)
                && digest.as_ref().is_none_or(|digest| digest == *registration)
        });
        let dropped = registrations.map(|(device, _)| {
            MailboxEvent::PushDropped(PushDropped {
                device: device.clone(),
                cause,
            })
        });
        dropped.collect()
    }

    pub(super) fn remove_device(&self, device: DeviceId) -> Option<MailboxEvent> {
        let is_known = self.devices.contains_key(&device) || self.push.contains_key(&device);
        is_known.then_some(MailboxEvent::DeviceRemoved(DeviceRemoved { device }))
    }

    pub(super) fn apply_device_removed(&mut self, device: &DeviceId) {
        self.devices.remove(device);
        self.push.remove(device);
    }
}
