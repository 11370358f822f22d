//! Commands that register devices for pushes and drop registrations.

use super::push_event::{PushDropCause, PushProvider, RegistrationDigest};
use crate::ids::DeviceId;

/// Registers a device for pushes.
#[derive(Debug, Clone)]
pub struct RegisterPush {
    /// The device.
    pub device: DeviceId,
    /// Who delivers.
    pub provider: PushProvider,
    /// The digest of the registration.
    pub digest: RegistrationDigest,
    /// Whether a push shows the text of a message.
    pub preview: bool,
}

/// Drops the registrations of one device, or of all of them.
#[derive(Debug, Clone)]
pub struct DropPush {
    /// The device; `None` for all.
    pub device: Option<DeviceId>,
    /// The registration that must still be the one of the device, if any is named.
    pub digest: Option<RegistrationDigest>,
    /// Why the registrations end.
    pub cause: PushDropCause,
}
