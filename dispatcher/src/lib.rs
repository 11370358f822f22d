//! Delivers events and notifications to external systems as webhooks, following the Standard
//! Webhooks specification, and notifications to devices as pushes.
//!
//! In the order in which data passes through it:
//!
//! - [`webhook`]: the webhooks that operators configure. `webhook_text`: shows them.
//!   [`webhook_receipts`]: commands about them that named an `Idempotency-Key`.
//! - [`run`]: supervises one worker per webhook; `worker` is the worker's loop.
//! - `lease`: ensures that only one dispatcher works on a webhook. `ledger`: stores the progress.
//! - `feed`: reads the log, from JetStream or from Postgres.
//! - `events`: delivers events in order. `lanes`: decides the order (pure logic).
//! - `settlement`: decides what follows from the outcome of an attempt. `backoff` and
//!   `circuit_breaker`: when to retry, and how many deliveries run concurrently.
//! - `online`: tracks which users are online. `notifications`: notifies offline users of unread
//!   messages. `pushes`: does so on their devices, through the crate `push`.
//! - [`message_deliveries`]: what has become of one message, for `tidings trace`.
//! - [`seals`]: delivers copies of the log's seals to one address.
//! - [`WebhookSender`]: makes one delivery attempt. [`message_check`]: asks the service that checks
//!   messages before they are sent. `signing_clients`: the HTTP clients of both. [`address`]
//!   restricts the addresses that they may connect to. [`secret`]: signs deliveries.
//!
//! Delivery is at least once. If a worker ends before it has stored the result of a delivery, the
//! next worker delivers it again, under the same id.

#![deny(missing_docs)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a test that cannot continue fails")
)]

mod backoff;
mod circuit_breaker;
mod clock;
mod error;
mod events;
mod feed;
mod lanes;
mod lease;
mod ledger;
pub mod message_check;
pub mod message_deliveries;
mod notifications;
mod online;
mod pushes;
pub mod seals;
pub mod secret;
mod sender;
mod settlement;
mod signing_clients;
mod supervisor;
pub mod webhook;
pub mod webhook_receipts;
mod webhook_text;
mod worker;

pub use backoff::DEFAULT_MAX_ATTEMPTS;
pub use connectivity::address;
pub use online::OnlineUsers;
pub use pushes::{PushDelivery, PushDrops, report as push_report};
pub use sender::WebhookSender;
pub use signing_clients::WebhookMessage;
pub use supervisor::{DispatcherConfig, Senders, run};
