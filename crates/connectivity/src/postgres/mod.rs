//! Connections to the Postgres server that accepts writes.
//!
//! - [`DatabaseAddress`]: `DATABASE_URL`, with one host or several.
//! - [`find_primary`]: tries the hosts, and says why none of them can be used. [`PrimaryFollower`]:
//!   keeps pools at the primary while it moves between the hosts.
//! - [`check_session`]: whether a new session may be used: not that of a standby, nor of a server
//!   that has been replaced. `fence`: which servers have been replaced, as far as this process saw.
//! - [`connect`]: a session beside a pool, checked in the same way.
//! - [`JobLock`]: lets one process at a time do a background job. [`SessionLease`]: the same for
//!   work that writes through the session of the lease.
//! - [`shares_sessions`]: detects transaction pooling.

mod address;
mod fence;
mod follower;
mod job_lock;
mod pooling;
mod primary;
mod session;
mod session_lease;

pub use address::{DatabaseAddress, DatabaseAddressError};
pub use fence::is_replaced;
pub use follower::PrimaryFollower;
pub use job_lock::JobLock;
pub use pooling::shares_sessions;
pub use primary::{NoPrimaryError, Primary, find_primary};
pub use session::{check_session, connect, describe_host};
pub use session_lease::{LeaseLock, SessionLease};
