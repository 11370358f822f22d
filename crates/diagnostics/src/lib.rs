//! The state of a system: what `tidings status` and the receipts of erasures show.
//!
//! - [`collect_status`] queries Postgres, NATS and the file system. [`status`] has the result,
//!   which is also the format of `--json`. `disk_usage` measures directories.
//! - [`render_status`] formats it as text. [`watch_status`] shows it on a screen as it changes.
//! - [`DiskSpace`], [`SessionActivity`], [`SlowStatement`], [`WriteAheadLog`], [`RecentSends`]: the
//!   load on the disk, on Postgres and on conversations, also for metrics.
//! - [`doctor`]: what is wrong with the servers, for `tidings doctor`.
//! - [`trace`]: what has become of one message, for `tidings trace`.
//! - [`find_existing_users`], [`load_titles`]: which users exist, and the titles of conversations.
//! - [`conversations`]: the conversations of the system, and how far their messages have come.
//! - [`storage`]: what files occupy, by conversation and by user, and what will be deleted.
//! - [`ErasureReceipt`]: what was erased, and where it has been removed so far.
//! - [`UserReport`]: what is decided and known about one user.
//! - [`ProjectionLag`], [`SealLag`] and [`ModerationLag`]: how far the read model, the seals and
//!   moderation lag behind the log, also for readiness checks and metrics.

#![deny(missing_docs)]

mod collect;
pub mod conversations;
mod database_load;
mod disk_usage;
pub mod doctor;
mod erasure_receipt;
mod lag;
mod names;
mod render;
pub mod status;
pub mod storage;
pub mod trace;
mod user_report;
mod watch;

#[cfg(test)]
mod example_status;

pub use collect::{StatusSources, collect_status, fetch_postgres_version, measure_sizes};
pub use database_load::{
    BusyConversation, RecentSends, SessionActivity, SlowStatement, WriteAheadLog,
};
pub use disk_usage::DiskSpace;
pub use erasure_receipt::{ErasureReceipt, ErasureSummary};
pub use lag::{ModerationLag, ProjectionLag, SealLag, read_model_position};
pub use names::{count_users, find_existing_users, find_first_users, load_titles};
pub use render::render_status;
pub use user_report::UserReport;
pub use watch::watch_status;
