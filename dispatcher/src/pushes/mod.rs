//! Pushes notifications to the devices of offline users. The rules are those of notification
//! webhooks, and so is most of the code: who is notified of what, the window in which messages
//! share a notification, what is still unread when it is due, retries, and the parking of what
//! failed.
//!
//! A notification is stored for each device. So a device that was notified keeps its place while
//! another one of the same user waits for a retry.
//!
//! In the order in which a push passes through it:
//!
//! - [`supervisor`]: runs the worker as soon as a device has registered. [`ledger`]: stores the
//!   progress.
//! - [`due`]: loads the pushes that are due, with the tokens. [`quiet_hours`]: whether only the
//!   badge changes. [`content`]: what a push says.
//! - [`pusher`]: the worker. [`attempt`]: one attempt, and what follows from it. [`breakers`]: how
//!   many attempts run at a time, by provider. [`outcomes`]: counts what the providers answered.
//! - [`report`]: what operators see of all this.
//! - [`drops`]: drops registrations whose tokens are gone.

mod attempt;
mod breakers;
mod content;
mod drops;
mod due;
mod ledger;
mod outcomes;
mod pusher;
mod quiet_hours;
pub mod report;
mod supervisor;

pub use drops::PushDrops;
pub use pusher::PushDelivery;
pub use supervisor::{PushSupervisor, record_metrics};
