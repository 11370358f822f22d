//! Delivers notifications to devices through the Apple Push Notification service (APNs), Firebase
//! Cloud Messaging (FCM) and the push services of browsers (Web Push).
//!
//! In the order in which data passes through it:
//!
//! - [`PushRegistration`]: what a device registers with, checked. [`store`]: keeps the tokens,
//!   beside the log.
//! - [`PushRegistry`]: which providers are configured, and where registrations may point.
//! - [`PushNotification`]: what a push says, cut to what the provider takes.
//! - [`PushSender`]: delivers it. `apns`, `fcm` and `webpush`: one module per provider, with the
//!   request and the meaning of the answer. `clients`: their HTTP clients.
//! - `vapid`: identifies the server to the push services of browsers. `aes128gcm`: encrypts for a
//!   browser. `jwt`: signs tokens for providers.
//! - [`PushOutcome`]: what became of an attempt.
//!
//! A token is a secret: everybody who has it can push to the device. It has no `Debug`, and no
//! error or answer has it.

#![deny(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a failing test panics"))]

mod aes128gcm;
mod apns;
mod clients;
mod fcm;
mod jwt;
mod notification;
mod outcome;
mod registration;
mod registry;
mod sender;
pub mod store;
mod vapid;
mod webpush;

pub use apns::ApnsConfig;
pub use fcm::FcmConfig;
pub use notification::PushNotification;
pub use outcome::{FailureKind, PushOutcome};
pub use registration::{PushRegistration, RegistrationError, RegistrationFields};
pub use registry::PushRegistry;
pub use sender::{PushConfig, PushConfigError, PushSender};
pub use vapid::{InvalidVapidKeyError, VapidKey, VapidSubject};
