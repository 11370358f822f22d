//! Notifications of offline users. A notification covers a message and those that follow it within
//! a short window, and is sent only if they are still unread at the end of the window.
//!
//! In the order in which a notification passes through it:
//!
//! - `eligibility`: the SQL condition for whether a user is notified of a message.
//! - [`enqueue`]: enqueues notifications for the recipients of new messages.
//! - [`due`]: loads the notifications that are due, with what is still unread.
//! - `payload`: builds the webhook message of a notification.
//! - [`notifier`]: the worker that drives all of this.

mod due;
mod eligibility;
mod enqueue;
mod notifier;
mod payload;

pub use notifier::{Notifier, NotifierSetup};
