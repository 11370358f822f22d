//! Soak test of live delivery. Many users with several devices each act at random while their
//! connections break and stall and processes are killed. In the end, every device must have
//! received what sync returns.
//!
//! - [`clients`]: the users and their acts; [`device`]: what receives for them; [`stream`]: its
//!   connections.
//! - [`faults`]: the processes that are killed.
//! - [`device_log`]: what a device has received; [`expected`]: what it had to receive according to
//!   the log; [`compare`]: compares the two with each other and with sync.
//! - [`badges`]: unread counts; `final_check`: the comparison at the end of a run.

pub mod badges;
pub mod clients;
pub mod compare;
pub mod device;
pub mod device_log;
pub mod expected;
pub mod faults;
mod final_check;
mod report;
mod soak;
pub mod stream;

#[cfg(test)]
mod planted_faults;

pub use report::SoakReport;
pub use soak::{SoakConfig, run};
