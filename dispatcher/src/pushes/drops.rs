//! Drops registrations whose tokens are gone. That is a command, and this crate has none: the
//! program that runs the dispatcher provides it.

use futures::future::BoxFuture;

/// Drops registrations.
pub trait PushDrops: Send + Sync {
    /// Drops the registration of a device because its token is gone, unless the device has
    /// registered another one since. The error says why that failed.
    fn drop_gone<'a>(
        &'a self,
        user: &'a str,
        device: &'a str,
        digest: &'a str,
    ) -> BoxFuture<'a, Result<(), String>>;
}
