//! The events of devices and of the pushes that they get. They are stored forever: read
//! [`crate::event`] before you change them.
//!
//! The token of a device is a secret, so it is in no event. An event names its registration by a
//! digest.

use serde::{Deserialize, Serialize};

use crate::hex::to_hex;
use crate::ids::{DeviceId, InvalidIdError, text_id};

text_id!(
    /// The digest of a push registration, token included: 64 hexadecimal digits.
    RegistrationDigest,
    |text| {
        let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if text.len() != 64 || !text.bytes().all(is_digit) {
            return Err(InvalidIdError("Expected 64 hexadecimal digits."));
        }
        Ok(())
    }
);

impl RegistrationDigest {
    /// The digest with these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(to_hex(&bytes).into())
    }
}

/// A service that delivers pushes to devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PushProvider {
    /// The Apple Push Notification service.
    Apns,
    /// Firebase Cloud Messaging.
    Fcm,
    /// The push service of a browser.
    Webpush,
}

impl PushProvider {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Apns, Self::Fcm, Self::Webpush];

    /// The name used in the API and in the tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Apns => "apns",
            Self::Fcm => "fcm",
            Self::Webpush => "webpush",
        }
    }
}

/// The data of `push_registered`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushRegistered {
    /// The device.
    pub device: DeviceId,
    /// Who delivers.
    pub provider: PushProvider,
    /// The digest of the registration, which is stored elsewhere.
    pub digest: RegistrationDigest,
    /// Whether a push shows the text of a message.
    pub preview: bool,
}

/// Why a device gets no more pushes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PushDropCause {
    /// Its user no longer wants any.
    Removed,
    /// The provider answered that the token is gone.
    Gone,
    /// Another device or user has registered the same token.
    Replaced,
    /// The user was deactivated.
    Deactivated,
    /// The data of the user was erased.
    Erased,
}

/// The data of `push_dropped`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushDropped {
    /// The device.
    pub device: DeviceId,
    /// Why the registration ended.
    pub cause: PushDropCause,
}

/// The data of `device_removed`. The device gets no more pushes either.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRemoved {
    /// The device.
    pub device: DeviceId,
}
